import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrowserSignInEvent } from '../../src/auth/browser-sign-in.ts';
import { startDeadline } from '../../src/auth/deadline.ts';
import type { LoginProgress } from '../../src/commands/login-progress.ts';
import { startLoginProgress } from '../../src/commands/login-progress.ts';
import type { CommonOptions } from '../../src/commands/opened-profile.ts';
import type { Output } from '../../src/context.ts';
import { EntraLoginError } from '../../src/errors.ts';

beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-23T12:00:00Z') }));
afterEach(() => void vi.useRealTimers());

const startUrl = 'http://localhost:5000/start';
const authorizationUrl = 'https://login.microsoftonline.com/t/oauth2/v2.0/authorize?client_id=c';
const redirectUri = 'http://localhost:5000/callback';
const listening: BrowserSignInEvent = { type: 'listening', startUrl, authorizationUrl, redirectUri };
const desktop = { ci: undefined, ssh: false, display: true, wsl: false };
const surroundings = { ...desktop, container: false, codespaces: false, cloudShell: false };
const erase = '\r\u001b[K';
const waiting = (left: string): string => `Waiting for the sign-in, ${left} left (Ctrl-C ends it)`;

interface Watched {
  readonly progress: LoginProgress;
  /** What was written since it was last asked. */
  readonly written: () => string;
  readonly countdowns: () => number;
}
function watch(
  options: CommonOptions,
  look: { terminal?: boolean; opensItself?: boolean; colorLevel?: Output['colorLevel'] } = {},
): Watched {
  const { terminal = true, opensItself = true, colorLevel = 0 } = look;
  let text = '';
  const stderr: Output = { write: (more) => void (text += more), isTerminal: terminal, columns: 80, colorLevel };
  const deadline = startDeadline(new AbortController().signal, 300_000, () => new EntraLoginError('timeout', 'late'));
  const sign = { tenant: 'contoso.com', opensItself, deadline };
  const progress = startLoginProgress({ stderr, now: () => new Date(), surroundings }, options, sign);
  const written = (): string => {
    const since = text;
    text = '';
    return since;
  };
  // The deadline's own timer is not the progress's.
  return { progress, written, countdowns: () => vi.getTimerCount() - 1 };
}
const opening = (url: string): string =>
  `Opening your browser to sign in to Microsoft Entra ID (contoso.com).\nIf nothing opens, go to:\n\n  ${url}\n\n`;
const asking = (url: string): string =>
  `To sign in to Microsoft Entra ID (contoso.com),\nopen in a browser on this machine:\n\n  ${url}\n\n`;

describe('on a terminal', () => {
  it('gives the short start page, and counts down on one line', () => {
    const { progress, written } = watch({});
    progress.onEvent(listening);
    expect(written()).toBe(`${opening(startUrl)}${erase}${waiting('5:00')}`);
    vi.advanceTimersByTime(2000);
    expect(written()).toBe(`${erase}${waiting('4:59')}${erase}${waiting('4:58')}`);
    progress.end();
    expect(written()).toBe(erase);
  });

  it('gives the authorize URL where no browser is opened: it may be opened elsewhere', () => {
    const { progress, written } = watch({}, { opensItself: false });
    progress.onEvent(listening);
    expect(written()).toContain(asking(authorizationUrl));
    progress.end();
  });

  it('gives the whole address after 30 seconds in which no browser came, above the countdown', () => {
    const { progress, written } = watch({});
    progress.onEvent(listening);
    vi.advanceTimersByTime(29_999);
    expect(written()).not.toContain('Open this address');
    vi.advanceTimersByTime(1);
    const text = written();
    expect(text).toContain(`${erase}No browser has come by yet. Open this address`);
    expect(text).toContain(`\n\n  ${authorizationUrl}\n\n`);
    expect(text.endsWith(`\n${erase}${waiting('4:30')}`)).toBe(true);
    progress.end();
  });

  it('tells after 30 seconds where Entra says what is wrong, if the browser came', () => {
    const { progress, written } = watch({});
    progress.onEvent(listening);
    progress.onEvent({ type: 'browser_arrived' });
    // Before a password is typed, and without a line of its own.
    expect(written()).toBe(
      `${opening(startUrl)}${erase}${waiting('5:00')}${erase}${erase}The browser came by; ${waiting('5:00').replace('W', 'w')}`,
    );
    vi.advanceTimersByTime(30_000);
    const text = written();
    expect(text).toContain('Nothing has come back yet. If you are still signing in, take your time.');
    expect(text).toContain('type: entra-login explain CODE');
    expect(text).toContain(`AADSTS50011    the app registration lacks ${redirectUri}`);
    expect(text).toContain(`\n\n  ${authorizationUrl}\n`);
    progress.end();
  });

  it('knows nothing of a browser that got the whole URL by hand, and tells of both reasons', () => {
    const { progress, written } = watch({}, { opensItself: false });
    progress.onEvent(listening);
    vi.advanceTimersByTime(30_000);
    expect(written()).toMatch(/entra-login explain CODE[^]*A browser on another machine[^]*--device-code/);
    progress.end();
  });

  it('ends everything once the response is there: no countdown, no help, no word of a late launcher', () => {
    const { progress, written, countdowns } = watch({});
    progress.onEvent(listening);
    written();
    progress.onEvent({ type: 'response_arrived' });
    expect([written(), countdowns()]).toEqual([erase, 0]);
    vi.advanceTimersByTime(60_000);
    progress.onEvent({ type: 'browser_failed', reason: 'exit code 1' });
    progress.end();
    expect(written()).toBe('');
  });

  it('is the same in colours, less the escapes', () => {
    const texts = ([0, 1] as const).map((colorLevel) => {
      const { progress, written } = watch({}, { colorLevel });
      progress.onEvent(listening);
      progress.onEvent({ type: 'browser_failed', reason: 'none' });
      const text = written();
      progress.end();
      return text;
    });
    expect(texts[1]).toContain('\u001b[36m');
    expect(stripVTControlCharacters(texts[1] ?? '')).toBe(stripVTControlCharacters(texts[0] ?? ''));
  });
});

