import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { desktopApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { configure } from '../support/user-file.ts';
import type { RunOptions, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

/** Takes what the world sets out of the environment. */
const bare = {
  ENTRA_LOGIN_AUTHORITY_HOST: '',
  ENTRA_LOGIN_TENANT: '',
  ENTRA_LOGIN_CLIENT_ID: '',
  ENTRA_LOGIN_REDIRECT_URI: '',
};
type Shown = Record<string, { value: unknown; from: string }>;
const configOf = async (argv: readonly string[], options: RunOptions): Promise<Shown> => {
  const { exitCode, stdout, stderr } = await world.run(['config', '--json', ...argv], options);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Shown;
};
const putFiles = async (project: object, user: object): Promise<{ project: string; user: string }> => {
  const path = join(world.home, '.entra-login.json');
  await writeFile(path, JSON.stringify(project, undefined, 2));
  return { project: path, user: await configure(world, user) };
};

describe('config', () => {
  it('prints every setting, those that are not set too', async () => {
    expect(await configOf([], { env: bare })).toEqual({
      tenant: { value: null, from: 'built-in' },
      clientId: { value: null, from: 'built-in' },
      clientSecret: { value: null, from: 'built-in' },
      clientCertificate: { value: null, from: 'built-in' },
      certificatePassword: { value: null, from: 'built-in' },
      federatedTokenFile: { value: null, from: 'built-in' },
      redirectUri: { value: 'http://localhost:5000/callback', from: 'built-in' },
      scopes: { value: ['openid', 'profile', 'email', 'offline_access'], from: 'built-in' },
      cloud: { value: 'public', from: 'built-in' },
      authorityHost: { value: 'https://login.microsoftonline.com', from: 'built-in' },
      profile: { value: 'default', from: 'built-in' },
      store: { value: 'keychain', from: 'built-in' },
      browser: { value: null, from: 'built-in' },
      configDirectory: { value: join(world.home, 'config'), from: 'built-in' },
      stateDirectory: { value: join(world.home, 'state'), from: 'built-in' },
    });
  });

  it('says where each came from: option, variable, project file, user file, account', async () => {
    await world.run(['login', '--profile', 'work']);
    const files = await putFiles(
      { profile: 'work', cloud: 'usgov', scopes: ['openid'] },
      { profiles: { work: { redirectUri: 'http://localhost:1', clientCertificate: 'work.pem', browser: 'none' } } },
    );
    const env = { ...bare, ENTRA_LOGIN_SCOPE: '', ENTRA_LOGIN_STATE_DIR: join(world.home, 'state') };
    expect(await configOf(['--tenant', 'contoso.com', '--port', '7'], { env })).toMatchObject({
      tenant: { value: 'contoso.com', from: 'option' },
      clientId: { value: desktopApplication.clientId, from: 'account' },
      redirectUri: { value: 'http://localhost:7', from: 'option' },
      scopes: { value: ['openid'], from: `project ${files.project}` },
      cloud: { value: 'usgov', from: `project ${files.project}` },
      authorityHost: { value: 'https://login.microsoftonline.us', from: `project ${files.project}` },
      profile: { value: 'work', from: `project ${files.project}` },
      clientCertificate: { value: join(world.home, 'config/work.pem'), from: `user ${files.user}` },
      browser: { value: 'none', from: `user ${files.user}` },
      stateDirectory: { value: join(world.home, 'state'), from: 'environment ENTRA_LOGIN_STATE_DIR' },
    });
  });

  it('is a table for people, with the line in the file, no line over 80 columns, and the files in use', async () => {
    const files = await putFiles({ cloud: 'usgov' }, { profile: 'work', profiles: { work: { browser: 'none' } } });
    const { stdout, exitCode } = await world.run(['config'], { env: { ...bare, ENTRA_LOGIN_TENANT: 'contoso.com' } });
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n');
    expect(lines.filter(({ length }) => length > 80)).toEqual([]);
    // Where a path is too long for the line it goes on in the next.
    const unbroken = stdout.replaceAll(/\n {21}/g, '');
    expect(lines[0]).toBe('tenant               contoso.com  ENTRA_LOGIN_TENANT');
    expect(lines[1]).toBe('clientId             not set');
    expect(unbroken).toContain(`authorityHost        https://login.microsoftonline.us${files.project}, line 2\n`);
    expect(unbroken).toMatch(/^profile +work.*config\.json, line 2$/m);
    expect(unbroken).toMatch(/^browser +none.*config\.json, line 5$/m);
    expect(stdout).toContain(`\n\nproject file  ${files.project}\nuser file     ${files.user}\n`);
  });

  it('tells where the files would be', async () => {
    const { stdout } = await world.run(['config']);
    expect(stdout).toContain(
      `\n\nproject file  none\nuser file     ${join(world.home, 'config/config.json')}  there is none yet\n`,
    );
  });

  it('prints of a secret only that it is set', async () => {
    const env = {
      ...bare,
      AZURE_CLIENT_ID: 'c',
      AZURE_CLIENT_SECRET: webSecret,
      AZURE_CLIENT_CERTIFICATE_PATH: '/certificate.pem',
      AZURE_CLIENT_CERTIFICATE_PASSWORD: 'hunter2',
      AZURE_FEDERATED_TOKEN_FILE: '/token',
    };
    expect(await configOf([], { env })).toMatchObject({
      clientSecret: { value: 'set', from: 'environment AZURE_CLIENT_SECRET' },
      clientCertificate: { value: '/certificate.pem', from: 'environment AZURE_CLIENT_CERTIFICATE_PATH' },
      certificatePassword: { value: 'set', from: 'environment AZURE_CLIENT_CERTIFICATE_PASSWORD' },
      federatedTokenFile: { value: '/token', from: 'environment AZURE_FEDERATED_TOKEN_FILE' },
    });
    // Those of another client are not used, so they are not set.
    expect((await configOf(['--client-id', 'other'], { env }))['clientSecret']).toMatchObject({ value: null });
    await world.keychain.write('default/client-secret', webSecret);
    expect((await configOf([], { env: bare }))['clientSecret']).toEqual({ value: 'set', from: 'account' });
    await world.run(['config'], { env });
    for (const secret of [webSecret, 'hunter2']) expect(world.printed()).not.toContain(secret);
  });

  it('knows the cloud by the host of the account, and that a custom domain has none', async () => {
    expect(await configOf(['--authority-host', 'login.microsoftonline.us'], { env: bare })).toMatchObject({
      cloud: { value: 'usgov', from: 'option' },
    });
    expect(await configOf([], { env: { ...bare, AZURE_AUTHORITY_HOST: 'https://login.contoso.com' } })).toMatchObject({
      cloud: { value: null, from: 'built-in' },
      authorityHost: { value: 'https://login.contoso.com', from: 'environment AZURE_AUTHORITY_HOST' },
    });
  });

  it('names where the account is kept as where the store came from', async () => {
    await world.run(['login', '--store', 'file']);
    expect((await configOf([], {}))['store']).toEqual({ value: 'file', from: 'account' });
    expect((await configOf(['--store', 'memory'], {}))['store']).toEqual({ value: 'memory', from: 'option' });
  });

  it('works without a keychain and beside a damaged item, with a warning', async () => {
    const missing = await world.run(['config', '--json'], { keychain: missingKeychain() });
    expect(missing).toMatchObject({
      exitCode: 0,
      stderr: 'warning: What is kept with the profile is not known: There is no keychain here.\n',
    });
    expect(JSON.parse(missing.stdout)).toMatchObject({ store: { value: 'keychain', from: 'built-in' } });
    await world.keychain.write('default', 'not ours');
    expect(await world.run(['config'])).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('cannot be read'),
    });
  });

  it.each([
    [['--tenant', 'a b'], {}, 'The tenant is not valid (--tenant).'],
    [['--authority-host', 'https://login.contoso.com'], { ENTRA_LOGIN_CLOUD: 'moon' }, '(ENTRA_LOGIN_CLOUD)'],
    [[], { ENTRA_LOGIN_STORE: 'disk' }, 'The store is not valid (ENTRA_LOGIN_STORE).'],
    [['--client-certificate', ''], {}, 'The client certificate is not valid (--client-certificate).'],
  ])('is exit 2 for the wrong value of %j %j', async (argv, env, message) => {
    const result = await world.run(['config', ...argv], { env: { ...bare, ...env } });
    expect(result).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) as string });
  });

  it('prints the schema of either file', async () => {
    for (const [of, title] of [
      ['user', 'Settings of entra-login (config.json)'],
      ['project', 'Project settings of entra-login (.entra-login.json)'],
    ] as const) {
      const { exitCode, stdout } = await world.run(['config', '--schema', of]);
      expect({ exitCode, ...(JSON.parse(stdout) as object) }).toMatchObject({ exitCode: 0, title });
    }
    expect(await world.run(['config', '--schema', 'other'])).toMatchObject({ exitCode: 2 });
  });
});
