import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/auth/account.ts';
import type { Layout } from '../../src/render/claims.ts';
import { renderAccount, renderAccountAndClaims, renderClaims } from '../../src/render/claims.ts';

const now = new Date(2026, 10, 23, 12, 0, 0);
const layoutOf = (columns: number, level: 0 | 3 = 0): Layout => ({ colors: new Chalk({ level }), columns, now });
const at80 = layoutOf(80);
const account: Account = {
  username: 'alice@contoso.com',
  name: 'Alice Anders',
  objectId: 'a11ce000-1111-4111-8111-111111111111',
  tenantId: '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b',
};
const seconds = (date: Date): number => date.getTime() / 1000;
const claims = {
  aud: '0eb00000-dddd-4ddd-8ddd-dddddddddddd',
  iss: 'https://login.microsoftonline.com/5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b/v2.0',
  exp: seconds(new Date(2026, 10, 23, 13, 0, 0)),
  auth_time: seconds(new Date(2026, 10, 20, 12, 0, 0)),
  roles: ['Task.Admin'],
  extension_of_the_company: true,
  nickname: '',
};

describe('the account and its claims', () => {
  it('stand in a table of 80 columns, with the meaning where it fits, else below', () => {
    expect(renderAccountAndClaims(account, claims, at80)).toBe(
      `Name       Alice Anders
Username   alice@contoso.com
Tenant     5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b
Object ID  a11ce000-1111-4111-8111-111111111111

aud                   0eb00000-dddd-4ddd-8ddd-dddddddddddd
                      whom the token is for: an application or API
iss                   https://login.microsoftonline.com/5a1c0b6e-3f0d-4c52-9a57-
                      0c1d2e3f4a5b/v2.0  who issued the token
exp                   2026-11-23 13:00:00 (in 60 minutes)  expires
auth_time             2026-11-20 12:00:00 (3 days ago)
                      when the person signed in
roles                 Task.Admin  app roles given to the person or application
extension_of_the_company
                      true
nickname              ${''}
`,
    );
  });

  it('are the same in colours, less the escapes, at any width', () => {
    for (const columns of [20, 40, 80, 200]) {
      const colored = renderAccountAndClaims(account, claims, layoutOf(columns, 3));
      expect(colored).toContain('\u001b[');
      expect(stripVTControlCharacters(colored)).toBe(renderAccountAndClaims(account, claims, layoutOf(columns)));
    }
  });

  it('never go beyond the width, down to what a table needs', () => {
    const long = { ...claims, groups: Array.from({ length: 50 }, (_, index) => `group-${index}`) };
    for (const columns of [72, 80, 120]) {
      const lines = renderClaims(long, layoutOf(columns)).split('\n');
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
    }
  });

  it('wrap a long value without losing or splitting a character', () => {
    const value = '😀'.repeat(100);
    const lines = renderClaims({ name: value }, at80).trimEnd().split('\n');
    expect(lines).toEqual([`name  ${'😀'.repeat(74)}`, `      ${'😀'.repeat(26)}`, '      name to show; not unique']);
  });

  it('obey nothing that a token says to the terminal, neither in a name nor in a value', () => {
    const evil = 'x\u001b[2J\u202ey\nz';
    const shown = String.raw`x\u{1b}[2J\u{202e}y z`;
    expect(renderAccount({ ...account, name: evil, username: evil, tenantId: evil, objectId: evil }, at80)).toBe(
      `Name       ${shown}\nUsername   ${shown}\nTenant     ${shown}\nObject ID  ${shown}\n`,
    );
    expect(renderClaims({ [evil]: evil, roles: [evil] }, at80)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/u);
  });

  it('show a time that is none as it stands', () => {
    expect(renderClaims({ exp: 'soon', iat: 1e300, nbf: null }, at80)).toBe(
      'exp  soon  expires\niat  1e+300  issued\nnbf  null  valid from\n',
    );
  });

  it('stand one a line where they are a list, below what the list is, directory roles with their names', () => {
    const wids = ['62e90394-69f5-4237-9190-012177145e10', '00000000-0000-4000-8000-000000000000'];
    const groups = ['0a000000-0000-4000-8000-000000000000', '0b000000-0000-4000-8000-000000000000'];
    expect(renderClaims({ wids, groups, amr: ['pwd', 'mfa'], roles: [] }, layoutOf(72))).toBe(
      `wids    directory roles of the person
        62e90394-69f5-4237-9190-012177145e10  Global Administrator
        00000000-0000-4000-8000-000000000000
groups  groups the person is in (object IDs)
        0a000000-0000-4000-8000-000000000000
        0b000000-0000-4000-8000-000000000000
amr     how the person signed in
        pwd  password
        mfa  multi-factor authentication
roles   []  app roles given to the person or application
`,
    );
    expect(renderClaims({ wids: ['9f06204d-73c1-4d4c-880a-6edb90606fd8'] }, layoutOf(60))).toBe(
      `wids  directory roles of the person
      9f06204d-73c1-4d4c-880a-6edb90606fd8
        Microsoft Entra Joined Device Local Administrator
`,
    );
  });

  it.each([[{ _claim_names: { groups: 'src1' } }], [{ hasgroups: true }]])(
    'say that a token with %j has not all groups, and with which command they are had',
    (overage) => {
      const text = renderClaims(overage, at80);
      expect(text).toContain('more groups than a token holds');
      expect(text).toContain(`
  entra-login token --resource https://graph.microsoft.com --output header \\
    | curl -H @- https://graph.microsoft.com/v1.0/me/transitiveMemberOf
`);
      expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    },
  );

  it('break scopes between words', () => {
    const scp = Array.from({ length: 12 }, (_, index) => `Scope.Number${index}`);
    const lines = renderClaims({ scp: scp.join(' ') }, at80)
      .trimEnd()
      .split('\n');
    expect(lines.join(' ').split(/ +/)).toEqual(['scp', ...scp, 'scopes', 'granted']);
  });

  it('take no meaning from what every object has', () => {
    expect(renderClaims({ constructor: 'c', toString: 't' }, at80)).toBe('constructor  c\ntoString     t\n');
  });

  it('are an empty line where there are none', () => {
    expect(renderClaims({}, at80)).toBe('\n');
  });
});
