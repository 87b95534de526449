import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice } from '../../src/emulator/default-directory.ts';
import { formRequest, sendBytes, signInUnderAttack, startSignIn } from '../support/under-attack.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

/** What terminals obey or people do not see; the first three of them are of the kind that has had CVEs. */
const payloads: Readonly<Record<string, string>> = {
  'a window title (OSC)': '\u001b]0;owned\u0007',
  'the clipboard (OSC 52)': '\u001b]52;c;ZXZpbA==\u001b\\',
  'a link to elsewhere (OSC 8)': '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\',
  'an erased screen (CSI)': '\u001b[2J\u001b[H',
  'an 8-bit sequence (C1)': '\u009b2J\u009d0;owned\u009c',
  'a line written over': 'evil\r\u001b[Kgood',
  'backspaces and deletes': 'evil\b\b\b\bgood\u007f',
  'a turned writing direction': '\u202Eknil.exe\u2066',
  'letters that are not there': 'admin\u200b\u00ad\u2060\u3164\u{e0041}',
  'half a character': 'a\ud800b',
  'a line of its own': 'a\nerror: FORGED\nb',
};
// But for line breaks, which are the program's own where a foreign text cannot bring its own along.
const dangerous = /[^\P{C}\n]|[\u2028\u2029\u3164]/u;

async function expectHarmless(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await world.run(argv, options);
  for (const text of [result.stdout, result.stderr]) {
    expect(text).not.toMatch(dangerous);
    // Nothing begins a line that the program did not begin.
    expect(text).not.toMatch(/^error: FORGED/m);
  }
  return result;
}

describe('terminal escape injection', () => {
  it.each(Object.entries(payloads))('%s in names and claims reaches no terminal', async (_what, payload) => {
    world.emulator.updateUser(alice.username, {
      name: `Ada${payload}`,
      email: `${payload}@example.com`,
      extraClaims: { [`group${payload}`]: [payload, { [payload]: payload }], login_hint: payload },
    });
    const results = [
      await expectHarmless(['login']),
      await expectHarmless(['login']),
      await expectHarmless(['login', '--json', '--force']),
      await expectHarmless(['whoami']),
      await expectHarmless(['whoami', '--json']),
      await expectHarmless(['whoami', '--claim', 'name']),
      await expectHarmless(['whoami', '--userinfo', '--scope', 'openid']),
      await expectHarmless(['token', '--json']),
      await expectHarmless(['logout', '--end-browser-session', '--browser', 'none']),
    ];
    expect(results.map(({ exitCode }) => exitCode)).toEqual(results.map(() => 0));
    await expectHarmless(['whoami', '--claim', `absent${payload}`]);
    await expectHarmless(['whoami', '--claim', `absent${payload}`, '--json']);
    // --json says the same as before, escaped: a script reads what Entra wrote.
    const [, , login] = results;
    expect(JSON.parse(login?.stdout ?? '')).toMatchObject({
      account: { name: `Ada${payload}` },
    });
  });

  it.each(Object.entries(payloads))('%s in what Entra refuses reaches no terminal', async (_what, payload) => {
    await world.run(['login']);
    const refuse = (endpoint: 'token' | 'devicecode'): (() => void) =>
      world.emulator.injectFault({
        ...{ endpoint, kind: 'refused', error: `invalid_grant${payload}`, aadsts: 999_999 },
        ...{ suberror: payload, claims: payload, description: `AADSTS999999: ${payload} Trace ID: ${payload}` },
      });
    let mend = refuse('token');
    for (const more of [[], ['--json'], ['--verbose']]) {
      expect((await expectHarmless(['token', '--refresh', ...more])).exitCode).toBe(4);
      expect((await expectHarmless(['login', '--force', ...more])).exitCode).toBe(4);
    }
    mend();
    mend = refuse('devicecode');
    expect((await expectHarmless(['login', '--force', '--device-code', '--verbose'])).exitCode).toBe(4);
    mend();
  });

  it.each(Object.entries(payloads))('%s in the reason to sign in again reaches no terminal', async (_what, payload) => {
    await world.run(['login']);
    world.emulator.injectFault({
      ...{ endpoint: 'token', kind: 'refused', error: 'invalid_grant', aadsts: 999_999, times: 1 },
      description: `AADSTS999999: ${payload}`,
    });
    expect(await expectHarmless(['token', '--login', '--refresh', '--verbose'])).toMatchObject({ exitCode: 0 });
  });

  it.each(Object.entries(payloads))('%s in the redirect reaches neither terminal nor page', async (_what, payload) => {
    const { target, ended } = await startSignIn(world);
    const error = { error: `x${payload}`, error_description: payload, error_uri: payload, correlation_id: payload };
    const parameters = new URLSearchParams({ ...error, state: target.state });
    const page = await sendBytes(target.port, formRequest(target.port, parameters.toString()));
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(4);
    expect(stderr).not.toMatch(dangerous);
    expect(page.replaceAll('\r\n', '\n')).not.toMatch(dangerous);
  });

  it.each(Object.entries(payloads))('%s in a device code’s words reaches no terminal', async (_what, payload) => {
    const members = {
      user_code: `CODE${payload}`,
      message: `To sign in, use ${payload} now.`,
      verification_uri: `https://microsoft.com/devicelogin?x=${payload}`,
      interval: 0.02,
    };
    world.emulator.injectFault({ endpoint: 'devicecode', kind: 'changed_members', members });
    world.emulator.injectFault({ endpoint: 'token', kind: 'refused', error: 'authorization_declined', aadsts: 1 });
    for (const more of [[], ['--json'], ['--quiet'], ['--verbose']]) {
      const { exitCode, stderr } = await world.run(['login', '--device-code', ...more]);
      expect(exitCode).toBe(4);
      expect(stderr).not.toMatch(dangerous);
    }
  });
});

