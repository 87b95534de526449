import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  alice,
  bob,
  contoso,
  fabrikam,
  tasksApi,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import type { KeptProfile } from '../../src/tokens/kept-profile.ts';
import { parseProfile } from '../../src/tokens/kept-profile.ts';
import { openFileStore } from '../../src/platform/file-store.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

// A working day after the other, as a developer's machine sees them: tokens all day, other resources and
// another tenant now and then, a job's token, and what an administrator and Entra do in a quarter of a year.
const hour = 3_600_000;
const start = Date.parse('2026-09-01T06:00:00Z');
const clock = { at: start };
const now = (): Date => new Date(clock.at);
const resources = ['https://graph.microsoft.com', 'https://management.azure.com/', `api://${tasksApi.appId}`];
const application = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
// `npm run soak` asks for more, every two hours; what happens is the same.
const callsADay = Number(process.env['ENTRA_LOGIN_SOAK_CALLS'] ?? 2);
const counts = { calls: 0, renewals: 0, signIns: 0 };

let world: World;
beforeAll(async () => {
  world = await startWorld({ now });
});
afterAll(() => world.close());

async function run(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  more: RunOptions = {},
): Promise<RunResult> {
  return await world.run(argv, { ...more, env: { ENTRA_LOGIN_STORE: 'file', ...env } });
}

const tokenRequests = (): number =>
  world.emulator.requests.filter(({ path }) => path.endsWith('/oauth2/v2.0/token')).length;
const kept = async (profile: string): Promise<KeptProfile> => {
  const text = (await openFileStore(join(world.home, 'state')).read(profile)) ?? '';
  expect(text.length, 'what is kept stays small').toBeLessThan(64 * 1024);
  return parseProfile(text) ?? expect.unreachable('what is kept cannot be read');
};

/** Asks for a token; nothing else that is still good may be lost by it, and a renewal is one request. */
async function token(
  profile: string,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const before = await kept(profile);
  const sent = tokenRequests();
  const result = await run(['token', '--profile', profile, ...words], env);
  counts.calls += 1;
  counts.renewals += tokenRequests() - sent;
  expect(tokenRequests() - sent, `requests of one call, ${result.stderr}`).toBeLessThanOrEqual(1);
  const after = await kept(profile);
  const left = before.accessTokens.filter(({ expiresAt }) => expiresAt.getTime() > clock.at);
  const names = (tokens: KeptProfile['accessTokens']): string[] =>
    tokens.map(({ kind, tenant, resource }) => `${kind} ${tenant} ${resource}`);
  expect(names(after.accessTokens)).toEqual(expect.arrayContaining(names(left)));
  expect(after.signIn?.refreshToken).toBeDefined();
  expect(after.signIn?.account).toEqual(before.signIn?.account);
  return result;
}

async function signIn(profile: string, username: string, words: readonly string[] = []): Promise<RunResult> {
  counts.signIns += 1;
  return await run(['login', '--profile', profile, ...words], {}, { browser: world.browserOf({ username }) });
}

/** The person is wanted, and what Entra calls it; then signs in, and all is well. */
async function expectSignInAgain(aadsts: number): Promise<void> {
  const refused = await token('work', ['--refresh']);
  expect([refused.exitCode, refused.stderr]).toEqual([3, expect.stringContaining(`AADSTS${aadsts}`)]);
  expect(refused.stderr).toContain('entra-login login --profile work');
  expect((await signIn('work', alice.username)).exitCode).toBe(0);
  expect((await token('work')).exitCode).toBe(0);
}

