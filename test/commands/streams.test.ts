import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { exitCodes } from '../../src/errors.ts';
import type { RunOptions, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

interface Failure {
  readonly argv: readonly string[];
  readonly exitCode: number;
  /** What is done to the world first; `options` are those of the failing command line. */
  readonly before?: (world: World) => unknown;
  readonly options?: RunOptions;
}

const signIn = (w: World): Promise<unknown> => w.run(['login']);
const broken = { endpoint: 'token', kind: 'html_page' } as const;
const web = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId };
const app = ['token', '--client-credentials'];

// Each command with each kind of failure that it can meet.
const failures: Readonly<Record<string, Failure>> = {
  'login with a wrong option': { argv: ['login', '--nonsense'], exitCode: 2 },
  'login without a tenant': { argv: ['login'], exitCode: 2, options: { env: { ENTRA_LOGIN_TENANT: '' } } },
  'login at an unknown tenant': { argv: ['login', '--tenant', 'nowhere.example'], exitCode: 2 },
  'login that needs a person, with --prompt none': { argv: ['login', '--prompt', 'none'], exitCode: 3 },
  'login that Entra refuses': { argv: ['login'], exitCode: 4, options: { env: web } },
  'login whose ID token is not to be trusted': {
    argv: ['login'],
    exitCode: 4,
    before: (w) => w.emulator.injectFault({ kind: 'id_token', defect: 'bad_signature' }),
  },
  'login with a broken answer': { argv: ['login'], exitCode: 5, before: (w) => w.emulator.injectFault(broken) },
  'login without a keychain': { argv: ['login'], exitCode: 6, options: { keychain: missingKeychain() } },
  'login that nobody answers': { argv: ['login', '--no-browser', '--timeout', '200ms'], exitCode: 7 },
  'login by device code that nobody answers': { argv: ['login', '--device-code', '--timeout', '200ms'], exitCode: 7 },
  'login by a pasted address that is none': { argv: ['login', '--manual'], exitCode: 2, options: { stdin: ['x'] } },
  'whoami when nobody is signed in': { argv: ['whoami'], exitCode: 3 },
  'whoami of an absent claim': { argv: ['whoami', '--claim', 'x'], exitCode: 2, before: signIn },
  'whoami --check of a revoked account': {
    argv: ['whoami', '--check'],
    exitCode: 3,
    before: async (w) => {
      await signIn(w);
      w.emulator.revokeUser(alice.username);
    },
  },
  'whoami --userinfo with a broken answer': {
    argv: ['whoami', '--userinfo'],
    exitCode: 5,
    before: async (w) => {
      await signIn(w);
      w.emulator.injectFault({ endpoint: 'userinfo', kind: 'malformed_json' });
    },
  },
  'whoami without a keychain': { argv: ['whoami'], exitCode: 6, options: { keychain: missingKeychain() } },
  'token when nobody is signed in': { argv: ['token'], exitCode: 3 },
  'token of two resources': { argv: ['token', '--scope', 'a/b c/d'], exitCode: 2, before: signIn },
  'token of damaged content': { argv: ['token'], exitCode: 6, before: (w) => w.keychain.write('default', '{}') },
  'token with a broken answer': {
    argv: ['token', '--refresh'],
    exitCode: 5,
    before: async (w) => {
      await signIn(w);
      w.emulator.injectFault(broken);
    },
  },
  'token blocked by Conditional Access': {
    argv: ['token', '--refresh'],
    exitCode: 4,
    before: async (w) => {
      await signIn(w);
      w.emulator.blockByConditionalAccess(alice.username);
    },
  },
  'token of an application without a credential': { argv: app, exitCode: 2, options: { env: web } },
  'token of an application with a wrong secret': {
    argv: app,
    exitCode: 4,
    options: { env: { ...web, ENTRA_LOGIN_CLIENT_SECRET: `${webSecret}x` } },
  },
  'token of an application with a broken answer': {
    argv: app,
    exitCode: 5,
    before: (w) => w.emulator.injectFault(broken),
    options: { env: { ...web, ENTRA_LOGIN_CLIENT_SECRET: webSecret } },
  },
  'exec when nobody is signed in': { argv: ['exec', '--', 'true'], exitCode: 3 },
  'git-credential with an operation it does not know': { argv: ['git-credential', 'fill'], exitCode: 2 },
  'git-credential when nobody is signed in': {
    argv: ['git-credential', 'get'],
    exitCode: 3,
    options: { stdin: ['protocol=https', 'host=dev.azure.com', ''] },
  },
  'logout without a keychain': { argv: ['logout'], exitCode: 6, options: { keychain: missingKeychain() } },
  'demo with --json': { argv: ['demo', '--json'], exitCode: 2 },
  'no such command': { argv: ['signin'], exitCode: 2 },
};

describe('stdout', () => {
  it.each(Object.entries(failures))('holds nothing at: %s', async (_what, { argv, exitCode, before, options }) => {
    await before?.(world);
    const result = await world.run(argv, options);
    expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: '' });
    expect(result.stderr).toMatch(argv.includes('--json') ? /^{"error":/m : /^error: \S/m);
  });

  const withJson = Object.entries(failures).filter(
    ([, { argv }]) => !['exec', 'git-credential'].includes(argv[0] ?? ''),
  );
  it.each(withJson)('holds nothing with --json at: %s', async (_what, { argv, exitCode, before, options }) => {
    await before?.(world);
    const result = await world.run([...argv, '--json'], options);
    expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: '' });
    const last = result.stderr.trimEnd().split('\n').at(-1) ?? '';
    const { error } = JSON.parse(last) as { error: { code: keyof typeof exitCodes; message: string } };
    expect(exitCodes[error.code]).toBe(exitCode);
    expect(error.message).not.toBe('');
  });

  it('is exactly one JSON document where a command succeeds with --json', async () => {
    const results = [
      await world.run(['login', '--json']),
      await world.run(['whoami', '--json']),
      await world.run(['whoami', '--userinfo', '--json']),
      await world.run(['token', '--json']),
      await world.run(['logout', '--json']),
      await world.run(['logout', '--json']),
    ];
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0, 0]);
    for (const { stdout } of results) expect(typeof JSON.parse(stdout)).toBe('object');
  });
});
