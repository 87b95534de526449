import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import type { EndpointName } from '../../src/emulator/exchange.ts';
import { appServicePath, arcPath, imdsPath } from '../../src/emulator/managed-identity.ts';
import { azurePipelinesTokenPath, githubTokenPath } from '../../src/emulator/workload-tokens.ts';
import { renderErrorJson } from '../../src/render/error.ts';
import { runApplication } from './application.ts';
import type { RunOptions, RunResult, World } from './world.ts';

interface SentRequest {
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

/** One kind of request that the tool makes, and the command line that makes it. */
export interface RequestUnderTest {
  readonly endpoint: EndpointName;
  /** Tells it from the other requests of that command line. */
  readonly matches: (request: SentRequest) => boolean;
  /** Whether somebody must be signed in before. */
  readonly needsSignIn: boolean;
  readonly run: (world: World, options: RunOptions) => Promise<RunResult>;
}

const endsWith =
  (path: string, isMeant: (request: SentRequest) => boolean = () => true) =>
  (request: SentRequest): boolean =>
    request.url.pathname.endsWith(path) && isMeant(request);
const ofGrant = (name: string): RequestUnderTest['matches'] =>
  endsWith('/oauth2/v2.0/token', ({ body }) => new URLSearchParams(body).get('grant_type') === name);
const line =
  (...argv: string[]): RequestUnderTest['run'] =>
  (world, options) =>
    world.run([...argv, '--json'], options);
const application =
  (envOf: (world: World) => Readonly<Record<string, string>>): RequestUnderTest['run'] =>
  (world, options) => {
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ...envOf(world) };
    return world.run(['token', '--client-credentials', '--refresh', '--json'], { ...options, env });
  };
const host =
  (kind: 'virtualMachine' | 'appService' | 'arc'): RequestUnderTest['run'] =>
  (world, options) => {
    const argv = ['token', '--managed-identity', '--refresh', '--resource', 'https://management.azure.com', '--json'];
    // A client ID would name a user-assigned identity.
    const env = { ...world.emulator.hostEnvironments[kind], ENTRA_LOGIN_CLIENT_ID: '' };
    return world.run(argv, { ...options, env });
  };

/** Every request that the tool makes, by the name that docs/faults.md gives it. */
export const requestsUnderTest: Readonly<Record<string, RequestUnderTest>> = {
  'discovery document': {
    endpoint: 'discovery',
    matches: endsWith('/openid-configuration'),
    needsSignIn: false,
    run: line('login'),
  },
  'signing keys': { endpoint: 'keys', matches: endsWith('/keys'), needsSignIn: false, run: line('login') },
  'signing keys of the application': {
    endpoint: 'keys',
    matches: endsWith('/keys', ({ url }) => url.searchParams.has('appid')),
    needsSignIn: false,
    run: (world, options) => {
      // Both of the tenant's own: while the person signs in, and for the key that is not among them.
      world.emulator.injectFault({ endpoint: 'keys', times: 2, kind: 'changed_members', members: { keys: [] } });
      return world.run(['login', '--json'], options);
    },
  },
  'token: code': {
    endpoint: 'token',
    matches: ofGrant('authorization_code'),
    needsSignIn: false,
    run: line('login'),
  },
  'token: renewal': {
    endpoint: 'token',
    matches: ofGrant('refresh_token'),
    needsSignIn: true,
    run: line('token', '--refresh'),
  },
  'token: device code': {
    endpoint: 'token',
    matches: ofGrant('urn:ietf:params:oauth:grant-type:device_code'),
    needsSignIn: false,
    run: runDeviceCode,
  },
  'token: client credentials': {
    endpoint: 'token',
    matches: ofGrant('client_credentials'),
    needsSignIn: false,
    run: application(() => ({ ENTRA_LOGIN_CLIENT_SECRET: webSecret })),
  },
  'device code': { endpoint: 'devicecode', matches: endsWith('/devicecode'), needsSignIn: false, run: runDeviceCode },
  UserInfo: {
    endpoint: 'userinfo',
    matches: endsWith('/userinfo'),
    needsSignIn: true,
    run: line('whoami', '--userinfo'),
  },
  'GitHub Actions': {
    endpoint: 'github_oidc',
    matches: endsWith(githubTokenPath),
    needsSignIn: false,
    run: application(({ emulator }) => emulator.hostEnvironments.githubActions),
  },
  'Azure Pipelines': {
    endpoint: 'azure_pipelines_oidc',
    matches: endsWith(azurePipelinesTokenPath),
    needsSignIn: false,
    run: application(({ emulator }) => emulator.hostEnvironments.azurePipelines),
  },
  'IMDS: is it there?': {
    endpoint: 'imds',
    matches: endsWith(imdsPath, ({ headers }) => !headers.has('metadata')),
    needsSignIn: false,
    run: host('virtualMachine'),
  },
  IMDS: {
    endpoint: 'imds',
    matches: endsWith(imdsPath, ({ headers }) => headers.has('metadata')),
    needsSignIn: false,
    run: host('virtualMachine'),
  },
  'App Service': {
    endpoint: 'app_service',
    matches: endsWith(appServicePath),
    needsSignIn: false,
    run: host('appService'),
  },
  'Azure Arc: challenge': {
    endpoint: 'arc',
    matches: endsWith(arcPath, ({ headers }) => !headers.has('authorization')),
    needsSignIn: false,
    run: runArc,
  },
  'Azure Arc: token': {
    endpoint: 'arc',
    matches: endsWith(arcPath, ({ headers }) => headers.has('authorization')),
    needsSignIn: false,
    run: runArc,
  },
};

/** The person enters the code on another device as soon as it is shown. */
async function runDeviceCode(world: World, options: RunOptions): Promise<RunResult> {
  let isDone = false;
  const onStderr = (text: string): void => {
    if (isDone || !text.startsWith('{"event":"device_code"')) return;
    isDone = true;
    const { verificationUri = '', userCode } = JSON.parse(text) as Record<string, string>;
    void world.browserOf({ userCode })(verificationUri, undefined);
  };
  return await world.run(['login', '--device-code', '--timeout', '60s', '--json'], { ...options, onStderr });
}

// Arc's keys lie where only its agent writes, so this goes past the command line.
async function runArc(world: World, options: RunOptions): Promise<RunResult> {
  const keyDirectory = join(world.home, 'arc-tokens');
  const key = { path: join(keyDirectory, 'a.key'), content: 'arc-key-that-only-the-group-can-read' };
  mkdirSync(keyDirectory, { recursive: true });
  writeFileSync(key.path, key.content);
  world.emulator.setArcKey(key);
  const wanted = { managedIdentity: true, refresh: true, resource: 'https://management.azure.com' };
  const env = { ...world.emulator.hostEnvironments.arc, ENTRA_LOGIN_CLIENT_ID: '' };
  const now = (): Date => new Date();
  const { fetch = globalThis.fetch } = options;
  const { exitCode, stderr, token, error } = await runApplication(world, wanted, { env, now, keyDirectory, fetch });
  const said = error === undefined ? '' : renderErrorJson(error);
  return { exitCode, stdout: token === undefined ? '' : 'a token', stderr: `${stderr}${said}` };
}
