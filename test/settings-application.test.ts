import { expect, test } from 'vitest';
import type { ApplicationSettings, ApplicationSettingsSources } from '../src/settings-application.ts';
import { resolveApplicationSettings } from '../src/settings-application.ts';

const fileOf = (path: string, values: Record<string, string>): ApplicationSettingsSources['user'] => ({
  path,
  values,
  placeOf: () => `${path}, line 1`,
});
const resolve = (sources: Partial<ApplicationSettingsSources>): ApplicationSettings =>
  resolveApplicationSettings({
    ...{ env: {}, options: {}, project: undefined, user: undefined, account: undefined, configuration: '/config' },
    ...sources,
  });
const client = '0eb00000-dddd-4ddd-8ddd-dddddddddddd';

test('AZURE_* comes right after ENTRA_LOGIN_*, before the files and the account', () => {
  const levels = {
    account: { tenant: 'account.example', clientId: 'account', scopes: ['a/b'], authorityHost: 'https://a.example' },
    user: fileOf('/config/config.json', {
      tenant: 'user.example',
      clientId: 'user',
      scopes: 'u/.default',
      authorityHost: 'https://u.example',
    }),
    project: fileOf('/p/.entra-login.json', {
      tenant: 'project.example',
      clientId: 'project',
      scopes: 'p/.default',
      cloud: 'china',
    }),
  };
  const azure = {
    AZURE_TENANT_ID: 'azure.example',
    AZURE_CLIENT_ID: 'azure',
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/',
  };
  const own = {
    ENTRA_LOGIN_TENANT: 'environment.example',
    ENTRA_LOGIN_CLIENT_ID: 'environment',
    ENTRA_LOGIN_SCOPE: 'e/.default',
    ENTRA_LOGIN_CLOUD: 'bleu',
  };
  const options = { tenant: 'option.example', clientId: 'option', scope: ['o/.default'], cloud: 'delos' };
  const { account, user, project } = levels;
  const seen = [
    resolve({ account }),
    resolve({ account, user }),
    resolve({ account, user, project }),
    resolve({ account, user, project, env: azure }),
    resolve({ account, user, project, env: { ...azure, ...own } }),
    resolve({ account, user, project, env: { ...azure, ...own }, options }),
  ].map(({ tenant, clientId, scopes, authorityHost }) => [
    tenant?.value,
    clientId?.value,
    scopes?.value.join(' '),
    authorityHost.value,
    tenant?.from,
  ]);
  expect(seen).toEqual([
    ['account.example', 'account', 'a/b', 'https://a.example', 'account'],
    ['user.example', 'user', 'u/.default', 'https://u.example', 'user /config/config.json'],
    [
      'project.example',
      'project',
      'p/.default',
      'https://login.partner.microsoftonline.cn',
      'project /p/.entra-login.json',
    ],
    ['azure.example', 'azure', 'p/.default', 'https://login.microsoftonline.us', 'environment AZURE_TENANT_ID'],
    [
      'environment.example',
      'environment',
      'e/.default',
      'https://login.sovcloud-identity.fr',
      'environment ENTRA_LOGIN_TENANT',
    ],
    ['option.example', 'option', 'o/.default', 'https://login.sovcloud-identity.de', 'option'],
  ]);
});

test('nothing set is nothing but the public cloud', () => {
  const { authorityHost, ...rest } = resolve({});
  expect(authorityHost).toEqual({ value: 'https://login.microsoftonline.com', from: 'built-in' });
  expect(Object.values(rest).every((setting) => setting === undefined)).toBe(true);
});

test('an AZURE_* credential serves the client of AZURE_CLIENT_ID alone, in any letter case', () => {
  const env = {
    AZURE_CLIENT_ID: client.toUpperCase(),
    AZURE_CLIENT_SECRET: 'secret',
    AZURE_CLIENT_CERTIFICATE_PATH: '/c.pem',
    AZURE_CLIENT_CERTIFICATE_PASSWORD: 'password',
    AZURE_FEDERATED_TOKEN_FILE: '/token',
  };
  const credentialsOf = ({
    clientSecret,
    clientCertificate,
    certificatePassword,
    federatedTokenFile,
  }: ApplicationSettings): unknown =>
    [clientSecret, clientCertificate, certificatePassword, federatedTokenFile].map((setting) => setting?.from);
  const variables = ['SECRET', 'CERTIFICATE_PATH', 'CERTIFICATE_PASSWORD'].map((n) => `environment AZURE_CLIENT_${n}`);
  expect(credentialsOf(resolve({ env, options: { clientId: client } }))).toEqual([
    ...variables,
    'environment AZURE_FEDERATED_TOKEN_FILE',
  ]);
  // The password opens a file of this machine, whichever it is.
  expect(credentialsOf(resolve({ env, options: { clientId: 'other' } }))).toEqual([
    undefined,
    undefined,
    'environment AZURE_CLIENT_CERTIFICATE_PASSWORD',
    undefined,
  ]);
  const own = { ...env, ENTRA_LOGIN_CLIENT_ID: 'other', ENTRA_LOGIN_CLIENT_SECRET: 'own' };
  expect(resolve({ env: own }).clientSecret).toEqual({
    value: 'own',
    from: 'environment ENTRA_LOGIN_CLIENT_SECRET',
  });
});

test('a certificate in config.json is found beside it, whatever the working directory', () => {
  const certificate = (clientCertificate: string): string | undefined =>
    resolve({ user: fileOf('/config/config.json', { clientCertificate }) }).clientCertificate?.value;
  expect(['a.pem', '/a.pem', String.raw`C:\a.pem`, String.raw`\\host\a.pem`].map(certificate)).toEqual([
    '/config/a.pem',
    '/a.pem',
    String.raw`C:\a.pem`,
    String.raw`\\host\a.pem`,
  ]);
});

test('a managed identity is named by --client-id, else AZURE_CLIENT_ID, and by nothing that people sign in with', () => {
  const user = fileOf('/config/config.json', { clientId: 'user' });
  const env = { ENTRA_LOGIN_CLIENT_ID: 'own' };
  const azure = { ...env, AZURE_CLIENT_ID: 'azure' };
  expect([
    resolve({ env, user }).managedIdentity,
    resolve({ env: azure, user }).managedIdentity,
    resolve({ env: azure, options: { clientId: 'option' } }).managedIdentity,
  ]).toEqual([undefined, { value: 'azure', from: 'environment AZURE_CLIENT_ID' }, { value: 'option', from: 'option' }]);
});

test('a service connection is named by option or variable, and nothing but an ID', () => {
  const env = { AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: 'a-b' };
  expect(resolve({ env }).serviceConnectionId?.value).toBe('a-b');
  expect(resolve({ env, options: { serviceConnectionId: 'c' } }).serviceConnectionId?.value).toBe('c');
  expect(() => resolve({ options: { serviceConnectionId: 'a&b=c' } })).toThrow(
    'The service connection ID is not valid (--service-connection-id).',
  );
});
