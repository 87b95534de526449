import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  contoso,
  systemAssignedIdentity,
  userAssignedIdentity,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import { clientCertificate, strangerKey } from '../../src/emulator/test-keys.ts';
import type { ApplicationRun } from '../support/application.ts';
import { runApplication } from '../support/application.ts';
import type { World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
let clock = 0;
const now = (): Date => new Date(Date.now() + clock);
const hours = 3_600_000;
const printed: string[] = [];
const password = 'the-password-of-the-key';

beforeEach(async () => {
  clock = 0;
  printed.length = 0;
  world = await startWorld({ now });
});
afterEach(async () => {
  const all = printed.join('\n');
  const lines = clientCertificate.privateKey.split('\n').filter((line) => line.length > 30 && !line.startsWith('-'));
  for (const value of [...world.emulator.issued.map((secret) => secret.value), ...lines, password]) {
    expect(all.includes(value)).toBe(false);
  }
  await world.close();
});

const client = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId };
const withSecret = { ...client, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
const arcKeys = (): string => join(world.home, 'arc-tokens');

type Options = Parameters<typeof runApplication>[1];
const run = async (options: Options, env: Record<string, string> = {}, rest = {}): Promise<ApplicationRun> => {
  const result = await runApplication(world, options, { env, now, keyDirectory: arcKeys(), ...rest });
  printed.push(result.stderr, JSON.stringify(result.error ?? {}), JSON.stringify(result.error?.cause ?? {}));
  return result;
};
const application = async (
  options: Options = {},
  env: Record<string, string> = {},
  rest = {},
): Promise<ApplicationRun> => await run({ clientCredentials: true, ...options }, env, rest);
const claimsOf = (result: ApplicationRun): Record<string, unknown> =>
  JSON.parse(Buffer.from(result.token?.accessToken.split('.')[1] ?? '', 'base64url').toString() || '{}') as Record<
    string,
    unknown
  >;
const paths = (): string[] => world.emulator.requests.map(({ path }) => path);
const tokenRequests = (): number => paths().filter((path) => path.endsWith('/oauth2/v2.0/token')).length;
const lastForm = (): Record<string, unknown> => ({ ...world.emulator.requests.at(-1)?.form });
const file = async (name: string, content: string): Promise<string> => {
  const path = join(world.home, name);
  await writeFile(path, content);
  return path;
};
const pem = (key: string, certificate = clientCertificate.certificate): string => `${certificate}${key}`;
const encrypted = (type: 'pkcs8' | 'pkcs1'): string =>
  createPrivateKey(clientCertificate.privateKey)
    .export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: password })
    .toString();
const refusedWith = (exitCode: number, code: string, aadsts?: string): unknown => ({
  exitCode,
  token: undefined,
  error: expect.objectContaining({ code, aadsts }) as unknown,
});

describe('a client secret', () => {
  it('gets a token for all that was granted of a resource, with everything the printing needs', async () => {
    const result = await application({ scope: ['https://graph.microsoft.com/.default'] }, withSecret);
    expect(result).toEqual({
      exitCode: 0,
      stderr: '',
      error: undefined,
      token: {
        accessToken: expect.stringMatching(/^eyJ/) as string,
        expiresAt: expect.any(Date) as Date,
        scopes: ['https://graph.microsoft.com/.default'],
        tenantId: contoso.id,
        clientId: webApplication.clientId,
        account: undefined,
      },
    });
    expect(claimsOf(result)).toMatchObject({ idtyp: 'app', appid: webApplication.clientId, appidacr: '1' });
    expect(lastForm()).toEqual({
      grant_type: 'client_credentials',
      client_id: webApplication.clientId,
      client_secret: webSecret,
      scope: 'https://graph.microsoft.com/.default',
    });
  });

  it('is Graph’s by default, and of the first resource of what people sign in for', async () => {
    expect(claimsOf(await application({}, withSecret))).toMatchObject({ aud: 'https://graph.microsoft.com' });
    const env = {
      ...withSecret,
      ENTRA_LOGIN_SCOPE: 'openid https://management.azure.com/user_impersonation User.Read',
    };
    expect(claimsOf(await application({}, env))).toMatchObject({ aud: 'https://management.azure.com' });
    expect(claimsOf(await application({ resource: 'https://management.azure.com/' }, withSecret))).toMatchObject({
      aud: 'https://management.azure.com/',
    });
  });

  it.each([
    [{ scope: ['User.Read'] }, 'https://graph.microsoft.com/.default'],
    [{ scope: ['https://graph.microsoft.com/.default', 'https://management.azure.com/.default'] }, 'one resource'],
    [{ scope: ['x/.default'], resource: 'x' }, '--resource URI is short for'],
    [{ resource: 'a b' }, 'one resource'],
  ])('is not asked for with %j', async (options, hint) => {
    const result = await application(options, withSecret);
    expect(result).toMatchObject({ exitCode: 2, token: undefined });
    expect(result.error?.hint).toContain(hint);
    expect(paths()).toEqual([]);
  });

  it.each([
    ['that is wrong', 'wrong', 'AADSTS7000215'],
    ['that has expired', 'emu8Q~this-one-expired-long-ago', 'AADSTS7000222'],
  ])('%s is exit 4 in plain words', async (_what, secret, aadsts) => {
    const result = await application({}, { ...client, ENTRA_LOGIN_CLIENT_SECRET: secret });
    expect(result).toMatchObject(refusedWith(4, 'entra_refused', aadsts) as object);
    expect(result.error).toMatchObject({
      message: expect.stringContaining('client secret') as string,
      hint: expect.stringContaining('New client secret') as string,
    });
  });

  it('needs a tenant of its own, and says how to set what is missing', async () => {
    for (const tenant of ['common', 'organizations', 'consumers']) {
      expect(await application({ tenant }, withSecret)).toMatchObject(refusedWith(2, 'configuration') as object);
    }
    expect(paths()).toEqual([]);
    const nothing = await application({}, { ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '' });
    expect(nothing.error).toMatchObject({ message: 'No tenant and client ID set.' });
    expect(nothing.error?.hint).toContain('AZURE_TENANT_ID');
    expect(await application({ tenant: 'nobody.example' }, withSecret)).toMatchObject(
      refusedWith(2, 'configuration', 'AADSTS90002') as object,
    );
  });

  it('knows the tenant’s ID where a domain names it', async () => {
    const result = await application({ tenant: 'contoso.com' }, withSecret);
    expect(result.token).toMatchObject({ tenantId: contoso.id });
    const before = paths().length;
    expect((await application({ tenant: 'contoso.com' }, withSecret)).token).toEqual(result.token);
    expect(paths()).toHaveLength(before);
  });

  it('is the one kept with the profile where the environment has none', async () => {
    await world.keychain.write('default/client-secret', webSecret);
    expect(await application({}, client)).toMatchObject({ exitCode: 0 });
  });

  it('sends a claims request, and never answers it with a kept token', async () => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}';
    await application({}, withSecret);
    await application({ claims }, withSecret);
    expect(tokenRequests()).toBe(2);
    expect(lastForm()).toMatchObject({ claims });
  });

  it('tells with --verbose what it proves itself with, and nothing of it', async () => {
    const { stderr } = await application({ verbose: true }, withSecret);
    expect(stderr).toBe(`The application ${webApplication.clientId} proves itself with ENTRA_LOGIN_CLIENT_SECRET.\n`);
  });
});

