import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  alice,
  azureResourceManager,
  contoso,
  tasksApi,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
let clock = 0;
const now = (): Date => new Date(Date.now() + clock);
const hours = 3_600_000;

beforeEach(async () => {
  clock = 0;
  world = await startWorld({ now, accessTokenLifetime: 3600 });
});
afterEach(() => world.close());

const tokenRequests = (): number => world.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;
const errorOf = (stderr: string): Record<string, string> =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: Record<string, string> }).error;

describe('token', () => {
  it('prints the kept access token and a newline, and nothing else, without the network', async () => {
    await world.run(['login']);
    const before = world.emulator.requests.length;
    const first = await world.run(['token']);
    expect(first).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/) as string,
      stderr: '',
    });
    expect(await world.run(['token'])).toEqual(first);
    expect(world.emulator.requests).toHaveLength(before);
  });

  it('reads the keychain once for a kept token', async () => {
    await world.run(['login']);
    let reads = 0;
    const read = (name: string): Promise<string | undefined> => {
      reads += 1;
      return world.keychain.read(name);
    };
    expect(await world.run(['token'], { keychain: { ...world.keychain, read } })).toMatchObject({ exitCode: 0 });
    expect(reads).toBe(1);
  });

  it('answers --json with the contract’s members', async () => {
    await world.run(['login']);
    const result = await world.run(['token', '--json']);
    const json = JSON.parse(result.stdout) as Record<string, unknown>;
    expect(Object.keys(json)).toEqual([
      'accessToken',
      'tokenType',
      'expiresAt',
      'scopes',
      'tenantId',
      'clientId',
      'account',
    ]);
    expect(json).toMatchObject({
      tokenType: 'Bearer',
      tenantId: contoso.id,
      clientId: world.env['ENTRA_LOGIN_CLIENT_ID'],
      account: { username: alice.username, objectId: alice.objectId, tenantId: contoso.id },
    });
    expect(json['expiresAt']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await world.run(['token', '--output', 'json'])).toEqual(result);
  });

  it('renews with exactly one request when the kept token is about to expire, and keeps the new one', async () => {
    await world.run(['login']);
    const old = await world.run(['token']);
    const before = world.emulator.requests.length;
    clock = 0.95 * hours; // less than the 5 minutes that a token must still live
    const renewed = await world.run(['token']);
    expect(renewed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(renewed.stdout).not.toBe(old.stdout);
    expect(world.emulator.requests.slice(before).map(({ path }) => path)).toEqual([`/${contoso.id}/oauth2/v2.0/token`]);
    expect(await world.run(['token'])).toEqual(renewed);
  });

  it('always sends scope with the refresh token', async () => {
    await world.run(['login']);
    await world.run(['token', '--refresh']);
    expect(world.emulator.requests.at(-1)?.form).toMatchObject({
      grant_type: 'refresh_token',
      scope: 'openid profile email offline_access',
    });
  });

  it('renews with the client secret of a "Web" registration, and says what is missing without it', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
    await world.run(['login'], { env });
    expect(await world.run(['token', '--refresh'], { env })).toMatchObject({ exitCode: 0 });
    const without = await world.run(['token', '--refresh'], {
      env: { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId },
    });
    expect(without).toMatchObject({ exitCode: 2, stdout: '' });
    expect(without.stderr).toContain('ENTRA_LOGIN_CLIENT_SECRET');
  });

  it('takes AZURE_CLIENT_SECRET for the client ID of AZURE_CLIENT_ID alone', async () => {
    const azure = { AZURE_CLIENT_ID: webApplication.clientId, AZURE_CLIENT_SECRET: webSecret };
    const env = { ...azure, ENTRA_LOGIN_CLIENT_ID: webApplication.clientId };
    expect(await world.run(['login'], { env })).toMatchObject({ exitCode: 0 });
    const other = {
      ...azure,
      AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000001',
      ENTRA_LOGIN_CLIENT_ID: webApplication.clientId,
    };
    expect(await world.run(['token', '--refresh'], { env: other })).toMatchObject({ exitCode: 2 });
  });

  it('gets a token for another resource with the same refresh token, and keeps both', async () => {
    await world.run(['login']);
    const graph = await world.run(['token']);
    const manager = await world.run(['token', '--resource', 'https://management.azure.com']);
    expect(manager).toMatchObject({ exitCode: 0, stderr: '' });
    expect(manager.stdout).not.toBe(graph.stdout);
    const before = tokenRequests();
    expect(await world.run(['token'])).toEqual(graph);
    expect(await world.run(['token', '--scope', 'https://management.azure.com/.default'])).toEqual(manager);
    expect(tokenRequests()).toBe(before);
    expect(azureResourceManager.identifierUris).toContain('https://management.azure.com/');
  });

  it('takes a kept token for scopes in another case, and renews for one that was not asked for', async () => {
    await world.run(['login']);
    const api = tasksApi.identifierUris[0] ?? '';
    const tasks = await world.run(['token', '--scope', `${api}/Tasks.Read`]);
    const before = tokenRequests();
    expect(await world.run(['token', '--scope', `${api}/tasks.read`])).toEqual(tasks);
    expect(tokenRequests()).toBe(before);
    await world.run(['token', '--scope', `${api}/Tasks.Write`]);
    expect(tokenRequests()).toBe(before + 1);
  });

  it('refuses scopes of two resources', async () => {
    await world.run(['login']);
    const result = await world.run(['token', '--scope', 'User.Read https://management.azure.com/.default']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain('one resource at a time');
  });

  it('refuses --scope with --resource and an output it does not have', async () => {
    expect(await world.run(['token', '--scope', 'a', '--resource', 'b'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await world.run(['token', '--output', 'xml'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await world.run(['token', '--min-validity', 'long'])).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('is exit 3 with the command to type when nobody is signed in', async () => {
    const result = await world.run(['token', '--json', '--profile', 'work']);
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(errorOf(result.stderr)).toMatchObject({
      code: 'sign_in_required',
      hint: 'entra-login login --profile work',
    });
  });

  it.each([
    ['revoked', (w: World) => w.emulator.revokeUser(alice.username), 3, 'AADSTS50173'],
    ['idle for 90 days', (w: World) => w.emulator.expireRefreshTokens(), 3, 'AADSTS700082'],
    [
      'stopped by sign-in frequency',
      (w: World) => w.emulator.expireRefreshTokens('sign_in_frequency'),
      3,
      'AADSTS70043',
    ],
    ['short of multi-factor authentication', (w: World) => w.emulator.requireMfa(alice.username), 3, 'AADSTS50076'],
    ['without consent', (w: World) => w.emulator.revokeConsent(w.env['ENTRA_LOGIN_CLIENT_ID'] ?? ''), 3, 'AADSTS65001'],
    ['blocked for good', (w: World) => w.emulator.blockByConditionalAccess(alice.username), 4, 'AADSTS53003'],
  ])('tells what to do when the account is %s', async (_what, happen, exitCode, aadsts) => {
    await world.run(['login']);
    happen(world);
    const result = await world.run(['token', '--refresh', '--json']);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    const error = errorOf(result.stderr);
    expect(error).toMatchObject({ aadsts, correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
    if (exitCode === 3) expect(error['hint']).toMatch(/^entra-login login/);
    // What was kept is kept: the person may only need to sign in again.
    expect(await world.run(['token'])).toMatchObject({ exitCode: 0 });
  });

  it('prints a kept token that is still valid when Entra cannot be reached, with a warning', async () => {
    await world.run(['login']);
    const kept = await world.run(['token']);
    clock = 0.95 * hours;
    world.emulator.injectFault({ endpoint: 'token', kind: 'server_error', status: 503, retryAfter: 100 });
    const result = await world.run(['token']);
    expect(result).toMatchObject({ exitCode: 0, stdout: kept.stdout });
    expect(result.stderr).toContain('warning: The access token could not be renewed');
    expect(await world.run(['token', '--quiet'])).toMatchObject({ exitCode: 0, stderr: '' });
    for (const strict of [['--refresh'], ['--min-validity', '5m']]) {
      expect(await world.run(['token', ...strict])).toMatchObject({ exitCode: 5, stdout: '' });
    }
    clock = 1.1 * hours;
    expect(await world.run(['token'])).toMatchObject({ exitCode: 5, stdout: '' });
  });

  it('never hands the tokens of one client or authority host to settings that name another, and says why', async () => {
    await world.run(['login']);
    const client = await world.run(['token', '--client-id', webApplication.clientId]);
    expect(client).toMatchObject({ exitCode: 3, stdout: '' });
    expect(client.stderr).toContain(webApplication.clientId);
    const host = await world.run(['token', '--authority-host', 'https://login.microsoftonline.us']);
    expect(host).toMatchObject({ exitCode: 3, stdout: '' });
    expect(host.stderr).toContain('login.microsoftonline.us');
  });

  it('keeps the old refresh token when the answer brings none', async () => {
    await world.run(['login']);
    world.emulator.injectFault({
      endpoint: 'token',
      kind: 'changed_members',
      members: { refresh_token: undefined },
      times: 1,
    });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 0 });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 0 });
  });

  it('says how to get a refresh token where the sign-in brought none', async () => {
    world.emulator.injectFault({
      endpoint: 'token',
      kind: 'changed_members',
      members: { refresh_token: undefined },
      times: 1,
    });
    await world.run(['login']);
    const result = await world.run(['token', '--refresh']);
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(result.stderr).toContain('offline_access');
  });

  it.each(['other_oid', 'other_tid', 'other_sub', 'bad_signature', 'expired'] as const)(
    'refuses a renewal whose ID token is %s, and keeps what it had',
    async (defect) => {
      await world.run(['login']);
      const before = await world.keychain.read('default');
      world.emulator.injectFault({ kind: 'id_token', defect, times: 1 });
      const result = await world.run(['token', '--refresh', '--json']);
      expect(result).toMatchObject({ exitCode: 4, stdout: '' });
      expect(errorOf(result.stderr)['code']).toBe('untrusted_response');
      expect(await world.keychain.read('default')).toBe(before);
    },
  );

  it('tries again after a dropped connection, a 429 and a 500', async () => {
    await world.run(['login']);
    world.emulator.injectFault({ endpoint: 'token', kind: 'connection_dropped', when: 'before', times: 1 });
    world.emulator.injectFault({ endpoint: 'token', kind: 'throttled', retryAfter: 0, times: 1 });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 0 });
  });

  it('says at once how long to wait when that is longer than the time left', async () => {
    await world.run(['login']);
    world.emulator.injectFault({ endpoint: 'token', kind: 'throttled', retryAfter: 90, times: 1 });
    const result = await world.run(['token', '--refresh', '--json']);
    expect(result).toMatchObject({ exitCode: 5, stdout: '' });
    expect(errorOf(result.stderr)).toMatchObject({
      code: 'throttled',
      hint: expect.stringContaining('90 seconds') as string,
    });
  });

  it('refuses --json with another form: stdout would be no JSON', async () => {
    await world.run(['login']);
    const result = await world.run(['token', '--json', '--output', 'raw']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(errorOf(result.stderr)).toMatchObject({ code: 'usage', hint: '--json is short for --output json' });
    expect(await world.run(['token', '--json', '--output', 'json'])).toMatchObject({ exitCode: 0 });
  });

  it('says why it signs in again without obeying what Entra’s text says to the terminal', async () => {
    await world.run(['login']);
    const description = 'AADSTS999999: \u001b[2J\u009b31m\u202eyou';
    const refused = { endpoint: 'token', kind: 'refused', error: 'invalid_grant', aadsts: 999_999 } as const;
    world.emulator.injectFault({ ...refused, description, grantType: 'refresh_token', times: 1 });
    const result = await world.run(['token', '--refresh', '--login']);
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain(String.raw`\u{1b}[2J\u{9b}31m\u{202e}you`);
    expect(result.stderr).not.toMatch(/[\u001b\u009b\u202e]/u);
  });

  it('refuses damaged content with the mend, and leaves it as it is', async () => {
    await world.keychain.write('default', '{"version":1,"accessTokens":[{"kind":"person"}]}');
    const result = await world.run(['token', '--json']);
    expect(result).toMatchObject({ exitCode: 6, stdout: '' });
    expect(errorOf(result.stderr)).toMatchObject({
      code: 'store_failed',
      hint: expect.stringContaining('entra-login logout --profile default') as string,
    });
    expect(await world.keychain.read('default')).not.toBeUndefined();
    expect(await world.run(['logout'])).toMatchObject({ exitCode: 0 });
    expect(await world.keychain.read('default')).toBeUndefined();
  });
});
