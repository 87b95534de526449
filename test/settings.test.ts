import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntraLoginError } from '../src/errors.ts';
import { createFiles } from '../src/platform/files.ts';
import type { AccountSettings, LoadedSettings, Settings, SettingsOptions } from '../src/settings.ts';
import { loadSettings, requireClient } from '../src/settings.ts';

let home: string;
let work: string;
let projectFile: string;
let userFile: string;

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'entra-login-settings-')));
  work = join(home, 'code');
  await mkdir(work);
  await mkdir(join(home, 'config'));
  projectFile = join(work, '.entra-login.json');
  userFile = join(home, 'config', 'config.json');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const account: AccountSettings = {
  tenant: 'account.example',
  clientId: 'account-client',
  redirectUri: 'http://localhost:7000/account',
  scopes: ['openid', 'Account.Read'],
  authorityHost: 'https://login.account.example',
};

/** Every level of the precedence at once; a test takes levels away from the top. */
const options = {
  tenant: 'option.example',
  clientId: 'option-client',
  redirectUri: 'http://localhost:1000/option',
  scope: ['openid', 'Option.Read'],
  authorityHost: 'https://login.option.example',
  store: 'memory',
  browser: 'option-browser',
} as const satisfies SettingsOptions;
const environment = {
  ENTRA_LOGIN_TENANT: 'environment.example',
  ENTRA_LOGIN_CLIENT_ID: 'environment-client',
  ENTRA_LOGIN_REDIRECT_URI: 'http://localhost:2000/environment',
  ENTRA_LOGIN_SCOPE: 'openid Environment.Read',
  ENTRA_LOGIN_AUTHORITY_HOST: 'https://login.environment.example',
  ENTRA_LOGIN_STORE: 'file',
  ENTRA_LOGIN_BROWSER: 'environment-browser',
};
const azure = {
  AZURE_TENANT_ID: 'azure.example',
  AZURE_CLIENT_ID: 'azure-client',
  AZURE_AUTHORITY_HOST: 'https://login.azure.example/',
  BROWSER: 'general-browser',
};
const project = {
  $schema: 'https://example.com/project.json',
  tenant: 'project.example',
  clientId: 'project-client',
  redirectUri: 'http://localhost:3000/project',
  scopes: ['openid', 'Project.Read'],
  cloud: 'usgov',
};
const user = {
  $schema: 'https://example.com/config.json',
  profiles: {
    default: {
      tenant: 'user.example',
      clientId: 'user-client',
      redirectUri: 'http://localhost:4000/user',
      scopes: ['openid', 'User.Read'],
      authorityHost: 'https://login.user.example',
      store: 'keychain',
      browser: 'user-browser',
    },
  },
};

const write = (path: string, value: unknown): Promise<void> => writeFile(path, JSON.stringify(value, undefined, 2));
const load = (env: Record<string, string> = {}, given: SettingsOptions = {}): Promise<LoadedSettings> =>
  loadSettings(
    {
      env,
      files: createFiles(),
      directories: { configuration: join(home, 'config'), state: join(home, 'state'), working: work, home },
    },
    given,
  );
const resolve = async (
  env: Record<string, string> = {},
  given: SettingsOptions = {},
  of?: AccountSettings,
): Promise<Settings> => (await load(env, given)).resolve(of);
const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no failure',
    (error: unknown) =>
      error instanceof EntraLoginError ? { code: error.code, message: error.message, hint: error.hint } : error,
  );

