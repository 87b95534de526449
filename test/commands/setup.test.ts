import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  alice,
  contoso,
  desktopApplication,
  spaApplication,
  unconsentedApplication,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import type { Check } from '../../src/render/checks.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

// Nothing of the world's own settings: everything comes from the options.
const bare = {
  ENTRA_LOGIN_AUTHORITY_HOST: '',
  ENTRA_LOGIN_TENANT: '',
  ENTRA_LOGIN_CLIENT_ID: '',
  ENTRA_LOGIN_REDIRECT_URI: '',
};
const setUp = (words: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  world.run(['setup', '--authority-host', world.emulator.origin, ...words], {
    ...options,
    env: { ...bare, ...options.env },
  });
const desktop = ['--tenant', 'contoso.com', '--client-id', desktopApplication.clientId];
const web = ['--tenant', contoso.id, '--client-id', webApplication.clientId, '--client-secret-stdin'];

async function configuration(): Promise<unknown> {
  const text = await readFile(join(world.home, 'config/config.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

function errorOf({ stderr }: RunResult): Record<string, string> {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return (JSON.parse(line) as { error: Record<string, string> }).error;
}

describe('setup by options alone', () => {
  it('checks the registration, writes the profile and asks nothing; login then needs no settings', async () => {
    const result = await setUp(desktop);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toBe(`Profile      default
Tenant       contoso.com
Client ID    ${desktopApplication.clientId}
Redirect URI http://localhost
`);
    expect(result.stderr).toMatch(/^passed +Application +client ID/m);
    expect(await configuration()).toEqual({
      $schema: './config.schema.json',
      profiles: {
        default: {
          tenant: 'contoso.com',
          clientId: desktopApplication.clientId,
          redirectUri: 'http://localhost',
          authorityHost: world.emulator.origin,
        },
      },
    });
    expect(await world.run(['login'], { env: bare })).toMatchObject({ exitCode: 0 });
  });

  it('answers --json with the one document of the contract', async () => {
    const result = await setUp(['--json', '--profile', 'work', '--scope', 'User.Read', '--port', '8400', ...desktop]);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const document = JSON.parse(result.stdout) as { checks: Check[] };
    expect(document).toMatchObject({
      profile: 'work',
      settings: {
        tenant: 'contoso.com',
        clientId: desktopApplication.clientId,
        redirectUri: 'http://localhost:8400',
        scopes: ['User.Read'],
      },
    });
    expect(Object.keys(document)).toEqual(['profile', 'settings', 'checks']);
    expect(document.checks.map(({ name }) => name)).toEqual([
      ...['authority', 'clock', 'application', 'redirect_uri', 'client_secret', 'device_code', 'port'],
    ]);
  });

  it('signs in afterwards with --login, --json staying one document', async () => {
    const result = await setUp(['--json', '--login', '--redirect-uri', 'http://localhost:0/callback', ...desktop]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(Object.keys(JSON.parse(result.stdout) as object)).toEqual(['profile', 'settings', 'checks']);
    const { stdout } = await world.run(['whoami', '--claim', 'oid'], { env: bare });
    expect(stdout).toBe(`${alice.objectId}\n`);
  });

  it('names what is missing where nobody can be asked, and writes nothing', async () => {
    const result = await setUp(['--json', '--platform', 'web']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(errorOf(result)['message']).toBe(
      'Nobody can be asked here: give --tenant, --client-id, --client-secret-stdin.',
    );
    expect(await configuration()).toBeUndefined();
  });

  it('asks nobody in a CI job that has a terminal', async () => {
    const result = await setUp([], { terminal: true, surroundings: { ci: 'CI' } });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('leaves other profiles and what it does not ask about as they are', async () => {
    await setUp([...desktop, '--profile', 'work', '--scope', 'User.Read']);
    await setUp([...desktop, '--profile', 'home']);
    await setUp(['--profile', 'work', '--tenant', contoso.id, '--client-id', desktopApplication.clientId]);
    expect(await configuration()).toMatchObject({
      profiles: { work: { tenant: contoso.id, scopes: ['User.Read'] }, home: { tenant: 'contoso.com' } },
    });
  });
});

describe('a client secret', () => {
  it('is kept in the store and nowhere else, and login uses it', async () => {
    const result = await setUp([...web, '--redirect-uri', 'http://localhost:0/callback'], { stdin: [webSecret] });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toMatch(/^passed +Client secret +Entra accepts it$/m);
    expect(await world.keychain.read('default/client-secret')).toBe(webSecret);
    expect(JSON.stringify(await configuration())).not.toContain(webSecret);
    expect(result.stdout + result.stderr).not.toContain(webSecret);
    expect(await world.run(['login'], { env: bare })).toMatchObject({ exitCode: 0 });
  });

  it('is refused where it is the ID of one, before Entra is asked', async () => {
    const result = await setUp(['--json', ...web], { stdin: ['9c3f1a62-5b7e-4d0a-8f21-6e5d4c3b2a19'] });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(errorOf(result)['message']).toContain('This is the Secret ID. Copy the Value');
    expect(world.emulator.requests).toEqual([]);
  });

  it('is refused where Entra does not take it; neither secret nor profile is kept', async () => {
    const result = await setUp(['--json', ...web], { stdin: ['not~the~secret'] });
    expect(result).toMatchObject({ exitCode: 4, stdout: '' });
    expect(errorOf(result)).toMatchObject({
      code: 'entra_refused',
      aadsts: 'AADSTS7000215',
      hint: expect.stringContaining('copy the Value, not the Secret ID') as string,
    });
    expect(await world.keychain.list()).toEqual([]);
    expect(await configuration()).toBeUndefined();
  });

  it('is deleted when the profile becomes one without', async () => {
    await setUp(web, { stdin: [webSecret] });
    await setUp(['--platform', 'desktop', ...desktop]);
    expect(await world.keychain.read('default/client-secret')).toBeUndefined();
  });

  it('is not kept in memory, and without a keychain only in a file that was chosen by name', async () => {
    const memory = await setUp(['--json', '--store', 'memory', ...web], { stdin: [webSecret] });
    expect(memory).toMatchObject({ exitCode: 2, stdout: '' });
    const missing = await setUp(['--json', ...web], { stdin: [webSecret], keychain: missingKeychain() });
    expect(missing).toMatchObject({ exitCode: 6, stdout: '' });
    expect(await configuration()).toBeUndefined();
    const file = await setUp(['--store', 'file', ...web], { stdin: [webSecret], keychain: missingKeychain() });
    expect(file).toMatchObject({ exitCode: 0 });
    expect(await configuration()).toMatchObject({ profiles: { default: { store: 'file' } } });
  });

  it('has no place in a registration for desktop', async () => {
    const result = await setUp([...web, '--platform', 'desktop'], { stdin: [webSecret] });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('what Entra refuses', () => {
  it.each([
    ['a tenant that does not exist', ['--tenant', 'nowhere.example', '--client-id', desktopApplication.clientId], 2],
    ['a client ID that is not known', ['--tenant', contoso.id, '--client-id', contoso.id], 4],
    ['a path that is not registered', [...desktop, '--redirect-uri', 'http://localhost/elsewhere'], 4],
    [
      'a single-page registration',
      [...desktop.slice(0, 3), spaApplication.clientId, '--redirect-uri', 'http://localhost/callback'],
      4,
    ],
  ])('%s is the error, with the mend, and nothing is written', async (_what, words, exitCode) => {
    const result = await setUp(['--json', ...words]);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(errorOf(result)['hint']).toMatch(/Entra admin center > Entra ID/);
    expect(await configuration()).toBeUndefined();
  });

  it('is no reason against a profile where it concerns device codes or the port of this moment', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const words = ['--tenant', contoso.id, '--client-id', unconsentedApplication.clientId, '--port', String(port)];
    const result = await setUp(words, { surroundings: { ssh: true } });
    holder.close();
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toMatch(/^failed +Device code/m);
    expect(result.stderr).toMatch(/^failed +Port/m);
  });

  it('writes the profile with a warning where Entra cannot be asked', async () => {
    world.emulator.injectFault({ endpoint: 'any', kind: 'server_error', status: 503, retryAfter: 3600 });
    const result = await setUp(desktop);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain('warning: The profile is written unchecked:');
    expect(result.stderr).toContain('Later: entra-login doctor');
    expect(await configuration()).toMatchObject({ profiles: { default: { tenant: 'contoso.com' } } });
  });

  it('replaces nobody who is signed in with another application', async () => {
    await world.run(['login']);
    const result = await setUp([
      '--json',
      '--login',
      '--tenant',
      contoso.id,
      '--client-id',
      unconsentedApplication.clientId,
    ]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(errorOf(result)['message']).toContain(alice.username);
    expect(await world.keychain.read('default')).toContain(desktopApplication.clientId);
  });

  it('needs no keychain where no secret is to be kept', async () => {
    const result = await setUp(desktop, { keychain: missingKeychain() });
    expect(result).toMatchObject({ exitCode: 0 });
  });
});
