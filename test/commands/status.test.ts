import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, dave, contoso, desktopApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { configure } from '../support/user-file.ts';
import type { RunResult, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const { clientId } = desktopApplication;
const webClient = '0eb00000-dddd-4ddd-8ddd-dddddddddddd';
const accountOf = (user: typeof alice): object => ({
  username: user.username,
  name: user.name,
  objectId: user.objectId,
  tenantId: contoso.id,
});
const rowsOf = ({ stdout }: RunResult): Record<string, unknown>[] => JSON.parse(stdout) as Record<string, unknown>[];
const errorOf = ({ stderr }: RunResult): unknown =>
  (JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as { error: unknown }).error;
const loginAs = (user: typeof alice, profile: string): Promise<RunResult> =>
  world.run(['login', '--profile', profile], { browser: world.browserOf({ username: user.username }) });

describe('status', () => {
  it('says that nobody is signed in, and with what a sign-in would be', async () => {
    expect(await world.run(['status'])).toEqual({
      exitCode: 0,
      stdout: `default (in use)
  - Nobody is signed in
  - Tenant: ${contoso.id}
  - Client ID: ${clientId}
  - Store: keychain (built-in)
`,
      stderr: '',
    });
  });

  it('shows every profile: of the stores, of config.json and the one in use', async () => {
    await loginAs(alice, 'default');
    await world.run(['login', '--profile', 'work', '--store', 'file']);
    const path = await configure(world, {
      profile: 'lab',
      profiles: { test: { store: 'memory', tenant: 'test.example' } },
    });
    const result = await world.run(['status', '--json'], { env: { ENTRA_LOGIN_TENANT: '' } });
    const scopes = ['email', 'openid', 'profile', 'https://graph.microsoft.com/User.Read'];
    const signedIn = { account: accountOf(alice), tenant: contoso.id, clientId, scopes };
    const nobody = { clientId, scopes: ['openid', 'profile', 'email', 'offline_access'] };
    const expiresAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(rowsOf(result)).toEqual([
      {
        ...{ profile: 'test', tenant: 'test.example', ...nobody },
        ...{ store: 'memory', storeReason: `user ${path}`, current: false },
      },
      { profile: 'default', ...signedIn, expiresAt, store: 'keychain', storeReason: 'built-in', current: false },
      { profile: 'lab', ...nobody, store: 'keychain', storeReason: 'built-in', current: true },
      { profile: 'work', ...signedIn, expiresAt, store: 'file', storeReason: 'kept there', current: false },
    ]);
  });

  it('shows the one that --profile names', async () => {
    await loginAs(alice, 'default');
    await loginAs(dave, 'work');
    const rows = rowsOf(await world.run(['status', '--json', '--profile', 'work']));
    expect(rows).toMatchObject([{ profile: 'work', account: accountOf(dave), current: true }]);
  });

  it('tells of an account that the chosen store passes over', async () => {
    await loginAs(alice, 'default');
    const result = await world.run(['status'], { env: { ENTRA_LOGIN_STORE: 'file' } });
    expect(result.stdout).toContain(`  - Nobody is signed in`);
    expect(result.stdout).toContain(`  - Store: file (ENTRA_LOGIN_STORE)
  - Something is kept in keychain too: --store keychain uses it
`);
  });

  it('shows the others where the item of one is damaged: exit 6', async () => {
    await loginAs(alice, 'default');
    await world.keychain.write('work', 'not ours');
    const result = await world.run(['status']);
    expect(result).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('1 of 2 profiles failed: work.') });
    expect(result.stdout).toContain(`Signed in as ${alice.username}`);
    expect(result.stdout).toContain(`work
  X What is kept for profile "work" (keychain) cannot be read.
  - Store: keychain (built-in)
  - Try: It is damaged or not ours; to forget it: entra-login logout --profile
    work
`);
    const json = await world.run(['status', '--json']);
    const error = { code: 'store_failed', message: 'What is kept for profile "work" (keychain) cannot be read.' };
    expect(rowsOf(json)).toMatchObject([
      { profile: 'default', account: accountOf(alice) },
      { profile: 'work', error },
    ]);
    expect(errorOf(json)).toMatchObject({ code: 'store_failed', message: '1 of 2 profiles failed: work.' });
  });

  it('shows the others where a setting of one is wrong: exit 2', async () => {
    await loginAs(alice, 'default');
    await configure(world, { profiles: { work: { store: 'disk' } } });
    const result = await world.run(['status']);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stdout).toContain('X The store is not valid (');
    expect(result.stdout).toContain(`Signed in as ${alice.username}`);
  });

  it('shows what lies in files where there is no keychain, and warns', async () => {
    await world.run(['login', '--store', 'file']);
    expect(await world.run(['status'], { keychain: missingKeychain() })).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining(`Signed in as ${alice.username}`) as string,
      stderr: 'warning: What is kept in the keychain store is missing: There is no keychain here.\n',
    });
    const other = await world.run(['status', '--profile', 'other'], { keychain: missingKeychain() });
    expect(other).toMatchObject({ exitCode: 6, stdout: expect.stringContaining('X There is no keychain here.') });
  });

  it('shows nobody where only an application’s tokens are kept', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: webClient, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
    await world.run(['token', '--client-credentials', '--resource', 'https://graph.microsoft.com'], { env });
    const result = await world.run(['status', '--json']);
    expect(result.exitCode).toBe(0);
    expect(rowsOf(result)).toMatchObject([{ profile: 'default', current: true }]);
    expect(rowsOf(result)[0]).not.toHaveProperty('account');
  });
});