describe('elsewhere', () => {
  it('gives the authorize URL and the limit once, counts nothing down and erases nothing', () => {
    const { progress, written } = watch({}, { terminal: false });
    progress.onEvent(listening);
    expect(written()).toBe(`${opening(authorizationUrl)}${waiting('5:00')}\n`);
    vi.advanceTimersByTime(29_000);
    expect(written()).toBe('');
    vi.advanceTimersByTime(1000);
    expect(written()).toContain('No browser has come by yet.');
    progress.end();
    expect(written()).toBe('');
  });
});

describe('with --quiet', () => {
  it.each([true, false])('gives the URL and nothing else (terminal: %s)', (terminal) => {
    const { progress, written } = watch({ quiet: true }, { terminal });
    progress.onEvent(listening);
    expect(written()).toBe(opening(terminal ? startUrl : authorizationUrl));
    for (const type of ['browser_opened', 'browser_arrived', 'tls_client_hello', 'bare_redirect'] as const) {
      progress.onEvent({ type });
    }
    progress.onEvent({ type: 'browser_failed', reason: 'none' });
    vi.advanceTimersByTime(60_000);
    progress.end();
    // What a terminal has not seen yet: the whole address.
    expect(written()).toBe(terminal ? `${authorizationUrl}\n` : '');
  });
});

describe('with --json', () => {
  it.each([
    [true, true, startUrl],
    [true, false, authorizationUrl],
    [false, true, authorizationUrl],
  ])('gives one event a line (terminal: %s, opens a browser: %s)', (terminal, opensItself, url) => {
    const { progress, written } = watch({ json: true }, { terminal, opensItself });
    vi.advanceTimersByTime(60_000);
    progress.onEvent(listening);
    expect(written()).toBe(`${JSON.stringify({ event: 'browser', url, expiresAt: '2026-11-23T12:05:00.000Z' })}\n`);
    vi.advanceTimersByTime(60_000);
    progress.end();
    expect(written()).toBe('');
  });
});

describe('what happens on the way', () => {
  const after = (event: BrowserSignInEvent, options: CommonOptions = {}): string => {
    const { progress, written } = watch(options, { terminal: false });
    progress.onEvent(listening);
    written();
    progress.onEvent(event);
    const text = written();
    progress.end();
    return text;
  };

  it.each<[BrowserSignInEvent, RegExp]>([
    [
      { type: 'browser_failed', reason: 'exit\u001bcode' },
      /^warning: No browser could be opened \(exit\\u\{1b\}code\): open the address yourself\.\n$/,
    ],
    [
      { type: 'tls_client_hello' },
      /^warning: The browser insists on https for localhost[^]*chrome:\/\/net-internals\/#hsts[^]*The wait goes on\./,
    ],
    [
      { type: 'bare_redirect' },
      /^warning: The browser came back without an answer.*explain CODE\. The wait goes on\.\n$/,
    ],
  ])('is a warning that names the mend: %j', (event, words) => {
    expect(after(event)).toMatch(words);
  });

  it.each<[BrowserSignInEvent, string]>([
    [{ type: 'browser_opened' }, 'A browser was started.\n'],
    [{ type: 'browser_arrived' }, 'The browser reached this machine and was sent on to Entra.\n'],
    [{ type: 'stray_request', reason: 'answered' }, 'A request that is not the redirect was refused (answered).\n'],
  ])('is told with --verbose alone: %j', (event, words) => {
    expect([after(event), after(event, { verbose: true })]).toEqual(['', words]);
  });

  it('is said above the countdown of a terminal, which goes on below', () => {
    const { progress, written } = watch({});
    progress.onEvent(listening);
    written();
    progress.onEvent({ type: 'bare_redirect' });
    expect(written()).toMatch(/^\r\u001b\[Kwarning: (?:.*\n)+\r\u001b\[KWaiting for the sign-in, 5:00 left/);
    progress.end();
  });
});