describe('HTML injection', () => {
  const tags = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    '</title><meta http-equiv=refresh content=0;url=https://evil.example>',
    '`<b>`',
    '&lt;script&gt;&#60;script&#62;',
    '<!--',
    'javascript:alert(1)',
  ];

  it.each(tags)('%s in a name stays text on the page', async (tag) => {
    world.emulator.updateUser(alice.username, { name: tag });
    const { page } = await signInUnderAttack(world, async () => {});
    expect(page.status).toBe(200);
    expectNoTags(page.body, tag);
  });

  it.each(tags)('%s in an error stays text on the page', async (tag) => {
    const { target, ended } = await startSignIn(world);
    const parameters = new URLSearchParams({ error: tag, error_description: tag, state: target.state });
    const page = await sendBytes(target.port, formRequest(target.port, parameters.toString()));
    expect((await ended).exitCode).toBe(4);
    expectNoTags(page.slice(page.indexOf('\r\n\r\n')), tag);
  });

  it('in a request that is refused comes back in no form', async () => {
    let answers = '';
    await signInUnderAttack(world, async ({ port }) => {
      const marked = '<i>marked</i>';
      answers += await sendBytes(port, formRequest(port, `state=${marked}&error=${marked}`));
      answers += await sendBytes(
        port,
        `GET /callback?error=${marked}&state=${marked} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
      );
      answers += await sendBytes(port, `GET /${marked} HTTP/1.1\r\nHost: ${marked}\r\n\r\n`);
    });
    expect(answers).not.toContain('marked');
  });

  // Every tag of ours; whatever else stood between `<` and `>` would be the attacker's.
  function expectNoTags(html: string, tag: string): void {
    const ours =
      /^<(?:!doctype html|\/?(?:html|head|meta|title|style|body|main|svg|circle|path|h1|h2|p|dl|div|dt|dd|ul|li|code)\b[^<>]*)>$/i;
    const found = html.match(/<[^>]*>?/g) ?? [];
    expect(found.filter((one) => !ours.test(one))).toEqual([]);
    expect(html).not.toMatch(/<meta[^>]*refresh/i);
    expect(html).not.toMatch(/\son\w+=[^<]*>/);
    if (/[<"']/.test(tag)) expect(html).not.toContain(tag);
  }
});
