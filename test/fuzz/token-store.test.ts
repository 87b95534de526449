import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { decodeWithoutVerifying } from '../../src/auth/jwt.ts';
import {
  alice,
  bob,
  contoso,
  fabrikam,
  systemAssignedIdentity,
  tasksApi,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import { parseProfile } from '../../src/tokens/kept-profile.ts';
import { itHolds } from '../support/fuzz.ts';
import type { RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

const emulatedTime = { at: Date.parse('2026-11-23T12:00:00Z') };
const now = (): Date => new Date(emulatedTime.at);
let world: World;
beforeAll(async () => {
  world = await startWorld({ now });
});
afterAll(() => world.close());

/** What must be so, whatever was done before. */
interface Model {
  person: 'alice' | 'bob' | undefined;
  /** Whether the refresh token was revoked. */
  isRevoked: boolean;
  /** When something was written last. */
  writtenAt: number;
}

const application = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
const resources = ['https://graph.microsoft.com', 'https://management.azure.com/', `api://${tasksApi.appId}`];
const people = { alice, bob } as const;
const tenants = { contoso, fabrikam } as const;

const readStore = (): Promise<string | undefined> => world.keychain.read('default');

/** Runs a command and looks at the store afterwards. */
async function step(
  model: Model,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const before = await readStore();
  const person = people[model.person ?? 'alice'];
  const result = await world.run(argv, { env, browser: world.browserOf({ username: person.username }) });
  const text = await readStore();
  if (result.exitCode !== 0) expect(text).toBe(before);
  if (text !== before) model.writtenAt = emulatedTime.at;
  if (text === undefined) return result;
  const { accessTokens = [], signIn } = parseProfile(text) ?? {};
  expect(parseProfile(text), 'what is kept can be read').toBeDefined();
  expect(accessTokens.length).toBeLessThanOrEqual(32);
  expect(accessTokens.every(({ expiresAt }) => expiresAt.getTime() > model.writtenAt)).toBe(true);
  const keys = accessTokens.map(({ kind, tenant, clientId, resource }) => [kind, tenant, clientId, resource].join(' '));
  expect(new Set(keys).size).toBe(keys.length);
  expect(signIn?.account.username).toBe(model.person === undefined ? undefined : person.username);
  expect(text.length).toBeLessThan(200_000);
  return result;
}

/** The token is of the kind, tenant, client and resource that were asked for. */
function checkToken(
  { stdout }: RunResult,
  idtyp: 'user' | 'app',
  tenantId: string,
  clientId: string | undefined,
): void {
  const printed = JSON.parse(stdout) as { accessToken: string; expiresAt: string; account?: unknown };
  const claims = decodeWithoutVerifying(printed.accessToken)?.claims ?? {};
  expect({ idtyp: claims['idtyp'], tid: claims['tid'] }).toEqual({ idtyp, tid: tenantId });
  if (clientId !== undefined) expect(claims['appid'] ?? claims['azp']).toBe(clientId);
  expect('account' in printed).toBe(idtyp === 'user');
  expect(Date.parse(printed.expiresAt)).toBeGreaterThan(emulatedTime.at);
}

type Step = fc.AsyncCommand<Model, object>;

const command = (name: string, run: (model: Model) => Promise<void>): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const login = fc.constantFrom<('alice' | 'bob')[]>('alice', 'bob').map((who) =>
  command(`login as ${who}`, async (model) => {
    model.person = who;
    const { exitCode } = await step(model, ['login', '--force']);
    expect(exitCode).toBe(0);
    model.isRevoked = false;
  }),
);

const token = fc
  .tuple(
    fc.constantFrom(...resources),
    fc.constantFrom<('contoso' | 'fabrikam')[]>('contoso', 'fabrikam'),
    fc.boolean(),
  )
  .map(([resource, tenant, refresh]) =>
    command(`token for ${resource} in ${tenant}${refresh ? ', renewed' : ''}`, async (model) => {
      const argv = [
        'token',
        '--json',
        '--resource',
        resource,
        '--tenant',
        tenants[tenant].id,
        ...(refresh ? ['--refresh'] : []),
      ];
      const sent = world.emulator.requests.length;
      const result = await step(model, argv);
      const requests = world.emulator.requests.slice(sent).filter(({ path }) => path.endsWith('/token')).length;
      expect(requests).toBeLessThanOrEqual(1);
      const isMember = tenant === 'contoso' || model.person === 'bob';
      if (model.person === undefined) expect({ code: result.exitCode, requests }).toEqual({ code: 3, requests: 0 });
      else if (result.exitCode === 0) {
        expect(isMember && !(model.isRevoked && requests > 0)).toBe(true);
        checkToken(result, 'user', tenants[tenant].id, world.env['ENTRA_LOGIN_CLIENT_ID']);
      } else expect([model.isRevoked || !isMember, result.exitCode]).toEqual([true, 3]);
    }),
  );

const ofApplication = fc.constantFrom('https://graph.microsoft.com', `api://${tasksApi.appId}`).map((resource) =>
  command(`an application's token for ${resource}`, async (model) => {
    const result = await step(model, ['token', '--client-credentials', '--json', '--resource', resource], application);
    expect(result.exitCode).toBe(0);
    checkToken(result, 'app', contoso.id, webApplication.clientId);
  }),
);

const ofMachine = fc.constantFrom(...resources).map((resource) =>
  command(`a managed identity's token for ${resource}`, async (model) => {
    const argv = ['token', '--managed-identity', '--json', '--resource', resource];
    const result = await step(model, argv, world.emulator.hostEnvironments.virtualMachine);
    expect(result.exitCode).toBe(0);
    checkToken(result, 'app', systemAssignedIdentity.tenantId, systemAssignedIdentity.clientId);
  }),
);

const logout = fc.constant(
  command('logout', async (model) => {
    model.person = undefined;
    expect((await step(model, ['logout'])).exitCode).toBe(0);
    expect(await readStore()).toBeUndefined();
  }),
);

const revoke = fc.constant(
  command('the account is revoked', (model) => {
    if (model.person !== undefined) world.emulator.revokeUser(people[model.person].username);
    model.isRevoked = true;
    return Promise.resolve();
  }),
);

const pass = fc.integer({ min: 1, max: 180 }).map((minutes) =>
  command(`${minutes} minutes pass`, () => {
    emulatedTime.at += minutes * 60_000;
    return Promise.resolve();
  }),
);

describe('the token store', () => {
  itHolds(
    'keeps what it should, and one kind of token never answers for another, in whatever order things are done',
    15,
    fc.asyncProperty(
      fc.commands([login, token, token, ofApplication, ofMachine, logout, revoke, pass], { maxCommands: 25 }),
      async (commands) => {
        await world.keychain.delete('default');
        const model: Model = { person: undefined, isRevoked: false, writtenAt: emulatedTime.at };
        await fc.asyncModelRun(() => ({ model, real: {} }), commands);
      },
    ),
  );
});
