import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob, contoso, fabrikam } from '../../src/emulator/default-directory.ts';
import type { World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld({ accessTokenLifetime: 3600 });
});
afterEach(() => world.close());

const errorOf = (stderr: string): Record<string, string> =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: Record<string, string> }).error;

describe('token --output', () => {
  it('prints the token in each consumer’s form', async () => {
    await world.run(['login']);
    const raw = (await world.run(['token'])).stdout.trim();
    const print = async (...options: string[]): Promise<string> => (await world.run(['token', ...options])).stdout;
    expect(await print('--output', 'header')).toBe(`Authorization: Bearer ${raw}\n`);
    expect(await print('--output', 'env')).toBe(`export ENTRA_ACCESS_TOKEN=${raw}\n`);
    expect(await print('--output', 'env', '--shell', 'fish')).toBe(`set -gx ENTRA_ACCESS_TOKEN '${raw}'\n`);
    expect(await print('--output', 'env', '--shell', 'powershell')).toBe(`$Env:ENTRA_ACCESS_TOKEN = '${raw}'\n`);
    const { expiresAt } = JSON.parse(await print('--json')) as { expiresAt: string };
    const seconds = Math.floor(Date.parse(expiresAt) / 1000);
    expect(JSON.parse(await print('--output', 'az'))).toEqual({
      accessToken: raw,
      expiresOn: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.000000$/) as string,
      expires_on: seconds,
      subscription: contoso.id,
      tenant: contoso.id,
      tokenType: 'Bearer',
    });
    expect(JSON.parse(await print('--output', 'exec-credential'))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
      status: { expirationTimestamp: new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'), token: raw },
    });
  });

  it('lets the last --output win, as the az shim wants it', async () => {
    await world.run(['login']);
    const shim = ['token', '--output', 'json', '--resource', 'https://management.azure.com/', '--output', 'az'];
    expect(JSON.parse((await world.run(shim)).stdout)).toMatchObject({ tenant: contoso.id, tokenType: 'Bearer' });
    expect(world.emulator.requests.at(-1)?.form?.['scope']).toContain('https://management.azure.com//.default');
  });

  it('refuses a shell it does not know', async () => {
    expect(await world.run(['token', '--output', 'env', '--shell', 'zsh'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('token --claims', () => {
  const challenge = '{"access_token":{"nbf":{"essential":true,"value":"1635527790"}}}';
  const base64 = Buffer.from(challenge).toString('base64');

  it.each([
    ['JSON', challenge],
    ['base64', base64],
    ['a whole WWW-Authenticate value', `Bearer realm="", error="insufficient_claims", claims="${base64}"`],
  ])('takes %s, never uses a kept token, and sends the claims', async (_what, value) => {
    await world.run(['login']);
    const kept = await world.run(['token']);
    const stepped = await world.run(['token', '--claims', value]);
    expect(stepped).toMatchObject({ exitCode: 0, stderr: '' });
    expect(stepped.stdout).not.toBe(kept.stdout);
    expect(world.emulator.requests.at(-1)?.form?.['claims']).toBe(challenge);
  });

  it('names the login command with the claims that Entra wants', async () => {
    await world.run(['login']);
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    world.emulator.requireMfa(alice.username, { claims });
    const result = await world.run(['token', '--refresh', '--json']);
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    const { hint = '' } = errorOf(result.stderr);
    expect(hint).toMatch(/^entra-login login --claims \S+$/);
    expect(await world.run(hint.split(' ').slice(1))).toMatchObject({ exitCode: 0 });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 0 });
  });

  it('names the login command with the scopes that lack consent', async () => {
    await world.run(['login']);
    const result = await world.run([
      'token',
      '--scope',
      'api://c0de0a91-5c3e-4f7b-9b5d-8a7f6e5d4c3b/Tasks.Write',
      '--json',
    ]);
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(errorOf(result.stderr)['hint']).toBe(
      'entra-login login --scope "api://c0de0a91-5c3e-4f7b-9b5d-8a7f6e5d4c3b/Tasks.Write"',
    );
  });
});

describe('token --tenant of another tenant', () => {
  const signInAtHome = (): Promise<unknown> =>
    world.run(['login', '--tenant', fabrikam.id], { browser: world.browserOf({ username: bob.username }) });

  it('tries the refresh token there, and keeps the result beside the others with its own identity', async () => {
    await signInAtHome();
    const env = { ENTRA_LOGIN_TENANT: '' };
    const home = await world.run(['token', '--json'], { env });
    expect(JSON.parse(home.stdout)).toMatchObject({ tenantId: fabrikam.id, account: { tenantId: fabrikam.id } });
    const guest = await world.run(['token', '--json', '--tenant', 'contoso.com'], { env });
    expect(guest).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(guest.stdout)).toMatchObject({ tenantId: contoso.id, account: { tenantId: contoso.id } });
    const before = world.emulator.requests.length;
    expect(await world.run(['token', '--json', '--tenant', contoso.id], { env })).toEqual(guest);
    expect(await world.run(['token', '--json'], { env })).toEqual(home);
    expect(world.emulator.requests).toHaveLength(before);
    await world.run(['token', '--refresh', '--tenant', 'contoso.com'], { env });
    expect(world.emulator.requests.slice(before).map(({ path }) => path)).toEqual([`/${contoso.id}/oauth2/v2.0/token`]);
  });

  it('is exit 2 for a tenant that does not exist, and exit 3 or 4 where the account is not known', async () => {
    await world.run(['login']);
    expect(await world.run(['token', '--tenant', 'nowhere.example'])).toMatchObject({ exitCode: 2, stdout: '' });
    const foreign = await world.run(['token', '--tenant', fabrikam.id]);
    expect([3, 4]).toContain(foreign.exitCode);
    expect(await world.run(['token'])).toMatchObject({ exitCode: 0 });
  });

  it('never redeems the refresh token for a tenant that a project file names', async () => {
    await signInAtHome();
    const project = join(world.home, 'project');
    await mkdir(project);
    await writeFile(join(project, '.entra-login.json'), JSON.stringify({ tenant: 'contoso.com' }));
    const env = { ENTRA_LOGIN_TENANT: '' };
    const before = world.emulator.requests.length;
    const result = await world.run(['token', '--json'], { env, working: project });
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(errorOf(result.stderr)['message']).toContain('project file');
    await world.run(['token', '--tenant', 'contoso.com'], { env });
    expect(await world.run(['token', '--refresh'], { env, working: project })).toMatchObject({ exitCode: 3 });
    expect(world.emulator.requests.slice(before).filter(({ path }) => path.endsWith('/token'))).toHaveLength(1);
  });
});

describe('token --login', () => {
  it('signs the person in if it must, and prints the token', async () => {
    const result = await world.run(['token', '--login']);
    expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^eyJ[\w.-]+\n$/) as string });
    expect(await world.run(['token', '--login'])).toEqual({ exitCode: 0, stdout: result.stdout, stderr: '' });
    expect(await world.signIns()).toHaveLength(1);
  });

  it('signs the person in again when the renewal says so, for the scopes that were asked', async () => {
    await world.run(['login']);
    world.emulator.revokeUser(alice.username);
    const scope = ['--scope', 'https://management.azure.com/.default'];
    expect(await world.run(['token', '--login', ...scope])).toMatchObject({ exitCode: 0 });
    const authorize = world.emulator.requests.filter(({ path }) => path.endsWith('/authorize')).at(-1);
    expect(authorize?.query['scope']).toBe('https://management.azure.com/.default openid profile offline_access');
  });

  it('keeps the tokens in memory, with one warning, where there is no keychain and no store was chosen', async () => {
    const result = await world.run(['token', '--login'], { keychain: missingKeychain() });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr.match(/warning:/g)).toHaveLength(1);
    const chosen = await world.run(['token', '--login', '--store', 'keychain'], { keychain: missingKeychain() });
    expect(chosen).toMatchObject({ exitCode: 6, stdout: '' });
    expect(await world.run(['token'], { keychain: missingKeychain() })).toMatchObject({ exitCode: 6 });
  });
});