describe('status --check', () => {
  it('proves each account by a renewal with what it was signed in with, whatever the settings name here', async () => {
    await loginAs(alice, 'default');
    const env = { ENTRA_LOGIN_CLIENT_ID: webClient, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
    await world.run(['login', '--profile', 'web'], { env });
    const result = await world.run(['status', '--check'], { env: { ...env, ENTRA_LOGIN_TENANT: 'fabrikam.example' } });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout.match(/- Refresh token: works, it was just used\n/g)).toHaveLength(2);
    const withoutCheck = await world.run(['status']);
    expect(withoutCheck.stdout.match(/- Refresh token: kept, --check proves that it works\n/g)).toHaveLength(2);
  });

  it('is exit 3 if one no longer works, and shows all', async () => {
    await loginAs(alice, 'default');
    await loginAs(dave, 'work');
    world.emulator.revokeUser(dave.username);
    const result = await world.run(['status', '--check']);
    expect(result).toMatchObject({ exitCode: 3 });
    expect(result.stdout).toContain(`  ✓ Signed in as ${alice.username} (${alice.name})`);
    expect(result.stdout).toMatch(new RegExp(`work\n  - Signed in as ${dave.username} .*\n  X .+`));
    expect(result.stderr).toContain('error: 1 of 2 profiles failed: work. (AADSTS');
    expect(result.stderr).toContain('try: entra-login login --profile work');
    const json = await world.run(['status', '--check', '--json']);
    expect(json.exitCode).toBe(3);
    expect(rowsOf(json)).toMatchObject([
      { profile: 'default', account: accountOf(alice) },
      { profile: 'work', account: accountOf(dave), error: { code: 'sign_in_required' } },
    ]);
    expect(errorOf(json)).toMatchObject({ code: 'sign_in_required', hint: 'entra-login login --profile work' });
  });

  it('is exit 5 if Entra is out of reach for one, unless another needs the person: exit 3', async () => {
    const gone = await startEmulator();
    const signIn = ['login', '--profile', 'away', '--authority-host', gone.origin];
    expect(await world.run(signIn)).toMatchObject({ exitCode: 0 });
    await gone.close();
    await loginAs(dave, 'work');
    const unreachable = await world.run(['status', '--check']);
    expect(unreachable).toMatchObject({
      exitCode: 5,
      stderr: expect.stringContaining('1 of 3 profiles failed: away.'),
    });
    expect(unreachable.stdout).toContain(`  ✓ Signed in as ${dave.username}`);
    world.emulator.revokeUser(dave.username);
    expect(await world.run(['status', '--check'])).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('2 of 3 profiles failed: away, work.') as string,
    });
  });

  it('takes a sign-in without a refresh token as long as its access token lives', async () => {
    const start = Date.now();
    await world.run(['login', '--scope', 'openid User.Read']);
    const kept = JSON.parse((await world.keychain.read('default')) ?? '') as { signIn: { refreshToken?: string } };
    delete kept.signIn.refreshToken;
    await world.keychain.write('default', JSON.stringify(kept));
    expect(await world.run(['status', '--check'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('- Refresh token: none, so the sign-in ends with the access token\n') as string,
    });
    const now = (): Date => new Date(start + 3 * 3600_000);
    expect(await world.run(['status', '--check'], { now })).toMatchObject({ exitCode: 3 });
    expect((await world.run(['status'], { now })).stdout).toMatch(/- Access token: expired .* ago \(/);
  });

  it('ends at Ctrl-C', async () => {
    await loginAs(alice, 'default');
    const controller = new AbortController();
    world.emulator.injectFault({ kind: 'never_answers', endpoint: 'token' });
    const running = world.run(['status', '--check'], {
      signal: controller.signal,
      fetch: (...request) => {
        controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
        return fetch(...request);
      },
    });
    expect(await running).toMatchObject({ exitCode: 130, stdout: '' });
  });
});