describe('the precedence of settings', () => {
  it('takes an option before everything', async () => {
    await Promise.all([write(projectFile, project), write(userFile, user)]);
    const loaded = await load({ ...environment, ...azure }, options);
    expect({ store: loaded.store, ...loaded.resolve(account) }).toEqual({
      tenant: { value: 'option.example', from: 'option' },
      clientId: { value: 'option-client', from: 'option' },
      clientSecret: undefined,
      redirectUri: { value: 'http://localhost:1000/option', from: 'option' },
      scopes: { value: ['openid', 'Option.Read'], from: 'option' },
      authorityHost: { value: 'https://login.option.example', from: 'option' },
      browser: { value: 'option-browser', from: 'option' },
      store: { value: 'memory', from: 'option' },
    });
  });

  it('then our own environment variables', async () => {
    await Promise.all([write(projectFile, project), write(userFile, user)]);
    const loaded = await load({ ...environment, ...azure });
    expect({ store: loaded.store, ...loaded.resolve(account) }).toEqual({
      tenant: { value: 'environment.example', from: 'environment ENTRA_LOGIN_TENANT' },
      clientId: { value: 'environment-client', from: 'environment ENTRA_LOGIN_CLIENT_ID' },
      clientSecret: undefined,
      redirectUri: { value: 'http://localhost:2000/environment', from: 'environment ENTRA_LOGIN_REDIRECT_URI' },
      scopes: { value: ['openid', 'Environment.Read'], from: 'environment ENTRA_LOGIN_SCOPE' },
      authorityHost: {
        value: 'https://login.environment.example',
        from: 'environment ENTRA_LOGIN_AUTHORITY_HOST',
      },
      browser: { value: 'environment-browser', from: 'environment ENTRA_LOGIN_BROWSER' },
      store: { value: 'file', from: 'environment ENTRA_LOGIN_STORE' },
    });
  });

  it('then the project file, whose cloud comes before an authority host of the user file', async () => {
    await Promise.all([write(projectFile, project), write(userFile, user)]);
    const from = `project ${projectFile}`;
    expect(await resolve(azure, {}, account)).toEqual({
      tenant: { value: 'project.example', from },
      clientId: { value: 'project-client', from },
      clientSecret: undefined,
      redirectUri: { value: 'http://localhost:3000/project', from },
      scopes: { value: ['openid', 'Project.Read'], from },
      authorityHost: { value: 'https://login.microsoftonline.us', from },
      browser: { value: 'user-browser', from: `user ${userFile}` },
    });
  });

  it('then the user file', async () => {
    await write(userFile, user);
    const from = `user ${userFile}`;
    const loaded = await load(azure);
    expect({ store: loaded.store, ...loaded.resolve(account) }).toEqual({
      tenant: { value: 'user.example', from },
      clientId: { value: 'user-client', from },
      clientSecret: undefined,
      redirectUri: { value: 'http://localhost:4000/user', from },
      scopes: { value: ['openid', 'User.Read'], from },
      authorityHost: { value: 'https://login.user.example', from },
      browser: { value: 'user-browser', from },
      store: { value: 'keychain', from },
    });
  });

  it('then what the account was signed in with', async () => {
    const loaded = await load(azure);
    expect({ store: loaded.store, ...loaded.resolve(account) }).toEqual({
      tenant: { value: 'account.example', from: 'account' },
      clientId: { value: 'account-client', from: 'account' },
      clientSecret: undefined,
      redirectUri: { value: 'http://localhost:7000/account', from: 'account' },
      scopes: { value: ['openid', 'Account.Read'], from: 'account' },
      authorityHost: { value: 'https://login.account.example', from: 'account' },
      browser: { value: 'general-browser', from: 'environment BROWSER' },
      store: undefined,
    });
  });

  it('then the variables of the Azure tools', async () => {
    expect(await resolve(azure)).toEqual({
      tenant: { value: 'azure.example', from: 'environment AZURE_TENANT_ID' },
      clientId: { value: 'azure-client', from: 'environment AZURE_CLIENT_ID' },
      clientSecret: undefined,
      redirectUri: { value: 'http://localhost:5000/callback', from: 'built-in' },
      scopes: { value: ['openid', 'profile', 'email', 'offline_access'], from: 'built-in' },
      authorityHost: { value: 'https://login.azure.example', from: 'environment AZURE_AUTHORITY_HOST' },
      browser: { value: 'general-browser', from: 'environment BROWSER' },
    });
  });

  it('and what is built in last; an empty variable counts as unset', async () => {
    const empty = Object.fromEntries(Object.keys({ ...environment, ...azure }).map((name) => [name, '']));
    const loaded = await load({ ...empty, ENTRA_LOGIN_PROFILE: '' });
    expect({ profile: loaded.profile, store: loaded.store, ...loaded.resolve(undefined) }).toEqual({
      profile: { value: 'default', from: 'built-in' },
      store: undefined,
      tenant: undefined,
      clientId: undefined,
      clientSecret: undefined,
      redirectUri: { value: 'http://localhost:5000/callback', from: 'built-in' },
      scopes: { value: ['openid', 'profile', 'email', 'offline_access'], from: 'built-in' },
      authorityHost: { value: 'https://login.microsoftonline.com', from: 'built-in' },
      browser: undefined,
    });
  });
});

