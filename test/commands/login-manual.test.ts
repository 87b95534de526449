import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareAuthorization } from '../../src/auth/authorization-code.ts';
import type { Deadline } from '../../src/auth/deadline.ts';
import { startDeadline } from '../../src/auth/deadline.ts';
import { discoverTenant } from '../../src/auth/discovery.ts';
import { signInByPaste } from '../../src/commands/login-manual.ts';
import type { CommonOptions } from '../../src/commands/opened-profile.ts';
import { alice, contoso, desktopApplication } from '../../src/emulator/default-directory.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { EntraLoginError } from '../../src/errors.ts';

const redirectUri = 'http://localhost:5000/callback';
const late = new EntraLoginError('timeout', 'Nobody signed in.');
let emulator: Emulator;
let personDeadline: Deadline;
beforeEach(async () => {
  emulator = await startEmulator();
  personDeadline = startDeadline(new AbortController().signal, 60_000, () => late);
});
afterEach(async () => {
  personDeadline.end();
  await emulator.close();
});

/** Signs alice in at the address and answers the one that her browser ends at, which it cannot open. */
async function signInElsewhere(url: string): Promise<string> {
  const fetchAtEntra: typeof fetch = (input, init) =>
    input instanceof Request || !String(input).startsWith(redirectUri)
      ? fetch(input, init)
      : Promise.resolve(new Response('This site can’t be reached'));
  return (await signInAsScriptedPerson(url, { username: alice.username, fetch: fetchAtEntra })).url;
}

interface Outcome {
  readonly username?: unknown;
  readonly error?: unknown;
  readonly stderr: string;
  readonly hidden: readonly boolean[];
}

/** Signs in by what is pasted: texts, `undefined` for the end of the input, or what comes of the printed address. */
async function paste(
  pasted: readonly (string | undefined | ((url: string) => Promise<string>))[],
  { terminal = true, options = {} }: { terminal?: boolean; options?: CommonOptions } = {},
): Promise<Outcome> {
  const controller = new AbortController();
  const context = { fetch, now: () => new Date(), signal: controller.signal };
  const metadata = await discoverTenant(context, { host: emulator.origin, tenant: contoso.id }, personDeadline);
  const client = { metadata, clientId: desktopApplication.clientId };
  const wanted = { scopes: ['openid', 'profile', 'offline_access'], responseMode: 'query' } as const;
  const authorization = await prepareAuthorization(context, client, wanted);
  const hidden: boolean[] = [];
  let stderr = '';
  const attempt = signInByPaste(
    {
      ...context,
      stderr: { write: (text) => void (stderr += text), isTerminal: terminal, columns: 80, colorLevel: 0 },
      stdin: {
        isTerminal: terminal,
        readLine: async (how) => {
          hidden.push(how.hidden);
          const next = pasted[hidden.length - 1];
          const url = /https?:\/\/\S+?\/authorize\?[^\s"]+/.exec(stderr)?.[0] ?? '';
          return typeof next === 'function' ? await next(url) : next;
        },
      },
    },
    options,
    client,
    { authorization, redirectUri, tenant: 'contoso.com', personDeadline },
  );
  return await attempt.then(
    ({ claims }) => ({ username: claims?.['preferred_username'], stderr, hidden }),
    (error: unknown) => ({
      error: error instanceof EntraLoginError ? { code: error.code, message: error.message, hint: error.hint } : error,
      stderr,
      hidden,
    }),
  );
}
const refused = (reason: string): unknown => ({
  code: 'usage',
  message: `The pasted address was not used: ${reason}.`,
  hint: `Paste the whole address the browser went to; it begins with ${redirectUri}`,
});
const count = (text: string, part: string): number => text.split(part).length - 1;

describe('a sign-in by a pasted address', () => {
  it('prints the authorize URL, reads the answer unseen, and signs in', async () => {
    const outcome = await paste([signInElsewhere]);
    expect(outcome).toMatchObject({ username: alice.username, hidden: [true] });
    expect(outcome.stderr).toMatch(
      /^To sign in to Microsoft Entra ID \(contoso\.com\),\nopen in any browser:\n\n {2}http\S+response_mode=query\S+\n\n/,
    );
    expect(outcome.stderr).not.toContain('code=');
    const redeem = emulator.requests.find(({ path }) => path.endsWith('/token'));
    expect(redeem?.form).toMatchObject({ grant_type: 'authorization_code', redirect_uri: redirectUri });
  });

  it('takes it from a pipe too, once', async () => {
    expect(await paste([signInElsewhere], { terminal: false })).toMatchObject({ username: alice.username });
    expect(await paste(['no URL', signInElsewhere], { terminal: false })).toMatchObject({
      error: refused('it is not a URL'),
      hidden: [true],
    });
  });

  it('asks again on a terminal, with the reason', async () => {
    const outcome = await paste(['', 'https://example.com/?code=C', signInElsewhere]);
    expect(outcome).toMatchObject({ username: alice.username, hidden: [true, true, true] });
    expect(outcome.stderr).toContain('That is not it: it is not a URL. Paste');
    expect(outcome.stderr).toContain(`That is not it: it does not begin with ${redirectUri}. Paste`);
  });

  it('is exit 2 after the third that does not belong to it, and nothing is sent', async () => {
    const foreign = `${redirectUri}?code=C&state=another`;
    const outcome = await paste([foreign, foreign, foreign, signInElsewhere]);
    expect(outcome).toMatchObject({ error: refused('it belongs to another sign-in'), hidden: [true, true, true] });
    expect(count(outcome.stderr, 'That is not it')).toBe(2);
    expect(emulator.requests.filter(({ path }) => path.endsWith('/token'))).toEqual([]);
  });

  it('is exit 2 at the end of the input', async () => {
    expect(await paste([undefined])).toMatchObject({ error: refused('nothing was given'), hidden: [true] });
  });

  it('tells what Entra refused', async () => {
    const denied = (url: string): Promise<string> => {
      const state = new URL(url).searchParams.get('state') ?? '';
      return Promise.resolve(`${redirectUri}?error=access_denied&error_description=AADSTS65004:+no&state=${state}`);
    };
    expect(await paste([denied])).toMatchObject({ error: { code: 'access_denied' } });
  });

  it('gives one line of JSON with --json, and asks only when a paste was not it', async () => {
    const before = Date.now();
    const good = await paste([signInElsewhere], { options: { json: true } });
    const event = JSON.parse(good.stderr) as Record<string, string>;
    expect(event).toEqual({
      event: 'browser',
      url: expect.stringContaining('/authorize?') as string,
      expiresAt: expect.any(String) as string,
    });
    expect(Date.parse(event['expiresAt'] ?? '') - before).toBeGreaterThan(50_000);
    const again = await paste(['no URL', signInElsewhere], { options: { json: true } });
    expect(again.stderr).toContain('That is not it: it is not a URL.');
  });

  it('ends with the reason of what ends the reading', async () => {
    expect(await paste([() => Promise.reject(late)])).toMatchObject({ error: { code: 'timeout' } });
  });
});
