import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import {
  renderBrowserPrompt,
  renderHttpsMend,
  renderNothingYet,
  renderPastePrompt,
  renderPasteQuestion,
  renderWaiting,
} from '../../src/render/sign-in.ts';

const [plain, colored] = [new Chalk({ level: 0 }), new Chalk({ level: 1 })];
const url = 'http://localhost:5000/start/abc';
const redirectUri = 'http://localhost:5000/callback';
const desktop = { ci: undefined, ssh: false, display: true, wsl: false };
const surroundings = { ...desktop, container: false, codespaces: false, cloudShell: false };
const page = { url, redirectUri, surroundings };
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
      `To sign in to Microsoft Entra ID (contoso.com),
open in a browser on this machine:

  ${url}

`,
    );
  });

  it('count down', () => {
    expect(renderWaiting(245_000, plain)).toBe('Waiting for the sign-in, 4:05 left (Ctrl-C ends it)');
  });

  it('say in the same line that the browser came by', () => {
    expect(renderWaiting(300_000, plain, true)).toBe(
      'The browser came by; waiting for the sign-in, 5:00 left (Ctrl-C ends it)',
    );
  });

  it('tell where Entra says what is wrong, once the browser has been there', () => {
    expect(renderNothingYet({ ...page, seen: 'arrived' })).toBe(
      `Nothing has come back yet. If you are still signing in, take your time.
If the browser shows a page with an AADSTS code, Entra sends nothing back here:
read the code, press Ctrl-C and type: entra-login explain CODE. The usual ones:
  AADSTS50011    the app registration lacks http://localhost:5000/callback
  AADSTS700016   the client ID is not known in this tenant
  AADSTS90002    there is no such tenant
The whole address, for another browser:

  ${url}
`,
    );
  });

  it('give the address where no browser has come by, and the ways that need none here', () => {
    expect(renderNothingYet({ ...page, seen: 'missing' })).toBe(
      `No browser has come by yet. Open this address in a browser on this machine:

  ${url}

If it shows a page with an AADSTS code: Ctrl-C, then entra-login explain CODE.
A browser on another machine, or outside a container, cannot get here.
If so, press Ctrl-C and type
  entra-login login --device-code   gives a code for a browser on any device
  entra-login login --manual        has you paste the redirected address
`,
    );
  });

  it.each([
    ['ssh', '  ssh -L 5000:localhost:5000 HOST'],
    ['wsl', 'localhostForwarding'],
    ['container', 'whose localhost a browser outside of it may not reach'],
    ['codespaces', 'whose localhost a browser outside of it may not reach'],
  ])('name what may stand between the browser and this machine: %s', (place, words) => {
    const here = { ...surroundings, [place]: true };
    for (const seen of ['missing', 'unknown'] as const) {
      expect(renderNothingYet({ ...page, seen, surroundings: here })).toContain(words);
    }
  });

  it('tell for each browser how it forgets that localhost wants https, and how to do without', () => {
    const startUrl = 'http://localhost:5000/abc';
    const words = renderHttpsMend({ startUrl, redirectUri });
    expect(words).toMatch(/chrome:\/\/net-internals\/#hsts, Delete domain security policies:\s+localhost/);
    expect(words).toMatch(/Firefox[^]*Forget About This Site[^]*SiteSecurityServiceState/);
    expect(words).toContain('~/Library/Cookies/HSTS.plist');
    expect(words).toContain('  entra-login login --redirect-uri http://127.0.0.1:5000/callback\n');
    expect(words).toContain('--device-code');
    expect(words).toContain('--manual');
    // Where the redirect URI is that address already, it is no way out.
    expect(renderHttpsMend({ startUrl, redirectUri: 'http://127.0.0.1:5000/callback' })).not.toContain(
      '--redirect-uri',
    );
  });

  it('are never wider than 80 columns, addresses excepted', () => {
    const everywhere = ['ssh', 'wsl', 'container'].map((place) => ({ ...surroundings, [place]: true }));
    const texts = [surroundings, ...everywhere].flatMap((here) =>
      (['arrived', 'missing', 'unknown'] as const).map((seen) =>
        renderNothingYet({ ...page, seen, surroundings: here }),
      ),
    );
    texts.push(renderHttpsMend({ startUrl: url, redirectUri }), renderWaiting(3_599_000, plain, true));
    texts.push(renderPastePrompt(url, '0f6b1c2d-3e4f-4a5b-8c6d-7e8f90a1b2c3', plain), renderPasteQuestion(undefined));
    const wide = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 80);
    expect(wide).toEqual([]);
  });

  it('ask for the redirected address, and again with the reason', () => {
    expect(renderPastePrompt(url, 'contoso.com', plain)).toBe(
      `To sign in to Microsoft Entra ID (contoso.com),
open in any browser:

  ${url}

After the sign-in the browser goes to an address that it cannot open. Copy that
whole address from the address bar.

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
