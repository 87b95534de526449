import process from 'node:process';
import type { TestContext } from 'vitest';
import { describe, expect, it, vi } from 'vitest';
import { alice, dave } from '../../src/emulator/default-directory.ts';
import type { EmulatorOptions } from '../../src/emulator/emulator.ts';
import type { RecordedRequest } from '../../src/emulator/server.ts';
import { hasKeyring, startKeyring } from '../support/keyring.ts';
import { killHolders } from '../support/lock-holders.ts';
import { startOneOfMany } from '../support/many-programs.ts';
import type { Machine, Program } from '../support/program.ts';
import { startMachine } from '../support/program.ts';

const keyringMissing = !hasKeyring();
const slow = { timeout: 60_000 };

/** Seconds; below the five minutes that a token must still live: every process finds it wanting, and it is still good. */
const expiring = 60;

const renewalRequest = { endpoint: 'token', grantType: 'refresh_token' } as const;

/** Starts a machine where alice is signed in with a token that wants renewing; Entra gives long-lived ones again. */
async function startExpired(
  { onTestFinished }: TestContext,
  store: string,
  options: EmulatorOptions = {},
): Promise<Machine> {
  const environment: Record<string, string> = { ENTRA_LOGIN_STORE: store };
  if (store === 'keychain') {
    const keyring = await startKeyring();
    onTestFinished(() => keyring.stop());
    environment['DBUS_SESSION_BUS_ADDRESS'] = keyring.env['DBUS_SESSION_BUS_ADDRESS'] ?? '';
  }
  const machine = await startMachine({ emulator: { accessTokenLifetime: expiring, ...options }, env: environment });
  onTestFinished(() => machine.close()); // before the keyring: the last one comes first
  expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
  machine.emulator.setAccessTokenLifetime(3600);
  return machine;
}

function renewalsAt({ emulator }: Machine): RecordedRequest[] {
  return emulator.requests.filter(({ form }) => form['grant_type'] === 'refresh_token');
}

/** What `token` prints of all that were issued so far, oldest first. */
function printable({ emulator }: Machine): string[] {
  return emulator.issued.filter(({ kind }) => kind === 'access_token').map(({ value }) => `${value}\n`);
}

/** Starts a `token` and waits until its renewal is at the emulator, which answers after so many milliseconds. */
async function startSlowRenewal(machine: Machine, milliseconds: number): Promise<Program> {
  machine.emulator.injectFault({ ...renewalRequest, times: 1, kind: 'latency', milliseconds });
  const renewing = machine.start(['token']);
  await vi.waitUntil(() => renewalsAt(machine).length === 1, { interval: 5, timeout: 10_000 });
  return renewing;
}

const print = (line: string): void => void process.stderr.write(`${line}\n`);
const rounded = (milliseconds: number): string => `${Math.round(milliseconds)} ms`;

const stores = [
  { store: 'file', isMissing: false },
  { store: 'keychain', isMissing: keyringMissing },
];

describe.each(stores)('many processes at once ($store)', ({ store, isMissing }) => {
  it.skipIf(isMissing)('want an expired token: one renews, a hundred print what it got', slow, async (context) => {
    const machine = await startExpired(context, store, { refreshTokenReuse: 'refused' });
    const [old] = printable(machine);
    const before = machine.emulator.requests.length;
    const startedAt = performance.now();
    const programs = Array.from({ length: 100 }, () => startOneOfMany(machine, ['token']));
    const ends = await Promise.all(programs.map(({ ended }) => ended));
    const took = performance.now() - startedAt;
    const requests = machine.emulator.requests.slice(before);
    print(`100 × token (${store}): ${rounded(took)}, ${requests.length} request(s) to Entra`);

    const renewed = printable(machine).at(-1);
    expect(renewed).not.toBe(old);
    expect(requests.map(({ endpoint, form }) => [endpoint, form['grant_type']])).toEqual([['token', 'refresh_token']]);
    const others = ends.filter(({ exitCode, stdout, stderr }) => exitCode !== 0 || stdout !== renewed || stderr !== '');
    expect({ others, count: ends.length }).toEqual({ others: [], count: 100 });
  });

  it.skipIf(isMissing)(
    'lose fifty holders of the lock to kill -9: the others go on, nothing is lost',
    slow,
    async (context) => {
      const machine = await startExpired(context, store);
      const alone = await machine.run(['token', '--refresh']);
      const mend = machine.emulator.injectFault({ ...renewalRequest, kind: 'latency', milliseconds: 60 });
      const startedAt = performance.now();
      const { survivors, kills, longestGap } = await killHolders(machine, {
        ...{ argv: ['token', '--refresh'], kills: 50, atOnce: 12, within: 110 },
        everyTenth: async () => {
          const end = await machine.run(['whoami', '--claim', 'oid']);
          expect(end).toMatchObject({ exitCode: 0, stdout: `${alice.objectId}\n`, stderr: '' });
        },
      });
      const took = performance.now() - startedAt;
      mend();
      const next = await machine.run(['token', '--refresh']);
      print(
        `${kills} holders killed (${store}): ${rounded(took)}, ${renewalsAt(machine).length} renewals, ` +
          `${survivors.length} survivors; the next held the lock after ${rounded(longestGap)} at most; ` +
          `the next command took ${rounded(next.milliseconds)} (${rounded(alone.milliseconds)} before)`,
      );

      const issued = new Set(printable(machine));
      expect(survivors.filter(({ exitCode, stdout }) => exitCode !== 0 || !issued.has(stdout))).toEqual([]);
      expect(survivors.length).toBeGreaterThan(0);
      expect(longestGap).toBeLessThan(1_000);
      expect(next).toMatchObject({ exitCode: 0, stdout: printable(machine).at(-1), stderr: '' });
      expect(next.milliseconds).toBeLessThan(alone.milliseconds + 1_000);
      expect(await machine.run(['token'])).toMatchObject({ exitCode: 0, stdout: next.stdout, stderr: '' });
    },
  );
});