describe('the profile', () => {
  it('is the one of --profile, ENTRA_LOGIN_PROFILE, the project file, `profile use`, or "default", in that order', async () => {
    await write(userFile, { profile: 'used' });
    const profiles = [(await load()).profile];
    await write(projectFile, { profile: 'projects' });
    profiles.push((await load()).profile);
    profiles.push((await load({ ENTRA_LOGIN_PROFILE: 'env' })).profile);
    profiles.push((await load({ ENTRA_LOGIN_PROFILE: 'env' }, { profile: 'typed' })).profile);
    expect(profiles).toEqual([
      { value: 'used', from: `user ${userFile}` },
      { value: 'projects', from: `project ${projectFile}` },
      { value: 'env', from: 'environment ENTRA_LOGIN_PROFILE' },
      { value: 'typed', from: 'option' },
    ]);
  });

  it('brings its own settings from the user file and nobody else’s', async () => {
    await write(userFile, {
      profile: 'work',
      profiles: { work: { tenant: 'work.example' }, play: { tenant: 'play.example' } },
    });
    expect((await resolve()).tenant?.value).toBe('work.example');
    expect((await resolve({}, { profile: 'play' })).tenant?.value).toBe('play.example');
    expect((await resolve({}, { profile: 'constructor' })).tenant).toBeUndefined();
  });
});

describe('cloud and authority host', () => {
  const hostOf = async (env: Record<string, string>, given: SettingsOptions = {}): Promise<unknown> =>
    (await resolve(env, given)).authorityHost;

  it.each([
    ['public', 'https://login.microsoftonline.com'],
    ['usgov', 'https://login.microsoftonline.us'],
    ['china', 'https://login.partner.microsoftonline.cn'],
    ['bleu', 'https://login.sovcloud-identity.fr'],
    ['delos', 'https://login.sovcloud-identity.de'],
    ['govsg', 'https://login.sovcloud-identity.sg'],
  ])('signs in to the cloud %s at %s', async (cloud, value) => {
    expect(await hostOf({}, { cloud })).toEqual({ value, from: 'option' });
  });

  it('lets the authority host win over the cloud of the same level', async () => {
    const env = { ENTRA_LOGIN_CLOUD: 'china', ENTRA_LOGIN_AUTHORITY_HOST: 'https://login.example.com' };
    expect(await hostOf(env)).toEqual({
      value: 'https://login.example.com',
      from: 'environment ENTRA_LOGIN_AUTHORITY_HOST',
    });
    expect(await hostOf({}, { cloud: 'china', authorityHost: 'login.example.com' })).toEqual({
      value: 'https://login.example.com',
      from: 'option',
    });
  });

  it('lets the cloud of a higher level win over an authority host of a lower one', async () => {
    expect(await hostOf({ ENTRA_LOGIN_AUTHORITY_HOST: 'https://login.example.com' }, { cloud: 'china' })).toEqual({
      value: 'https://login.partner.microsoftonline.cn',
      from: 'option',
    });
    await write(userFile, { profiles: { default: { authorityHost: 'https://login.user.example' } } });
    expect(await hostOf({ ENTRA_LOGIN_CLOUD: 'usgov' })).toEqual({
      value: 'https://login.microsoftonline.us',
      from: 'environment ENTRA_LOGIN_CLOUD',
    });
  });

  it('looks no further than the level that decides: a wrong value below it is nobody’s concern', async () => {
    expect(await hostOf({ ENTRA_LOGIN_AUTHORITY_HOST: 'http://example.com' }, { cloud: 'usgov' })).toEqual({
      value: 'https://login.microsoftonline.us',
      from: 'option',
    });
    expect(await hostOf({ ENTRA_LOGIN_CLOUD: 'mars' }, { authorityHost: 'login.example.com' })).toEqual({
      value: 'https://login.example.com',
      from: 'option',
    });
  });
});

