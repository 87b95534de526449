import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contoso, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { urlOf } from '../support/under-attack.ts';
import type { RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

// An authority host that a person was talked into, or whose answers somebody else writes. What single answers do to the
// parts that read them is in test/auth; here a whole sign-in meets them, and nothing is sent on, kept or printed.
let world: World;
let evil: { readonly origin: string; readonly requests: string[]; readonly server: Server };
beforeEach(async () => {
  world = await startWorld();
  evil = await startRecorder();
});
afterEach(async () => {
  evil.server.close();
  evil.server.closeAllConnections();
  await world.close();
});

const codeOf = ({ stderr }: RunResult): unknown => JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error.code;

async function refusedSignIn(words: readonly string[] = []): Promise<unknown> {
  const result = await world.run(['login', '--json', ...words]);
  expect({ stdout: result.stdout, kept: await world.keychain.list(), evil: evil.requests }).toEqual({
    stdout: '',
    kept: [],
    evil: [],
  });
  expect(result.stderr.length).toBeLessThan(10_000);
  return [result.exitCode, codeOf(result)];
}

describe('endpoints in discovery that leave the authority’s host', () => {
  const endpoints = [
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'device_authorization_endpoint',
    'end_session_endpoint',
    'userinfo_endpoint',
  ];
  it.each(endpoints)('%s at another host gets no request, and the browser does not go there', async (name) => {
    world.emulator.injectFault({
      endpoint: 'discovery',
      kind: 'changed_members',
      members: { [name]: `${evil.origin}/collect` },
    });
    expect(await refusedSignIn()).toEqual([4, 'untrusted_response']);
    expect(await world.signIns()).toEqual([]);
  });

  it.each([
    ['a name that begins like ours', (origin: string): string => `${origin}.evil.example/token`],
    ['our name before an @', (origin: string): string => `${origin}@evil.example/token`],
    ['our name before a backslash', (origin: string): string => `http://evil.example\\@${origin.slice(7)}/token`],
    ['our name with a user', (origin: string): string => origin.replace('://', '://user:password@')],
    ['our host on another port', (): string => 'http://127.0.0.1:1/token'],
    ['a path without a host', (): string => '//evil.example/token'],
    ['a relative path', (): string => '/token'],
    ['https at a host that ends like Entra’s', (): string => 'https://evillogin.microsoftonline.com/token'],
    ['https at a host that begins like Entra’s', (): string => 'https://login.microsoftonline.com.evil.example/token'],
    ['External ID’s name without its dot', (): string => 'https://evilciamlogin.com/token'],
    ['a script', (): string => 'javascript:alert(1)'],
    ['a file', (): string => 'file:///etc/passwd'],
    ['a list', (origin: string): unknown => [`${origin}/token`]],
  ])('as %s is refused', async (_what, make) => {
    const members = { token_endpoint: make(world.emulator.origin) };
    world.emulator.injectFault({ endpoint: 'discovery', kind: 'changed_members', members });
    const [exitCode] = (await refusedSignIn()) as [number];
    expect([4, 5]).toContain(exitCode);
    expect(await world.signIns()).toEqual([]);
  });
});

describe('an endpoint that redirects', () => {
  it.each([301, 302, 303, 307, 308] as const)('the token endpoint by %i: the code does not follow', async (status) => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'redirect', status, location: `${evil.origin}/token` });
    expect(await refusedSignIn()).toEqual([5, 'entra_unavailable']);
  });

  it.each(['discovery', 'keys', 'devicecode'] as const)('%s: nothing is asked elsewhere', async (endpoint) => {
    world.emulator.injectFault({ endpoint, kind: 'redirect', status: 307, location: `${evil.origin}/x` });
    expect(await refusedSignIn(['--device-code'])).toEqual([5, 'entra_unavailable']);
  });

  it('a renewal: the refresh token does not follow, and is kept', async () => {
    await world.run(['login']);
    world.emulator.injectFault({ endpoint: 'token', kind: 'redirect', status: 307, location: `${evil.origin}/token` });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 5, stdout: '' });
    expect([evil.requests, await world.keychain.list()]).toEqual([[], ['default']]);
  });
});

