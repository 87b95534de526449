import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { renderChecks } from '../../src/render/checks.ts';

const layout = { colors: new Chalk({ level: 0 }), columns: 80, now: new Date() };

describe('the list of checks', () => {
  it('has a line a check, the detail wrapped beside its label and the mend below', () => {
    const text = renderChecks(
      [
        { name: 'node', status: 'passed', detail: '20.19.0' },
        {
          name: 'redirect_uri',
          status: 'failed',
          detail: 'The redirect URI of this sign-in is not registered for the application. (AADSTS50011)',
          hint: 'Entra admin center > Entra ID: add http://localhost/callback under Mobile and desktop applications.',
        },
        { name: 'account', status: 'skipped', detail: 'nobody is signed in', hint: 'entra-login login' },
      ],
      layout,
    );
    expect(text).toBe(`passed   Node.js        20.19.0
failed   Redirect URI   The redirect URI of this sign-in is not registered for
                        the application. (AADSTS50011)
                        try: Entra admin center > Entra ID: add
                        http://localhost/callback under Mobile and desktop
                        applications.
skipped  Account        nobody is signed in
                        entra-login login
`);
  });

  it('shows control characters of a server as codes', () => {
    const text = renderChecks(
      [{ name: 'authority', status: 'failed', detail: 'a\u001b[31mb', hint: 'c\u0007' }],
      layout,
    );
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