describe('a certificate', () => {
  const certificate = async (content: string, env: Record<string, string> = {}): Promise<ApplicationRun> =>
    await application({ clientCertificate: await file('client.pem', content) }, { ...client, ...env });
  const withPassword = { AZURE_CLIENT_CERTIFICATE_PASSWORD: password };

  it.each<[string, () => string, Record<string, string>]>([
    ['with its key', () => pem(clientCertificate.privateKey), {}],
    ['after its key', () => `${clientCertificate.privateKey}${clientCertificate.certificate}`, {}],
    [
      'in a chain',
      () => pem(clientCertificate.privateKey, strangerKey.certificate + clientCertificate.certificate),
      {},
    ],
    ['with Windows line ends', () => pem(clientCertificate.privateKey).replaceAll('\n', '\r\n'), {}],
    ['with an encrypted PKCS#8 key', () => pem(encrypted('pkcs8')), withPassword],
    ['with a key encrypted as OpenSSL once did', () => pem(encrypted('pkcs1')), withPassword],
  ])('%s gets a token', async (_what, content, env) => {
    const result = await certificate(content(), env);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(claimsOf(result)).toMatchObject({ appidacr: '2' });
  });

  it.each<[string, () => string, Record<string, string>, string]>([
    [
      'a key that is not RSA',
      () =>
        pem(
          generateKeyPairSync('ec', { namedCurve: 'P-256' })
            .privateKey.export({ type: 'sec1', format: 'pem' })
            .toString(),
        ),
      {},
      'has a key that is not RSA',
    ],
    ['no PEM', () => 'binary\0stuff', {}, 'is no PEM file'],
    ['no key', () => clientCertificate.certificate, {}, 'has no private key in it'],
    ['no certificate', () => clientCertificate.privateKey, {}, 'has no certificate in it'],
    [
      'the key of another',
      () => pem(strangerKey.privateKey),
      {},
      'has a private key that belongs to another certificate',
    ],
    ['an encrypted key and no password', () => pem(encrypted('pkcs8')), {}, 'has an encrypted private key'],
    [
      'an encrypted key and a wrong password',
      () => pem(encrypted('pkcs8')),
      { AZURE_CLIENT_CERTIFICATE_PASSWORD: 'wrong' },
      'cannot be opened with the password',
    ],
    [
      'a damaged key',
      () => pem(clientCertificate.privateKey.replace(/\n[A-Za-z]{4}/, '\nAAAA')),
      {},
      'is damaged: its private key cannot be read',
    ],
    [
      'a damaged certificate',
      () => pem(clientCertificate.privateKey, clientCertificate.certificate.replace(/\n\w{8}/, '\nAAAAAAAA')),
      {},
      'is damaged: a certificate in it cannot be read',
    ],
    ['too much', () => 'x'.repeat(70_000), {}, 'is larger than 65536 bytes'],
  ])('file with %s is exit 2 and says so, without the network', async (_what, content, env, reason) => {
    const result = await certificate(content(), env);
    expect(result.error).toMatchObject({
      code: 'configuration',
      message: `The client certificate of --client-certificate ${reason} (${join(world.home, 'client.pem')}).`,
      hint: expect.stringMatching(/./) as string,
    });
    expect(paths()).toEqual([]);
  });

  it('file that does not exist, is a directory or was pasted in place of its path is exit 2', async () => {
    const messageOf = async (path: string): Promise<unknown> =>
      (await application({ clientCertificate: path }, client)).error?.message;
    expect(await messageOf('/nowhere.pem')).toBe(
      'The client certificate of --client-certificate does not exist (/nowhere.pem).',
    );
    expect(await messageOf(world.home)).toContain('is a directory');
    expect(await messageOf(pem(clientCertificate.privateKey))).toMatch(
      /^The client certificate of --client-certificate [\w ]+( \(\w+\))?\.$/,
    );
  });

  it('that is not uploaded is what Entra says', async () => {
    const result = await certificate(pem(strangerKey.privateKey, strangerKey.certificate));
    expect(result).toMatchObject(refusedWith(4, 'entra_refused', 'AADSTS700027') as object);
  });

  it('used with a clock that is off is what Entra says', async () => {
    const path = await file('client.pem', pem(clientCertificate.privateKey));
    const ahead = (): Date => new Date(Date.now() + 2 * hours);
    const result = await application({ clientCertificate: path }, client, { now: ahead });
    expect(result).toMatchObject(refusedWith(4, 'entra_refused', 'AADSTS700024') as object);
  });

  it('comes from AZURE_CLIENT_CERTIFICATE_PATH, and from the profile in config.json', async () => {
    const path = await file('client.pem', pem(clientCertificate.privateKey));
    const azure = { AZURE_CLIENT_ID: webApplication.clientId, AZURE_CLIENT_CERTIFICATE_PATH: path };
    expect(await application({}, { ...client, ...azure })).toMatchObject({ exitCode: 0 });
    await mkdir(join(world.home, 'config'));
    const config = { profiles: { work: { clientCertificate: '../client.pem' } } };
    await writeFile(join(world.home, 'config', 'config.json'), JSON.stringify(config));
    expect(await application({ profile: 'work' }, client)).toMatchObject({ exitCode: 0 });
  });
});