describe('keys that prove nothing', () => {
  interface Key {
    readonly kid: string;
    readonly n: string;
    readonly [member: string]: unknown;
  }
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const secret = createSecretKey(Buffer.alloc(32)).export({ format: 'jwk' });
  const spoilt: readonly (readonly [string, (key: Key) => unknown[]])[] = [
    ['less than 2,048 bits', (key) => [{ ...key, n: weak.n, e: weak.e }]],
    ['a key of an elliptic curve', (key) => [{ ...curve, kid: key.kid }]],
    ['a shared secret', (key) => [{ ...secret, kid: key.kid }]],
    ['a key for encryption', (key) => [{ ...key, use: 'enc' }]],
    ['a label of another algorithm', (key) => [{ ...key, alg: 'RS512' }]],
    ['a label of HMAC', (key) => [{ ...key, alg: 'HS256' }]],
    ['another issuer', (key) => [{ ...key, issuer: 'https://evil.example/{tenantid}/v2.0' }]],
    ['another name', (key) => [{ ...key, kid: `${key.kid}x` }]],
    ['no name', (key) => [{ ...key, kid: undefined }]],
    ['a modulus that is no number', (key) => [{ ...key, n: '!!!' }]],
    ['an exponent of zero', (key) => [{ ...key, e: 'AA' }]],
    ['no keys at all', () => []],
    ['what is no key', () => [null, 7, 'key', [], {}]],
    [
      'thousands of others before it',
      (key) => [...Array.from({ length: 2_000 }, () => ({ ...key, x5c: [], x5t: '', kid: 'x' })), key],
    ],
  ];
  it.each(spoilt)('%s: the sign-in is refused', async (_what, spoil) => {
    const keysOf = await fetch(`${world.emulator.origin}/${contoso.id}/discovery/v2.0/keys`);
    const { keys } = (await keysOf.json()) as { keys: Key[] };
    const members = { keys: keys.flatMap((key) => spoil(key)) };
    world.emulator.injectFault({ endpoint: 'keys', kind: 'changed_members', members });
    const [exitCode] = (await refusedSignIn()) as [number];
    expect([4, 5]).toContain(exitCode);
  });

  it('thousands of keys around the right one: it is found, and few are kept', async () => {
    const keysOf = await fetch(`${world.emulator.origin}/${contoso.id}/discovery/v2.0/keys`);
    const { keys } = (await keysOf.json()) as { keys: Key[] };
    const others = Array.from({ length: 2_000 }, (_, at) => ({ kty: 'RSA', kid: `k${at}`, n: keys[0]?.n, e: 'AQAB' }));
    world.emulator.injectFault({ endpoint: 'keys', kind: 'changed_members', members: { keys: [...keys, ...others] } });
    expect(await world.run(['login'])).toMatchObject({ exitCode: 0 });
    expect((await world.keychain.read('default'))?.length).toBeLessThan(100_000);
  });
});

describe('an access token made to break out of where it is put', () => {
  it.each([
    ['a line break, for curl -H @-', 'eyJ.x\r\nX-Evil: 1'],
    ['an escape sequence, for the terminal', 'eyJ\u001b]52;c;ZXZpbA==\u0007'],
    ['an 8-bit escape sequence', 'eyJ\u009b2J'],
    ['a NUL, for the environment', 'eyJ\0x'],
    ['a typographic quote, which ends a string of PowerShell', 'eyJ\u2019; calc; \u2018'],
    ['a space', 'eyJ x'],
    ['nothing else', '\u200b'],
  ])('%s: it is no token', async (_what, access_token) => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'changed_members', members: { access_token } });
    expect(await refusedSignIn()).toEqual([5, 'entra_unavailable']);
  });

  it('for an application too', async () => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'changed_members', members: { access_token: 'a\nb' } });
    const words = ['token', '--client-credentials', '--resource', 'https://graph.microsoft.com', '--json'];
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
    const result = await world.run(words, { env });
    expect([result.exitCode, result.stdout, codeOf(result)]).toEqual([5, '', 'entra_unavailable']);
  });
});