// These wait, so they wait together.
describe.concurrent.each(stores)('while a renewal is under way ($store)', ({ store, isMissing }) => {
  const overtaken = {
    exitCode: 3,
    stdout: '',
    stderr: expect.stringContaining('signed out or replaced meanwhile') as string,
  };

  it.skipIf(isMissing)('a logout wins: nothing is kept afterwards', slow, async (context) => {
    const machine = await startExpired(context, store);
    const renewing = await startSlowRenewal(machine, 4_000);
    const logout = await machine.run(['logout']);
    expect(logout).toMatchObject({ exitCode: 0 });
    const end = await renewing.ended;
    expect(end).toMatchObject(overtaken);
    expect(logout.at).toBeLessThan(end.at);
    expect(machine.files()).toEqual([]);
    for (const command of ['whoami', 'token']) {
      expect(await machine.run([command])).toMatchObject({ exitCode: 3, stdout: '' });
    }
  });

  it.skipIf(isMissing)('a login wins: the new account stays', slow, async (context) => {
    const machine = await startExpired(context, store);
    const renewing = await startSlowRenewal(machine, 6_000);
    const login = await machine.signIn(['--force'], { person: { username: dave.username } });
    expect(login).toMatchObject({ exitCode: 0 });
    const end = await renewing.ended;
    expect(end).toMatchObject(overtaken);
    expect(login.at).toBeLessThan(end.at);
    const whoami = await machine.run(['whoami', '--check', '--claim', 'oid']);
    expect(whoami).toMatchObject({ exitCode: 0, stdout: `${dave.objectId}\n`, stderr: '' });
  });

  it.skipIf(isMissing)('that hangs, nobody waits longer than their own --timeout', slow, async (context) => {
    const machine = await startExpired(context, store);
    const mend = machine.emulator.injectFault({ ...renewalRequest, kind: 'never_answers' });
    const hanging = machine.start(['token', '--refresh', '--timeout', '6s']);
    await vi.waitUntil(() => renewalsAt(machine).length === 1, { interval: 5, timeout: 10_000 });
    const strict = machine.start(['token', '--refresh', '--timeout', '1s', '--json']);
    const content = machine.start(['token', '--timeout', '1s']);
    const [refused, warned] = await Promise.all([strict.ended, content.ended]);
    expect(refused).toMatchObject({ exitCode: 7, stdout: '' });
    expect(refused.stderr).toContain('Nobody answered within 1 seconds');
    expect(warned).toMatchObject({
      exitCode: 0,
      stdout: printable(machine)[0],
      stderr: expect.stringContaining('The access token could not be renewed') as string,
    });
    const held = await hanging.ended;
    expect(held).toMatchObject({ exitCode: 7, stdout: '' });
    expect(Math.max(refused.at, warned.at)).toBeLessThan(held.at);
    print(`behind a renewal that hangs (${store}): ${rounded(refused.milliseconds)} with --timeout 1s`);

    mend();
    expect(await machine.run(['token'])).toMatchObject({ exitCode: 0, stdout: printable(machine)[1], stderr: '' });
  });
});
