import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contoso, dave, desktopApplication, fabrikam, tasksApi } from '../../src/emulator/default-directory.ts';
import { signJwt } from '../../src/emulator/jws.ts';
import { makeKeyRing } from '../../src/emulator/key-ring.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const tasks = `api://${tasksApi.appId}/Tasks.Read`;
const management = 'https://management.azure.com/.default';

async function accessToken(scope: string): Promise<string> {
  await world.run(['login', '--scope', scope]);
  return (await world.run(['token'])).stdout.trim();
}
async function idToken(username?: string): Promise<string> {
  await world.run(['login'], username === undefined ? {} : { browser: world.browserOf({ username }) });
  return world.emulator.issued.findLast(({ kind }) => kind === 'id_token')?.value ?? '';
}
const decode = (token: string, words: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> =>
  world.run(['decode', ...words], { stdin: [token], ...options });
const offline: typeof fetch = () => Promise.reject(new Error('decode went to the network'));
const asJson = ({ stdout }: RunResult): Record<string, Record<string, unknown>> =>
  JSON.parse(stdout) as Record<string, Record<string, unknown>>;

describe('decode', () => {
  it('shows header and claims with meanings and times, and says that nothing is proved', async () => {
    const result = await decode(await idToken(), [], { fetch: offline });
    expect(result).toMatchObject({
      exitCode: 0,
      stderr: '\nNothing of it is proved: --verify checks the signature.\n',
    });
    expect(result.stdout).toMatch(/^Header\ntyp  JWT  kind of token\nalg  RS256  how it is signed\nkid  \S+  the key/);
    expect(result.stdout).toContain(`\nClaims\naud                 ${desktopApplication.clientId}\n`);
    expect(result.stdout).toMatch(/^exp +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(in \d+ minutes\)  expires$/m);
    expect(result.stdout.split('\n').filter(({ length }) => length > 80)).toEqual([]);
  });

  it('names directory roles, and says how to get the groups that a token does not hold', async () => {
    const { stdout } = await decode(await idToken(dave.username));
    expect(stdout).toContain('62e90394-69f5-4237-9190-012177145e10  Global Administrator\n');
    expect(stdout).toContain('curl -H @- https://graph.microsoft.com/v1.0/me/transitiveMemberOf');
  });

  it('answers --json with header and claims as they stand; not verified is null', async () => {
    const token = await idToken();
    const [headerPart = '', claimsPart = ''] = token.split('.');
    const part = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
    const result = await decode(token, ['--json'], { fetch: offline });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asJson(result)).toEqual({ header: part(headerPart), claims: part(claimsPart), verified: null });
  });

  it('takes a token as people have it: with Bearer, quotes, white space, over several lines', async () => {
    const token = await idToken();
    const plain = await decode(token, ['--json']);
    const half = token.length / 2;
    for (const stdin of [
      [`  ${token}\t`],
      ['', token, ''],
      [`Bearer ${token}`],
      [`Authorization: Bearer ${token}`],
      [`"${token}"`],
      [`'Bearer ${token}'`],
      [`Authorization: "Bearer ${token}"`],
      [token.slice(0, half), token.slice(half)],
    ]) {
      expect(await world.run(['decode', '--json'], { stdin })).toEqual(plain);
    }
  });

  it('asks on a terminal, unseen', async () => {
    const stdin = [await idToken(), 'never read'];
    const result = await world.run(['decode', '--json'], { stdin, terminal: true });
    expect(result).toMatchObject({ exitCode: 0, stderr: 'Paste the token and press Enter (it is not shown):\n' });
  });

  it('takes 50 kB, and refuses a megabyte', async () => {
    const sized = (size: number): string =>
      signJwt({ alg: 'RS256' }, { filler: 'x'.repeat(size) }, makeKeyRing().signing().privateKey);
    expect((await decode(sized(37_000), ['--json'])).exitCode).toBe(0);
    const refused = await decode(sized(750_000));
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toBe(
      'error: Standard input holds more than 64 KiB.\n  try: Give the error text or the token alone.\n',
    );
  });

  it('never takes a token as an argument, and does not repeat it', async () => {
    const token = await idToken();
    for (const argv of [[token], ['--verify', token], [token, 'more'], ['--json', token]]) {
      const result = await world.run(['decode', ...argv]);
      expect(result).toMatchObject({ exitCode: 2, stdout: '' });
      expect(result.stderr).toContain('A token is never an argument');
      expect(result.stderr).not.toContain(token.slice(0, 20));
    }
  });

  it.each([
    ['', 'No token was given.'],
    ['0.AXoA-a-refresh-token', 'That is no JWT: refresh tokens'],
    ['eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d', 'The token is encrypted'],
    ['not.a.jwt', 'That is no JWT: refresh tokens'],
    ['eyJhbGciOiJub25lIn0.W10.', 'That is no JWT: refresh tokens'],
  ])('is exit 2 for what is no JWT (%j), and does not repeat it', async (text, reason) => {
    const result = await decode(text);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`^error: ${reason}.*\n  try: A JWT has three parts`));
    if (text !== '') expect(result.stderr).not.toContain(text);
  });
});