describe('--port', () => {
  it.each([
    ['http://localhost', 'http://localhost:8400'],
    ['http://localhost/', 'http://localhost:8400/'],
    ['http://localhost:5000', 'http://localhost:8400'],
    ['http://127.0.0.1:5000/a/b', 'http://127.0.0.1:8400/a/b'],
    ['HTTP://LOCALHOST:5000/Callback', 'HTTP://LOCALHOST:8400/Callback'],
  ])('changes the port of %s alone', async (redirectUri, value) => {
    expect((await resolve({}, { redirectUri, port: '8400' })).redirectUri).toEqual({ value, from: 'option' });
  });

  it('changes the port of what is built in, and of what the account was signed in with', async () => {
    expect((await resolve({}, { port: '0' })).redirectUri.value).toBe('http://localhost:0/callback');
    expect((await resolve({}, { port: '0' }, account)).redirectUri.value).toBe('http://localhost:0/account');
  });

  it('refuses 80, which would silently become any free port', async () => {
    const said = {
      code: 'configuration',
      hint: 'Entra ignores the port of localhost: take another, or 0 for any free one.',
    };
    expect(await failureOf(resolve({}, { port: '80' }))).toEqual({
      ...said,
      message: 'Port 80 cannot be told from no port in a redirect URI (--port).',
    });
    for (const redirectUri of ['http://localhost:80/callback', 'http://127.0.0.1:080']) {
      expect(await failureOf(resolve({}, { redirectUri }))).toMatchObject(said);
    }
  });

  it.each(['65536', '-1', '80.5', '', 'http', '1e3'])('refuses "%s", naming the option', async (port) => {
    expect(await failureOf(resolve({}, { port }))).toEqual({
      code: 'configuration',
      message: 'The port is not valid (--port).',
      hint: 'Allowed: a number from 0 (any free port) to 65535.',
    });
  });
});

describe('the client secret', () => {
  const secretOf = async (env: Record<string, string>, given: SettingsOptions = {}): Promise<unknown> =>
    (await resolve(env, given)).clientSecret;

  it('is ours where we are given one, whatever the client ID', async () => {
    const env = { ENTRA_LOGIN_CLIENT_SECRET: 'ours', AZURE_CLIENT_ID: 'a', AZURE_CLIENT_SECRET: 'azure' };
    expect(await secretOf(env)).toEqual({ value: 'ours', from: 'environment ENTRA_LOGIN_CLIENT_SECRET' });
    expect(await secretOf(env, { clientId: 'b' })).toMatchObject({ value: 'ours' });
  });

  it('is that of the Azure tools for the client ID of AZURE_CLIENT_ID alone', async () => {
    const env = { AZURE_CLIENT_ID: 'a', AZURE_CLIENT_SECRET: 'azure' };
    expect(await secretOf(env)).toEqual({ value: 'azure', from: 'environment AZURE_CLIENT_SECRET' });
    expect(await secretOf(env, { clientId: 'a' })).toMatchObject({ value: 'azure' });
    expect(await secretOf(env, { clientId: 'b' })).toBeUndefined();
    expect(await secretOf({ AZURE_CLIENT_SECRET: 'azure' }, { clientId: 'b' })).toBeUndefined();
    expect(await secretOf({ AZURE_CLIENT_SECRET: 'azure' })).toBeUndefined();
  });
});

describe('the browser', () => {
  it('is none with --no-browser, whatever else is set', async () => {
    const env = { ENTRA_LOGIN_BROWSER: 'firefox', BROWSER: 'chrome' };
    expect((await resolve(env, { browser: false })).browser).toEqual({ value: 'none', from: 'option' });
    expect((await resolve({ BROWSER: 'none' })).browser).toEqual({ value: 'none', from: 'environment BROWSER' });
  });
});