describe('a federated token file', () => {
  const ofGithub = async (): Promise<string> => {
    const env = world.emulator.hostEnvironments.githubActions;
    const url = `${env['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=api%3A%2F%2FAzureADTokenExchange`;
    const headers = { authorization: `bearer ${env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}` };
    return ((await (await fetch(url, { headers })).json()) as { value: string }).value;
  };

  it('is read anew each time', async () => {
    const first = await ofGithub();
    const path = await file('token', `${first}\n`);
    const options = { federatedTokenFile: path, refresh: true };
    expect(await application(options, client)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(lastForm()).toMatchObject({
      client_assertion: first,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    const second = await ofGithub();
    await writeFile(path, second);
    const azure = { AZURE_CLIENT_ID: webApplication.clientId, AZURE_FEDERATED_TOKEN_FILE: path };
    expect(await application({ refresh: true }, { ...client, ...azure })).toMatchObject({ exitCode: 0 });
    expect(lastForm()).toMatchObject({ client_assertion: second });
  });

  it('is all it takes with the variables of Azure’s workload identity webhook', async () => {
    const env = {
      ...{ ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '', ENTRA_LOGIN_AUTHORITY_HOST: '' },
      AZURE_TENANT_ID: contoso.id,
      AZURE_CLIENT_ID: webApplication.clientId,
      AZURE_AUTHORITY_HOST: `${world.emulator.origin}/`,
      AZURE_FEDERATED_TOKEN_FILE: await file('token', await ofGithub()),
    };
    expect(await application({}, env)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each([
    ['', 'is empty'],
    ['\n', 'is empty'],
    ['no token', 'holds no JWT'],
    ['x'.repeat(70_000), 'is larger than 65536 bytes'],
  ])('with %j in it is exit 2', async (content, reason) => {
    const path = await file('token', content.slice(0, 70_000));
    expect((await application({ federatedTokenFile: path }, client)).error).toMatchObject({
      code: 'configuration',
      message: `The federated token file of --federated-token-file ${reason} (${path}).`,
    });
    expect(paths()).toEqual([]);
  });

  it('that is none, or a pasted token, is exit 2 without the token', async () => {
    expect(await application({ federatedTokenFile: '/nowhere' }, client)).toMatchObject({ exitCode: 2 });
    const pasted = await application({ federatedTokenFile: await ofGithub() }, client);
    expect(pasted).toMatchObject({ exitCode: 2 });
    expect(pasted.error?.message).toMatch(/^The federated token file of --federated-token-file [\w ]+( \(\w+\))?\.$/);
  });

  it.each([
    ['issuer', { issuer: 'https://other.example' }, 'AADSTS700211'],
    ['audience', { audience: 'api://other' }, 'AADSTS700212'],
    ['subject', { subject: 'repo:contoso/other' }, 'AADSTS700213'],
  ])('that the application does not trust by its %s is what Entra says', async (_what, other, aadsts) => {
    const [trust] = webApplication.federatedCredentials ?? [];
    if (trust === undefined) throw new Error('The web application trusts nobody.');
    world.emulator.updateApplication(webApplication.clientId, { federatedCredentials: [{ ...trust, ...other }] });
    const path = await file('token', await ofGithub());
    const result = await application({ federatedTokenFile: path }, client);
    expect(result).toMatchObject(refusedWith(4, 'entra_refused', aadsts) as object);
    expect(result.error?.hint).toContain('Federated credentials');
  });

  it('with a token that has expired is what Entra says', async () => {
    const path = await file('token', await ofGithub());
    clock = hours;
    const result = await application({ federatedTokenFile: path }, client);
    expect(result).toMatchObject(refusedWith(4, 'entra_refused', 'AADSTS700024') as object);
  });
});

describe('GitHub Actions', () => {
  const github = (): Record<string, string> => ({ ...client, ...world.emulator.hostEnvironments.githubActions });

  it('gives the job’s own token for Entra’s audience', async () => {
    const result = await application({}, github());
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const asked = world.emulator.requests.find(({ path }) => path.startsWith('/github-actions'));
    expect(asked).toMatchObject({ method: 'GET', query: { audience: 'api://AzureADTokenExchange' } });
  });

  it('that says no is told apart from Entra, with what the job lacks', async () => {
    const result = await application({}, { ...github(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'wrong' });
    expect(result).toMatchObject(refusedWith(4, 'access_denied') as object);
    expect(result.error).toMatchObject({
      message: 'GitHub Actions gives this job no token (HTTP 401).',
      hint: expect.stringContaining('permissions: id-token: write') as string,
    });
    const without = await application({}, { ...client, GITHUB_ACTIONS: 'true' });
    expect(without).toMatchObject(refusedWith(2, 'configuration') as object);
    expect(without.error?.hint).toContain('permissions: id-token: write');
  });

  it('is asked again after a 429 and a 500, and named when that does not help', async () => {
    world.emulator.injectFault({ endpoint: 'github_oidc', kind: 'throttled', retryAfter: 0, times: 1 });
    world.emulator.injectFault({ endpoint: 'github_oidc', kind: 'server_error', status: 502, retryAfter: 0, times: 1 });
    expect(await application({}, github())).toMatchObject({ exitCode: 0 });
    world.emulator.injectFault({ endpoint: 'github_oidc', kind: 'throttled', retryAfter: 100 });
    const { error } = await application({ refresh: true }, github());
    expect(error).toMatchObject({
      code: 'throttled',
      message: "GitHub Actions throttles requests to the runner's token endpoint (HTTP 429).",
    });
  });

  it.each<[string, object]>([
    ['HTML', { kind: 'html_page' }],
    ['no token', { kind: 'changed_members', members: { value: undefined } }],
    ['something else', { kind: 'changed_members', members: { value: 'opaque' } }],
    ['a redirect', { kind: 'redirect', location: 'https://example.com/' }],
  ])('that answers with %s is exit 5', async (_what, fault) => {
    world.emulator.injectFault({ endpoint: 'github_oidc', ...fault } as never);
    expect(await application({}, github())).toMatchObject(refusedWith(5, 'entra_unavailable') as object);
  });

  it('with an address that is none is exit 2', async () => {
    const result = await application({}, { ...github(), ACTIONS_ID_TOKEN_REQUEST_URL: 'file:///etc/passwd' });
    expect(result).toMatchObject(refusedWith(2, 'configuration') as object);
  });
});

describe('Azure Pipelines', () => {
  const pipelines = (): Record<string, string> => ({ ...client, ...world.emulator.hostEnvironments.azurePipelines });

  it('gives the job’s own token for the service connection, by variable or option', async () => {
    expect(await application({}, pipelines())).toMatchObject({ exitCode: 0, stderr: '' });
    const asked = world.emulator.requests.find(({ path }) => path.startsWith('/azure-pipelines'));
    expect(asked).toMatchObject({ method: 'POST', query: { 'api-version': '7.1' } });
    const { AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: serviceConnectionId = '', ...env } = pipelines();
    expect(await application({ serviceConnectionId, refresh: true }, env)).toMatchObject({ exitCode: 0 });
  });

  it('that says no is told apart from Entra, with what the job lacks', async () => {
    const refused = await application({}, { ...pipelines(), SYSTEM_ACCESSTOKEN: 'wrong' });
    expect(refused).toMatchObject(refusedWith(4, 'access_denied') as object);
    expect(refused.error?.hint).toContain('$(System.AccessToken)');
    const unknown = await application({ serviceConnectionId: 'unknown' }, pipelines());
    expect(unknown).toMatchObject(refusedWith(2, 'configuration') as object);
    expect(unknown.error?.message).toBe('Azure Pipelines knows no such service connection.');
    const { SYSTEM_ACCESSTOKEN: _, ...unmapped } = pipelines();
    expect((await application({}, unmapped)).error?.hint).toContain('SYSTEM_ACCESSTOKEN: $(System.AccessToken)');
    expect(await application({ serviceConnectionId: 'any' }, unmapped)).toMatchObject({ exitCode: 2 });
    const { AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: __, ...nameless } = pipelines();
    expect((await application({}, nameless)).error?.hint).toContain('--service-connection-id');
    expect(await application({ serviceConnectionId: 'a/b' }, pipelines())).toMatchObject({ exitCode: 2 });
  });
});

describe('which credential', () => {
  it('is the option, else the first of the environment, else the profile’s', async () => {
    const azure = { AZURE_CLIENT_ID: webApplication.clientId };
    const hosts = world.emulator.hostEnvironments;
    // From the least to the most; each is taken although all below are there.
    const levels: [string, Record<string, string>][] = [
      ['the secret kept with the profile', {}],
      ["the job's own identity (Azure Pipelines)", hosts.azurePipelines],
      ["the job's own identity (GitHub Actions)", hosts.githubActions],
      ['AZURE_FEDERATED_TOKEN_FILE', { AZURE_FEDERATED_TOKEN_FILE: '/nowhere' }],
      ['AZURE_CLIENT_CERTIFICATE_PATH', { AZURE_CLIENT_CERTIFICATE_PATH: '/nowhere' }],
      ['AZURE_CLIENT_SECRET', { AZURE_CLIENT_SECRET: webSecret }],
      ['ENTRA_LOGIN_CLIENT_SECRET', { ENTRA_LOGIN_CLIENT_SECRET: webSecret }],
    ];
    await world.keychain.write('default/client-secret', webSecret);
    const chosen: string[] = [];
    let env: Record<string, string> = { ...client, ...azure };
    for (const [, added] of levels) {
      env = { ...env, ...added };
      const { stderr } = await application({ verbose: true }, env);
      chosen.push(/proves itself with (.*)\.\n/.exec(stderr)?.[1] ?? stderr);
    }
    expect(chosen).toEqual(levels.map(([name]) => name));
    const { stderr } = await application({ verbose: true, federatedTokenFile: '/nowhere' }, env);
    expect(stderr).toContain('--federated-token-file');
  });

  it('given twice is exit 2', async () => {
    const pipelines = world.emulator.hostEnvironments.azurePipelines;
    const pairs = [
      { clientCertificate: 'a', federatedTokenFile: 'b' },
      { clientCertificate: 'a', serviceConnectionId: 'c' },
      { federatedTokenFile: 'b', serviceConnectionId: 'c' },
    ];
    for (const pair of pairs) {
      expect(await application(pair, { ...client, ...pipelines })).toMatchObject(refusedWith(2, 'usage') as object);
    }
  });

  it('missing is exit 2 and lists the ways; AZURE_* of another client is not taken and named', async () => {
    const none = await application({}, client);
    expect(none).toMatchObject(refusedWith(2, 'configuration') as object);
    for (const way of [
      'ENTRA_LOGIN_CLIENT_SECRET',
      '--client-certificate',
      '--federated-token-file',
      'GitHub Actions',
      'Azure Pipelines',
      'entra-login setup',
    ]) {
      expect(none.error?.hint).toContain(way);
    }
    const other = { AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000001' };
    for (const [name, value] of [
      ['AZURE_CLIENT_SECRET', webSecret],
      ['AZURE_CLIENT_CERTIFICATE_PATH', '/nowhere'],
      ['AZURE_FEDERATED_TOKEN_FILE', '/nowhere'],
    ] as const) {
      const result = await application({}, { ...client, ...other, [name]: value });
      expect(result).toMatchObject({ exitCode: 2 });
      expect(result.error?.message).toContain(`${name} is not used`);
    }
    expect(paths()).toEqual([]);
  });

  it('goes with --client-credentials alone, which goes with nothing else', async () => {
    for (const options of [
      { clientCertificate: 'a' },
      { federatedTokenFile: 'b' },
      { serviceConnectionId: 'c' },
      { managedIdentity: true, clientCertificate: 'a' },
      { managedIdentity: true, clientCredentials: true },
      { clientCredentials: true, login: true },
    ]) {
      expect(await run(options, withSecret)).toMatchObject(refusedWith(2, 'usage') as object);
    }
  });
});

describe('a managed identity', () => {
  const arm = { managedIdentity: true, resource: 'https://management.azure.com/' };
  const hosts = (): World['emulator']['hostEnvironments'] => world.emulator.hostEnvironments;
  const nothing = { ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '' };

  it.each(['virtualMachine', 'appService'] as const)(
    'of a %s is the host’s own or a user-assigned one',
    async (host) => {
      const env = { ...nothing, ...hosts()[host] };
      const own = await run(arm, env);
      expect(own).toMatchObject({
        exitCode: 0,
        stderr: '',
        token: {
          scopes: ['https://management.azure.com//.default'],
          tenantId: contoso.id,
          clientId: systemAssignedIdentity.clientId,
          account: undefined,
        },
      });
      expect(claimsOf(own)).toMatchObject({
        aud: 'https://management.azure.com/',
        oid: systemAssignedIdentity.objectId,
      });
      const lifetime = (own.token?.expiresAt.getTime() ?? 0) - Date.now();
      expect(Math.round(lifetime / hours)).toBe(24);
      const { clientId } = userAssignedIdentity;
      const ofUser = await run({ ...arm, clientId }, env);
      expect(ofUser.token).toMatchObject({ clientId });
      const before = paths().length;
      expect((await run(arm, { ...env, AZURE_CLIENT_ID: clientId })).token).toEqual(ofUser.token);
      expect((await run(arm, env)).token).toEqual(own.token);
      expect(paths()).toHaveLength(before);
    },
  );

  it('tells with --verbose which host is asked for which', async () => {
    const { stderr } = await run({ ...arm, verbose: true }, hosts().virtualMachine);
    expect(stderr).toBe(`The managed identity is the host's own, by IMDS at ${world.emulator.origin}.\n`);
  });

  it('is not chosen by the client ID that people sign in with', async () => {
    const env = { ...hosts().virtualMachine, ENTRA_LOGIN_CLIENT_ID: webApplication.clientId };
    expect((await run(arm, env)).token).toMatchObject({ clientId: systemAssignedIdentity.clientId });
  });

  it.each(['virtualMachine', 'appService'] as const)('that a %s does not have is exit 4', async (host) => {
    const clientId = '00000000-0000-0000-0000-000000000001';
    const result = await run({ ...arm, clientId }, { ...nothing, ...hosts()[host] });
    expect(result).toMatchObject(refusedWith(4, 'entra_refused') as object);
    expect(result.error?.message).toBe(
      `The Azure host gives no token of an identity with the client ID ${clientId}: Identity not found`,
    );
  });

  it('for a resource that nobody knows is exit 4', async () => {
    const result = await run({ managedIdentity: true, resource: 'api://nobody' }, hosts().virtualMachine);
    expect(result).toMatchObject(refusedWith(4, 'entra_refused') as object);
  });

  it('asks IMDS again while that is updated, throttled or out of order', async () => {
    const forTheProbe = { endpoint: 'imds', kind: 'latency', milliseconds: 0, times: 1 } as const;
    world.emulator.injectFault(forTheProbe);
    for (const status of [404, 410]) {
      world.emulator.injectFault({ endpoint: 'imds', kind: 'refused', error: 'x', aadsts: 1, status, times: 1 });
    }
    expect(await run(arm, hosts().virtualMachine)).toMatchObject({ exitCode: 0 });
    world.emulator.injectFault(forTheProbe);
    world.emulator.injectFault({ endpoint: 'imds', kind: 'throttled', retryAfter: 0, times: 1 });
    world.emulator.injectFault({ endpoint: 'imds', kind: 'server_error', status: 500, retryAfter: 0, times: 1 });
    expect(await run({ ...arm, refresh: true }, hosts().virtualMachine)).toMatchObject({ exitCode: 0 });
    world.emulator.injectFault({ endpoint: 'imds', kind: 'throttled', retryAfter: 100 });
    expect(await run({ ...arm, refresh: true }, hosts().virtualMachine)).toMatchObject(
      refusedWith(5, 'throttled') as object,
    );
  });

  it.each([
    ['is refused', (): string => 'http://127.0.0.1:1'],
    ['hangs', (): string => world.emulator.origin],
  ])('says within seconds that there is none where the connection %s', async (what, origin) => {
    if (what === 'hangs') world.emulator.injectFault({ endpoint: 'imds', kind: 'never_answers' });
    const startedAt = Date.now();
    const result = await run(arm, { AZURE_POD_IDENTITY_AUTHORITY_HOST: origin() });
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    expect(result).toMatchObject(refusedWith(5, 'network') as object);
    expect(result.error).toMatchObject({
      message: `This machine has no managed identity: nobody answers at ${new URL(origin()).host}.`,
      hint: expect.stringContaining('--client-credentials') as string,
    });
  });

  it('of an App Service whose header is wrong is exit 4', async () => {
    const result = await run(arm, { ...hosts().appService, IDENTITY_HEADER: 'wrong' });
    expect(result).toMatchObject(refusedWith(4, 'entra_refused') as object);
  });

  it.each<[string, object]>([
    ['HTML', { kind: 'html_page' }],
    ['no token', { kind: 'changed_members', members: { access_token: undefined } }],
    ['a token with a line end', { kind: 'changed_members', members: { access_token: 'a\nb' } }],
    ['no expiry', { kind: 'changed_members', members: { expires_in: undefined, expires_on: undefined } }],
    [
      'an expiry that is no number',
      { kind: 'changed_members', members: { expires_in: { toString: {} }, expires_on: [] } },
    ],
    ['a redirect', { kind: 'redirect', location: 'https://example.com/' }],
  ])('whose host answers with %s is exit 5', async (_what, fault) => {
    world.emulator.injectFault({ endpoint: 'app_service', ...fault } as never);
    expect(await run(arm, hosts().appService)).toMatchObject(refusedWith(5, 'entra_unavailable') as object);
  });

  it('that lives beyond measure is kept for a year: no date tells of its end', async () => {
    const members = { expires_in: '1e300', expires_on: '1e300' };
    world.emulator.injectFault({ endpoint: 'app_service', kind: 'changed_members', members });
    const result = await run(arm, hosts().appService);
    const days = ((result.token?.expiresAt.getTime() ?? 0) - now().getTime()) / 86_400_000;
    expect(Math.round(days)).toBe(366);
  });

  it('is taken with expires_on alone, as App Service gives it', async () => {
    const members = { expires_in: undefined };
    world.emulator.injectFault({ endpoint: 'app_service', kind: 'changed_members', members });
    expect(await run(arm, hosts().appService)).toMatchObject({ exitCode: 0 });
  });

  it('takes no claims, and http from no host far away', async () => {
    expect(await run({ ...arm, claims: '{}' }, hosts().virtualMachine)).toMatchObject(
      refusedWith(2, 'usage') as object,
    );
    for (const host of ['http://example.com', 'nonsense', 'ftp://127.0.0.1', 'http://user@127.0.0.1']) {
      expect(await run(arm, { AZURE_POD_IDENTITY_AUTHORITY_HOST: host })).toMatchObject(
        refusedWith(2, 'configuration') as object,
      );
    }
  });

  describe('of Azure Arc', () => {
    const content = 'arc-key-that-only-the-group-can-read';
    const key = async (name: string, text = content): Promise<string> => {
      await mkdir(arcKeys(), { recursive: true });
      const path = join(arcKeys(), name);
      await writeFile(path, text);
      world.emulator.setArcKey({ path, content });
      return path;
    };

    it('is proved with the file that the challenge names', async () => {
      await key('a.key', `${content}\n`);
      expect(await run(arm, hosts().arc)).toMatchObject({ exitCode: 0, stderr: '' });
    });

    it('has no user-assigned one', async () => {
      await key('a.key');
      const { clientId } = userAssignedIdentity;
      expect(await run({ ...arm, clientId }, hosts().arc)).toMatchObject(refusedWith(2, 'configuration') as object);
    });

    it('never reads a file elsewhere, with another ending, or further down', async () => {
      await key('a.key');
      await writeFile(join(world.home, 'b.key'), content);
      await mkdir(join(arcKeys(), 'c'));
      await writeFile(join(arcKeys(), 'c', 'c.key'), content);
      await mkdir(join(world.home, 'arc-tokenz'));
      await writeFile(join(world.home, 'arc-tokenz', 'a.key'), content);
      for (const path of [
        join(world.home, 'b.key'),
        join(world.home, 'arc-tokenz', 'a.key'),
        `${arcKeys()}/../b.key`,
        `${arcKeys()}/c/c.key`,
        `${arcKeys()}/a.txt`,
        `${arcKeys()}/.key`,
        `${arcKeys()}-other/a.key`,
        '/etc/passwd',
        '',
      ]) {
        world.emulator.setArcKey({ path, content });
        expect(await run(arm, hosts().arc)).toMatchObject(refusedWith(4, 'untrusted_response') as object);
      }
      expect(paths()).toHaveLength(9); // nothing was ever sent in answer
    });

    it('reads no large file, through no link, and says what is wrong with a key file', async () => {
      const wrong = async (path: string): Promise<string | undefined> => {
        world.emulator.setArcKey({ path, content });
        const result = await run(arm, hosts().arc);
        expect(result).toMatchObject(refusedWith(2, 'configuration') as object);
        return result.error?.message;
      };
      const path = await key('large.key', `${content}${' '.repeat(4096)}`);
      expect(await wrong(path)).toBe(`The key file of Azure Arc is larger than 4096 bytes (${path}).`);
      await symlink(await key('a.key'), join(arcKeys(), 'link.key'));
      expect(await wrong(join(arcKeys(), 'link.key'))).toContain('is a symbolic link');
      expect(await wrong(join(arcKeys(), 'none.key'))).toContain('does not exist');
      expect(await wrong(await key('empty.key', '\n'))).toContain('holds no key');
    });

    it('whose key is not the right one is exit 4', async () => {
      await key('a.key', 'another');
      expect(await run(arm, hosts().arc)).toMatchObject(refusedWith(4, 'entra_refused') as object);
    });
  });
});

describe('an application’s token', () => {
  it('is kept until near its expiry, and renewed then or with --refresh', async () => {
    const first = await application({}, withSecret);
    const before = paths().length;
    expect((await application({}, withSecret)).token).toEqual(first.token);
    expect(paths()).toHaveLength(before);
    const refreshed = await application({ refresh: true }, withSecret);
    expect(refreshed.token?.accessToken).not.toBe(first.token?.accessToken);
    expect((await application({}, withSecret)).token).toEqual(refreshed.token);
    expect((await application({ minValidity: '2h' }, withSecret)).token).not.toEqual(refreshed.token);
    clock = 0.95 * hours;
    expect((await application({}, withSecret)).token?.accessToken).not.toBe(refreshed.token?.accessToken);
  });

  it('and a person’s never answer for each other, and neither takes the other away', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
    await world.run(['login'], { env });
    const person = await world.run(['token'], { env });
    const app = await application({}, env);
    const machine = await run({ managedIdentity: true }, { ...env, ...world.emulator.hostEnvironments.virtualMachine });
    expect(new Set([person.stdout.trim(), app.token?.accessToken, machine.token?.accessToken]).size).toBe(3);
    const before = paths().length;
    expect(await world.run(['token'], { env })).toEqual(person);
    expect((await application({}, env)).token).toEqual(app.token);
    expect(paths()).toHaveLength(before);
    expect(await world.run(['token', '--refresh'], { env })).toMatchObject({ exitCode: 0 });
    expect((await application({}, env)).token).toEqual(app.token);
  });

  it('of one client, tenant or host is not another’s', async () => {
    const first = await application({}, withSecret);
    const second = await application({ tenant: 'contoso.onmicrosoft.com' }, withSecret);
    expect(second.token?.accessToken).not.toBe(first.token?.accessToken);
    const other = await application({ clientId: '51091e00-bbbb-4bbb-8bbb-bbbbbbbbbbbb' }, withSecret);
    expect(other).toMatchObject({ exitCode: 4 });
  });

  it('that is still valid is used with a warning when Entra cannot be reached, unless more was asked for', async () => {
    const kept = await application({}, withSecret);
    clock = 0.95 * hours;
    world.emulator.injectFault({ endpoint: 'discovery', kind: 'server_error', status: 503, retryAfter: 100 });
    const result = await application({}, withSecret);
    expect(result).toMatchObject({ exitCode: 0, token: kept.token });
    expect(result.stderr).toContain('warning: The access token could not be renewed');
    expect(await application({ quiet: true }, withSecret)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await application({ refresh: true }, withSecret)).toMatchObject(
      refusedWith(5, 'entra_unavailable') as object,
    );
    clock = 1.1 * hours;
    expect(await application({}, withSecret)).toMatchObject(refusedWith(5, 'entra_unavailable') as object);
  });

  it('that Entra refuses to renew is no kept one', async () => {
    await application({}, withSecret);
    clock = 0.95 * hours;
    const wrong = { ...client, ENTRA_LOGIN_CLIENT_SECRET: 'wrong' };
    expect(await application({}, wrong)).toMatchObject(refusedWith(4, 'entra_refused', 'AADSTS7000215') as object);
  });

  it.each(['keychain', 'file'])('is asked for once by any number of callers (%s)', async (store) => {
    const results = await Promise.all(Array.from({ length: 10 }, () => application({ store }, withSecret)));
    expect(new Set(results.map(({ token }) => token?.accessToken)).size).toBe(1);
    expect(results[0]).toMatchObject({ exitCode: 0 });
    expect(tokenRequests()).toBe(1);
  });

  it('is asked for by one of several with --refresh, too', async () => {
    await application({}, withSecret);
    const results = await Promise.all(Array.from({ length: 5 }, () => application({ refresh: true }, withSecret)));
    expect(new Set(results.map(({ token }) => token?.accessToken)).size).toBe(1);
    expect(tokenRequests()).toBe(2);
  });

  it('in use outlives 32 newer ones', async () => {
    const first = await application({}, withSecret);
    const [kept] = (JSON.parse((await world.keychain.read('default')) ?? '') as { accessTokens: object[] })
      .accessTokens;
    const others = Array.from({ length: 31 }, (_, index) => ({
      ...kept,
      resource: `other-${index}`,
      accessToken: `other-${index}`,
    }));
    await world.keychain.write('default', JSON.stringify({ version: 1, accessTokens: [...others, kept] }));
    clock = 0.5 * hours;
    expect((await application({}, withSecret)).token).toEqual(first.token);
    await application({ resource: 'https://management.azure.com' }, withSecret);
    const before = paths().length;
    expect((await application({}, withSecret)).token).toEqual(first.token);
    expect(paths()).toHaveLength(before);
  });

  it('is kept nowhere with --store memory', async () => {
    const first = await application({ store: 'memory' }, withSecret);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await world.keychain.list()).toEqual([]);
  });

  it('is printed with one warning where nobody chose a store and there is no keychain', async () => {
    const rest = { keychain: missingKeychain() };
    const result = await application({}, withSecret, rest);
    expect(result).toMatchObject({ exitCode: 0, token: { clientId: webApplication.clientId } });
    expect(result.stderr).toBe(
      'warning: The token is not kept: There is no keychain here. (--store memory says that this is meant.)\n',
    );
    expect(tokenRequests()).toBe(1);
    expect(await application({ store: 'keychain' }, withSecret, rest)).toMatchObject(
      refusedWith(6, 'keychain_unavailable') as object,
    );
    expect(await application({}, { ...withSecret, ENTRA_LOGIN_STORE: 'keychain' }, rest)).toMatchObject({
      exitCode: 6,
    });
  });

  it('is not asked for over damaged content, which stays', async () => {
    await world.keychain.write('default', 'damaged');
    expect(await application({}, withSecret)).toMatchObject(refusedWith(6, 'store_failed') as object);
    expect(await world.keychain.read('default')).toBe('damaged');
    await world.keychain.delete('default');
    await application({}, withSecret);
    const kept = (await world.keychain.read('default')) ?? '';
    expect(kept).toContain('"issuedTo":{');
    await world.keychain.write('default', kept.replace('"issuedTo":{', '"issuedTo":[],"x":{'));
    expect(await application({}, withSecret)).toMatchObject(refusedWith(6, 'store_failed') as object);
  });

  it('is waited for no longer than --timeout', async () => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'never_answers' });
    expect(await application({ timeout: '200ms' }, withSecret)).toMatchObject(refusedWith(7, 'timeout') as object);
  });

  it('survives a dropped connection, a 429 and a 500', async () => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'connection_dropped', when: 'before', times: 1 });
    world.emulator.injectFault({ endpoint: 'token', kind: 'server_error', status: 500, retryAfter: 0, times: 1 });
    expect(await application({}, withSecret)).toMatchObject({ exitCode: 0 });
  });
});