describe('numbers and sizes beyond reason', () => {
  it('a lifetime beyond all dates counts as a year, and crashes nothing', async () => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'changed_members', members: { expires_in: 1e300 } });
    const { exitCode, stdout } = await world.run(['login', '--json']);
    expect(exitCode).toBe(0);
    const { expiresAt } = JSON.parse(stdout) as { expiresAt: string };
    expect(Date.parse(expiresAt)).toBeLessThan(Date.now() + 367 * 86_400_000);
  });

  it.each(['discovery', 'keys', 'token', 'devicecode'] as const)(
    '%s without end is left after 1 MiB',
    async (endpoint) => {
      world.emulator.injectFault({ endpoint, kind: 'huge_body' });
      expect(await refusedSignIn(endpoint === 'devicecode' ? ['--device-code'] : [])).toEqual([5, 'entra_unavailable']);
    },
  );

  it.each(['discovery', 'token'] as const)(
    '%s nested a hundred thousand levels deep is no answer',
    async (endpoint) => {
      const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
      const answering: typeof fetch = async (input, init) => {
        const isAttacked = urlOf(input).pathname.includes(endpoint === 'token' ? '/token' : 'openid-configuration');
        return isAttacked ? new Response(deep) : await globalThis.fetch(input, init);
      };
      const result = await world.run(['login', '--json'], { fetch: answering });
      expect([result.exitCode, codeOf(result)]).toEqual([5, 'entra_unavailable']);
    },
  );

  it('an error of a megabyte is cut, so that what matters is still on the screen', async () => {
    const description = `AADSTS999999: ${'\u001b[2Jx '.repeat(50_000)}`;
    world.emulator.injectFault({ endpoint: 'token', kind: 'refused', error: 'x', aadsts: 999_999, description });
    const { exitCode, stderr } = await world.run(['login']);
    expect(exitCode).toBe(4);
    expect(stderr.length).toBeLessThan(10_000);
    expect(stderr).not.toContain('\u001b');
  });
});

describe('headers of an answer', () => {
  it.each([500, 429, 400, 302, 200])('of HTTP %i, cookies among them, stand in no message', async (status) => {
    const headers = { 'set-cookie': 'x=hunter2; Path=/', 'x-secret': 'hunter2', location: 'https://hunter2.example/' };
    const challenge = { 'www-authenticate': 'Bearer realm="hunter2"' };
    const answering: typeof fetch = async (input, init) =>
      urlOf(input).pathname.endsWith('/token')
        ? new Response('{"hunter2":1}', { status, headers: { ...headers, ...challenge } })
        : await globalThis.fetch(input, init);
    for (const more of ['--json', '--verbose']) {
      const { exitCode, stdout, stderr } = await world.run(['login', more], { fetch: answering });
      expect([exitCode > 3, stdout, stderr.includes('hunter2')]).toEqual([true, '', false]);
    }
  });
});

describe('an account that is switched behind the person’s back', () => {
  it.each(['other_oid', 'other_tid', 'other_sub'] as const)('at a renewal (%s): what is kept stays', async (defect) => {
    await world.run(['login']);
    const before = await world.keychain.read('default');
    world.emulator.injectFault({ kind: 'id_token', defect });
    const result = await world.run(['token', '--refresh', '--json']);
    expect([result.exitCode, result.stdout, codeOf(result)]).toEqual([4, '', 'untrusted_response']);
    expect(await world.keychain.read('default')).toBe(before);
  });

  it('at UserInfo: nothing of the answer is shown', async () => {
    await world.run(['login']);
    const members = { sub: 'somebody-else', name: 'Mallory' };
    world.emulator.injectFault({ endpoint: 'userinfo', kind: 'changed_members', members });
    // The emulator is the authority, so it may be its own UserInfo endpoint.
    const result = await world.run(['whoami', '--userinfo', '--json']);
    expect([result.exitCode, result.stdout, codeOf(result)]).toEqual([4, '', 'untrusted_response']);
  });
});

/** A host that must never be asked anything. */
async function startRecorder(): Promise<typeof evil> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, server };
}
