import { expect, test } from 'vitest';
import { arcKeyDirectory, findIdentityHost } from '../../src/auth/managed-identity-host.ts';

const find = (env: Record<string, string>, isArcInstalled = false): Promise<unknown> =>
  findIdentityHost(
    {
      env,
      files: {
        readText: () => Promise.resolve(undefined),
        readLimited: () => Promise.reject(new Error('must not be asked')),
        writeText: () => Promise.reject(new Error('must not be asked')),
        exists: (path) => Promise.resolve(isArcInstalled && path === '/keys'),
        isOwnedByUser: () => Promise.resolve(true),
      },
    },
    '/keys',
  );
const imds = { kind: 'imds', endpoint: 'http://169.254.169.254/metadata/identity/oauth2/token' };

test('the host is App Service, Arc or IMDS, as the Azure SDKs tell them apart', async () => {
  const endpoint = 'http://127.0.0.1:41741/msi/token/';
  const arc = 'http://localhost:40342/metadata/identity/oauth2/token';
  expect([
    await find({}),
    await find({ IDENTITY_ENDPOINT: '', IDENTITY_HEADER: 'secret' }),
    await find({ IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 'secret' }),
    await find({ IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 'secret' }, true),
    await find({ IDENTITY_ENDPOINT: arc, IMDS_ENDPOINT: 'http://localhost:40342' }),
    await find({}, true),
    await find({ AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://169.254.169.254/' }, true),
    await find({ AZURE_POD_IDENTITY_AUTHORITY_HOST: 'http://localhost:8080' }),
    await find({ AZURE_POD_IDENTITY_AUTHORITY_HOST: 'https://imds.example' }),
    await find({ IDENTITY_ENDPOINT: 'http://sidecar.internal/token', IDENTITY_HEADER: 'secret' }),
  ]).toEqual([
    imds,
    imds,
    { kind: 'app_service', endpoint, header: 'secret' },
    { kind: 'app_service', endpoint, header: 'secret' },
    { kind: 'arc', endpoint: arc, keyDirectory: '/keys' },
    { kind: 'arc', endpoint: 'http://127.0.0.1:40342/metadata/identity/oauth2/token', keyDirectory: '/keys' },
    imds,
    { kind: 'imds', endpoint: 'http://localhost:8080/metadata/identity/oauth2/token' },
    { kind: 'imds', endpoint: 'https://imds.example/metadata/identity/oauth2/token' },
    { kind: 'app_service', endpoint: 'http://sidecar.internal/token', header: 'secret' },
  ]);
});

test.each([
  ['AZURE_POD_IDENTITY_AUTHORITY_HOST', 'http://169.254.169.254.example'],
  ['AZURE_POD_IDENTITY_AUTHORITY_HOST', 'http://10.0.0.1'],
  ['AZURE_POD_IDENTITY_AUTHORITY_HOST', '169.254.169.254'],
  ['IDENTITY_ENDPOINT', 'file:///token'],
  ['IDENTITY_ENDPOINT', 'https://name:password@example.com'],
])('%s=%s is refused', async (name, value) => {
  await expect(find({ [name]: value, IDENTITY_HEADER: 'secret' })).rejects.toMatchObject({
    code: 'configuration',
    message: `There is no usable address in ${name}.`,
  });
});

test('Arc’s agent keeps its keys where the system has it', () => {
  const directory = (working: string, env: Record<string, string> = {}): string =>
    arcKeyDirectory({ env, directories: { configuration: '', state: '', working, home: undefined } });
  expect([
    directory('/home/me'),
    directory(String.raw`C:\Users\me`),
    directory(String.raw`\\host\share`, { ProgramData: String.raw`D:\Data` }),
  ]).toEqual([
    '/var/opt/azcmagent/tokens',
    String.raw`C:\ProgramData\AzureConnectedMachineAgent\Tokens`,
    String.raw`D:\Data\AzureConnectedMachineAgent\Tokens`,
  ]);
});
