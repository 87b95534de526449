import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import {
  renderBrowserPrompt,
  renderNothingYet,
  renderPastePrompt,
  renderPasteQuestion,
  renderWaiting,
} from '../../src/render/sign-in.ts';

const [plain, colored] = [new Chalk({ level: 0 }), new Chalk({ level: 1 })];
const url = 'http://localhost:5000/start/abc';
const opening = { url, opensItself: true, tenant: 'contoso.com' };

describe('the words of a sign-in', () => {
  it('say that the browser opens, and where to go if it does not', () => {
    expect(renderBrowserPrompt(opening, plain)).toBe(
      `Opening your browser to sign in to Microsoft Entra ID (contoso.com).
If nothing opens, go to:

  ${url}

`,
    );
  });

  it('say where to go where none is opened', () => {
    expect(renderBrowserPrompt({ ...opening, opensItself: false }, plain)).toBe(
      `To sign in to Microsoft Entra ID (contoso.com), open in a browser on this machine:

  ${url}

`,
    );
  });

  it('count down', () => {
    expect(renderWaiting(245_000, plain)).toBe('Waiting for the sign-in, 4:05 left (Ctrl-C ends it)');
  });

  it('tell where Entra says what is wrong, once the browser has been there', () => {
    expect(renderNothingYet({ url, arrived: true })).toBe(
      `Nothing has come back yet. If the browser shows a page with an AADSTS code, Entra will not
send it on: read the code there, then press Ctrl-C. The usual ones:
  AADSTS50011    the redirect URI is not registered for this app
  AADSTS700016   the client ID is not known in this tenant
  AADSTS90002    there is no such tenant
The whole address, for another browser:

  ${url}

`,
    );
  });

  it('give the address where no browser has come by', () => {
    expect(renderNothingYet({ url, arrived: false })).toBe(
      `No browser has come by yet. Open this address yourself, in a browser on this machine:

  ${url}

If it shows a page with an AADSTS code, Entra will not send it on: read the code there,
then press Ctrl-C (50011 redirect URI, 700016 client ID, 90002 tenant).
`,
    );
  });

  it('ask for the redirected address, and again with the reason', () => {
    expect(renderPastePrompt(url, 'contoso.com', plain)).toBe(
      `To sign in to Microsoft Entra ID (contoso.com), open in any browser:

  ${url}

After the sign-in the browser goes to an address that it cannot open. Copy that whole
address from the address bar.

`,
    );
    expect(renderPasteQuestion(undefined)).toBe('Paste the address here and press Enter (it is not shown):\n');
    expect(renderPasteQuestion('it is not a URL')).toBe(
      'That is not it: it is not a URL. Paste the address here and press Enter (it is not shown):\n',
    );
  });

  it('are the same in colours, and leave the address in one piece to click', () => {
    const pairs = [
      [renderBrowserPrompt(opening, colored), renderBrowserPrompt(opening, plain)],
      [renderWaiting(1000, colored), renderWaiting(1000, plain)],
      [renderPastePrompt(url, 'contoso.com', colored), renderPastePrompt(url, 'contoso.com', plain)],
    ];
    for (const [withColors = '', without = ''] of pairs) {
      expect(withColors).toContain('\u001b[');
      expect(stripVTControlCharacters(withColors)).toBe(without);
    }
    expect(renderBrowserPrompt(opening, colored)).toContain(url);
  });
});