describe('on the command line', () => {
  it('token prints it without an account, and a refusal on stderr alone', async () => {
    const argv = ['token', '--client-credentials', '--resource', 'https://management.azure.com', '--json'];
    const result = await world.run(argv, { env: withSecret });
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({
      accessToken: expect.stringMatching(/^eyJ/) as string,
      tokenType: 'Bearer',
      expiresAt: expect.any(String) as string,
      scopes: ['https://management.azure.com/.default'],
      tenantId: contoso.id,
      clientId: webApplication.clientId,
    });
    expect(await world.run(argv, { env: withSecret })).toEqual(result);
    const wrong = { ...client, ENTRA_LOGIN_CLIENT_SECRET: 'wrong' };
    const refused = await world.run([...argv, '--refresh'], { env: wrong });
    expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
    expect(refused.stderr).toContain('AADSTS7000215');
  });

  it('token --managed-identity needs nothing else', async () => {
    const env = world.emulator.hostEnvironments.virtualMachine;
    expect(await world.run(['token', '--managed-identity'], { env })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it.each([
    ['--client-certificate', 'a.pem'],
    ['--client-credentials', '--managed-identity'],
    ['--client-credentials', '--login'],
    ['--client-credentials', '--federated-token-file', 'a', '--client-certificate', 'b'],
  ])('token %s %s is exit 2', async (...options) => {
    expect(await world.run(['token', ...options], { env: client })).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