/** What happens on which day, before the work of the day. */
const events: Readonly<Record<number, () => Promise<void>>> = {
  10: async () => world.emulator.rotateKeys(),
  15: async () => {
    world.emulator.expireRefreshTokens('sign_in_frequency');
    await expectSignInAgain(70043);
    expect((await signIn('guest', bob.username, ['--tenant', fabrikam.id])).exitCode).toBe(0);
  },
  20: async () => {
    world.emulator.requireMfa(alice.username);
    await expectSignInAgain(50076);
  },
  30: async () => {
    world.emulator.revokeConsent(world.env['ENTRA_LOGIN_CLIENT_ID'] ?? '');
    await expectSignInAgain(65001);
    world.emulator.updateApplication(world.env['ENTRA_LOGIN_CLIENT_ID'] ?? '', { consent: 'granted' });
  },
  // A key that nobody has seen signs from now on.
  40: async () => world.emulator.rotateKeys({ immediately: true }),
  // A password was changed.
  45: async () => {
    world.emulator.revokeUser(alice.username);
    await expectSignInAgain(50173);
  },
  55: async () => {
    world.emulator.disableUser(alice.username);
    expect(await token('work', ['--refresh'])).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('AADSTS50057') as string,
    });
    world.emulator.clearPolicies(alice.username);
    expect((await token('work')).exitCode).toBe(0);
  },
  // Entra is down: what is kept serves while it lives.
  60: async () => {
    const mend = world.emulator.injectFault({ endpoint: 'token', kind: 'server_error', status: 503, retryAfter: 3600 });
    expect((await kept('work')).signIn).toBeDefined();
    expect(await token('work')).toMatchObject({ exitCode: 5, stdout: '' });
    mend();
    expect((await token('work')).exitCode).toBe(0);
    const again = world.emulator.injectFault({
      endpoint: 'token',
      kind: 'server_error',
      status: 503,
      retryAfter: 3600,
    });
    clock.at += hour - 5 * 60_000;
    const { expiresAt = now() } = (await kept('work')).accessTokens[0] ?? {};
    clock.at = expiresAt.getTime() - 60_000;
    expect(await token('work')).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('warning:') as string });
    again();
  },
  70: async () => {
    world.emulator.blockByConditionalAccess(alice.username);
    expect(await token('work', ['--refresh'])).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('AADSTS53003') as string,
    });
    world.emulator.clearPolicies(alice.username);
  },
};

describe('ninety days', () => {
  it('of renewals, rotated keys, policies, outages and absences lose no token and ask the person only when Entra does', async () => {
    expect((await signIn('work', alice.username)).exitCode).toBe(0);
    expect((await signIn('guest', bob.username, ['--tenant', fabrikam.id])).exitCode).toBe(0);
    expect((await signIn('idle', alice.username)).exitCode).toBe(0);
    for (let day = 1; day <= 90; day += 1) {
      clock.at = start + day * 24 * hour;
      await events[day]?.();
      for (let call = 0; call < callsADay; call += 1) {
        clock.at += 2 * hour;
        const resource = resources[(day + call) % resources.length] ?? '';
        expect(await token('work', ['--resource', resource]), `day ${day}`).toMatchObject({ exitCode: 0, stderr: '' });
      }
      const tenant = day % 2 === 0 ? contoso.id : fabrikam.id;
      expect(await token('guest', ['--tenant', tenant]), `day ${day}`).toMatchObject({ exitCode: 0, stderr: '' });
      const job = ['--client-credentials', '--resource', 'https://graph.microsoft.com'];
      expect(await token('work', job, application), `day ${day}`).toMatchObject({ exitCode: 0, stderr: '' });
      expect((await run(['whoami', '--profile', 'work', '--json'])).exitCode).toBe(0);
    }
    // Nobody used this one since: 90 days are over.
    clock.at += 24 * hour;
    expect(await token('idle')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('AADSTS') as string });
    expect((await signIn('idle', alice.username)).exitCode).toBe(0);
    expect(readdirSync(join(world.home, 'state/profiles')).toSorted()).toEqual([
      'guest.json',
      'idle.json',
      'work.json',
    ]);
    expect(counts).toMatchObject({ calls: 90 * (callsADay + 2) + 15, signIns: 9 });
    expect(counts.renewals).toBeGreaterThan(counts.calls * 0.9);
    process.stdout.write(`${JSON.stringify(counts)}\n`);
  }, 600_000);
});