describe('decode --verify', () => {
  it('says which checks passed, for an ID token and access tokens of both versions', async () => {
    const ours = 'passed      audience   it is the client ID of the settings';
    const theirs = 'not judged  audience   the token is for another application or API';
    for (const [token, audience] of [
      [await idToken(), ours],
      [await accessToken(tasks), theirs],
      [await accessToken(management), theirs],
    ] as const) {
      const result = await decode(token, ['--verify']);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).toMatch(/\n\nChecks\n/);
      expect(result.stdout.slice(result.stdout.indexOf('\nChecks\n'))).toBe(`
Checks
passed      signature  made with one of the tenant's keys
passed      key        it may sign for this tenant
passed      issuer     it is the tenant
passed      expiry     it has not expired
passed      start      it is valid already
${audience}
`);
      expect(asJson(await decode(token, ['--verify', '--json']))).toMatchObject({ verified: true });
    }
  });

  it('is exit 4 when a check fails, shows the token all the same, and prints no JSON', async () => {
    const token = await idToken();
    const later = { now: () => new Date(Date.now() + 3 * 3_600_000) };
    const result = await decode(token, ['--verify'], later);
    expect(result.exitCode).toBe(4);
    expect(result.stdout).toContain('\nfailed      expiry     it has expired\n');
    expect(result.stderr).toMatch(/^error: The token is not verified: expiry \(it has expired\)\.\n  try: /);
    const json = await decode(token, ['--verify', '--json'], later);
    expect(json).toMatchObject({ exitCode: 4, stdout: '' });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'untrusted_response' } });
  });

  it('says plainly that nobody but Microsoft Graph can verify its tokens', async () => {
    const result = await decode(await accessToken('https://graph.microsoft.com/User.Read'), ['--verify']);
    expect(result.exitCode).toBe(4);
    expect(result.stderr).toContain('can be verified by Microsoft Graph alone');
  });

  it('finds the key of an application that has one of its own', async () => {
    const own = { ...desktopApplication, clientId: '0eb0aaaa-0000-4000-8000-00000000aaaa', ownSigningKey: true };
    world.emulator.addApplication(own);
    await world.run(['login', '--client-id', own.clientId]);
    const token = world.emulator.issued.findLast(({ kind }) => kind === 'id_token')?.value ?? '';
    expect(await decode(token, ['--verify'])).toMatchObject({ exitCode: 0 });
  });

  it('goes to no place that the token names', async () => {
    const token = signJwt(
      { alg: 'RS256', kid: 'x', jku: 'https://evil.example/keys', x5u: 'https://evil.example/cert' },
      { iss: 'https://evil.example/v2.0', tid: contoso.id, exp: 9e9 },
      makeKeyRing().stranger.privateKey,
    );
    const hosts = new Set<string>();
    const watching: typeof fetch = (input, init) => {
      hosts.add(new URL(input instanceof Request ? input.url : input).origin);
      return fetch(input, init);
    };
    expect(await decode(token, ['--verify'], { fetch: watching })).toMatchObject({ exitCode: 4 });
    expect([...hosts]).toEqual([world.emulator.origin]);
  });

  it("takes the tenant from the settings, else from the token, and refuses another tenant's", async () => {
    const token = await idToken();
    expect(await decode(token, ['--verify', '--tenant', fabrikam.id])).toMatchObject({ exitCode: 4 });
    expect(await decode(token, ['--verify', '--tenant', 'organizations'])).toMatchObject({ exitCode: 0 });
    await world.run(['logout']);
    const before = world.emulator.requests.length;
    expect(await decode(token, ['--verify'], { env: { ENTRA_LOGIN_TENANT: '' } })).toMatchObject({ exitCode: 0 });
    expect(world.emulator.requests[before]?.path).toBe(`/${contoso.id}/v2.0/.well-known/openid-configuration`);
    const without = signJwt({ alg: 'RS256', kid: 'x' }, { tid: '../evil' }, makeKeyRing().signing().privateKey);
    const asked = await decode(without, ['--verify'], { env: { ENTRA_LOGIN_TENANT: '' } });
    expect(asked).toMatchObject({ exitCode: 2, stdout: '' });
    expect(asked.stderr).toContain('No tenant set');
  });

  it('works without a keychain, and fails as every command where Entra cannot be reached', async () => {
    const token = await idToken();
    expect(await decode(token, ['--verify'], { keychain: missingKeychain() })).toMatchObject({ exitCode: 0 });
    await world.emulator.close();
    expect(await decode(token, ['--verify', '--timeout', '500ms'])).toMatchObject({ exitCode: 5, stdout: '' });
  });
});