describe('a wrong value', () => {
  const wrong = 'p@ssw0rd "typed here"';
  const places: readonly (readonly [string, SettingsOptions, Record<string, string>])[] = [
    ['The tenant is not valid (--tenant).', { tenant: wrong }, {}],
    ['The tenant is not valid (ENTRA_LOGIN_TENANT).', {}, { ENTRA_LOGIN_TENANT: wrong }],
    ['The tenant is not valid (AZURE_TENANT_ID).', {}, { AZURE_TENANT_ID: wrong }],
    ['The client ID is not valid (--client-id).', { clientId: wrong }, {}],
    ['The client ID is not valid (AZURE_CLIENT_ID).', {}, { AZURE_CLIENT_ID: wrong }],
    ['The redirect URI is not valid (--redirect-uri).', { redirectUri: wrong }, {}],
    ['The list of scopes is not valid (--scope).', { scope: [wrong] }, {}],
    ['The cloud is not valid (ENTRA_LOGIN_CLOUD).', {}, { ENTRA_LOGIN_CLOUD: wrong }],
    ['The authority host is not valid (--authority-host).', { authorityHost: wrong }, {}],
    ['The authority host is not valid (AZURE_AUTHORITY_HOST).', {}, { AZURE_AUTHORITY_HOST: wrong }],
    ['The profile is not valid (--profile).', { profile: wrong }, {}],
    ['The profile is not valid (ENTRA_LOGIN_PROFILE).', {}, { ENTRA_LOGIN_PROFILE: wrong }],
    ['The store is not valid (ENTRA_LOGIN_STORE).', {}, { ENTRA_LOGIN_STORE: wrong }],
    ['The browser is not valid (--browser).', { browser: ' ' }, {}],
  ];
  it.each(places)('is refused and not repeated: %s', async (message, given, env) => {
    const failure = await failureOf(resolve(env, given));
    expect(failure).toEqual({
      code: 'configuration',
      message,
      hint: expect.stringMatching(/^Allowed: .+\.$/) as string,
    });
    expect(JSON.stringify(failure)).not.toContain('ssw0rd');
  });

  it('in the project file is named with file and line', async () => {
    await write(projectFile, { clientId: 'c', tenant: wrong });
    expect(await failureOf(resolve())).toMatchObject({
      code: 'configuration',
      message: `The tenant is not valid (${projectFile}, line 3).`,
    });
  });

  it('in the user file is named with the line of its own profile', async () => {
    await write(userFile, {
      profile: 'play',
      profiles: { work: { tenant: 'work.example' }, play: { clientId: 'c', tenant: wrong } },
    });
    expect(await failureOf(resolve())).toMatchObject({
      message: `The tenant is not valid (${userFile}, line 9).`,
    });
    await write(userFile, { profiles: { profile: { cloud: 'usgov' } }, profile: wrong });
    expect(await failureOf(resolve())).toMatchObject({
      message: `The profile is not valid (${userFile}, line 7).`,
    });
  });
});

describe('requireClient', () => {
  const client = { tenant: 'contoso.com', clientId: 'c' };

  it('answers tenant and client ID', async () => {
    expect(requireClient(await resolve({}, client))).toEqual(client);
  });

  it.each([
    ['tenant and client ID', {}],
    ['tenant', { clientId: 'c' }],
    ['client ID', { tenant: 'contoso.com' }],
  ])('says that no %s is set, and the ways to set it', async (missing, given) => {
    const settings = await resolve({}, given);
    expect(await failureOf(Promise.resolve().then(() => requireClient(settings)))).toEqual({
      code: 'configuration',
      message: `No ${missing} set.`,
      hint: expect.stringMatching(
        /--tenant TENANT --client-id CLIENT-ID .*ENTRA_LOGIN_TENANT and ENTRA_LOGIN_CLIENT_ID.*entra-login demo$/,
      ) as string,
    });
  });
});
