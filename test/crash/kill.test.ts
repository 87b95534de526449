import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileStore } from '../../src/platform/file-store.ts';
import { createKeychainStore } from '../../src/platform/keychain-store.ts';
import { withSecretService } from '../../src/platform/keychain-linux.ts';
import type { BuiltPrograms } from '../support/bundle-program.ts';
import { buildPrograms } from '../support/bundle-program.ts';
import type { CrashOptions, CrashReport } from '../support/crash-rounds.ts';
import { crashRounds } from '../support/crash-rounds.ts';
import type { TestKeyring } from '../support/keyring.ts';
import { hasKeyring, startKeyring } from '../support/keyring.ts';
import { startMachine } from '../support/program.ts';

/** How many commands each test kills; the long run sets more (`npm run crash`). */
const rounds = Number(process.env['ENTRA_LOGIN_CRASH_ROUNDS'] ?? '15');
const seed = Number(process.env['ENTRA_LOGIN_CRASH_SEED'] ?? String(Date.now() % 1_000_000));
// A round takes half a second; on two cores that eight others use too, five. Never tried again: a lost token is one.
const timeout = 60_000 + rounds * 15_000;

const windowsItemLimit = 2_560;
const entries = { main: 'src/main.ts', 'keychain-child': 'src/platform/keychain-child.ts' };
let usual: BuiltPrograms;
let chunked: BuiltPrograms;
beforeAll(async () => {
  usual = await buildPrograms(entries);
  // Windows' limit on Linux: the same program with one word changed.
  const from = 'createKeychainStore(open, undefined)';
  const to = 'createKeychainStore(open, windowsItemLimit)';
  chunked = await buildPrograms(entries, { file: 'src/platform/keychain.ts', from, to });
});
afterAll(() => {
  usual.remove();
  chunked.remove();
});

async function crash(
  name: string,
  options: Omit<CrashOptions, 'rounds' | 'seed' | 'onProgress'>,
): Promise<CrashReport> {
  const startedAt = performance.now();
  const onProgress = (kills: number, faults: number): void =>
    void process.stderr.write(`${kills} kill -9 so far (${name}, seed ${seed}), ${faults} faults\n`);
  const report = await crashRounds({ ...options, rounds, seed, onProgress });
  const { kills, afterTheChange, ended, mended, next } = report;
  const count = kills.login + kills.renewal + kills.logout;
  process.stderr.write(
    `${count} kill -9 (${name}, seed ${seed}): ${kills.login} login, ${kills.renewal} renewal, ${kills.logout} logout; ` +
      `${afterTheChange} after the change, ${ended} commands had ended; the next command took ` +
      `${Math.round(next.median)} ms (median), ${Math.round(next.longest)} at most (${next.what}); the keyring crashed ${mended} times; ${Math.round((performance.now() - startedAt) / 1_000)} s\n`,
  );
  return report;
}

describe('kill -9 at a random moment of login, renewal or logout leaves the old or the new token set', () => {
  it('in the file store', { timeout, retry: 0 }, async ({ onTestFinished }) => {
    const machine = await startMachine();
    onTestFinished(() => machine.close());
    const stateDir = join(machine.home, '.local/state/entra-login');
    const store = openFileStore(stateDir);
    const report = await crash('file', { machine, store, program: join(usual.directory, 'main.cjs') });
    expect(report.faults).toEqual([]);
    // The next write clears up after those that were killed.
    expect(await machine.signIn(['--force'])).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(stateDir, 'profiles'))).toEqual(['default.json']);
  });

  describe.skipIf(!hasKeyring())('in a keychain', () => {
    let keyring: TestKeyring;
    const bus = process.env['DBUS_SESSION_BUS_ADDRESS'];
    beforeAll(async () => {
      keyring = await startKeyring();
      // The library finds the bus in the process's own environment.
      process.env['DBUS_SESSION_BUS_ADDRESS'] = keyring.env['DBUS_SESSION_BUS_ADDRESS'];
    });
    afterAll(async () => {
      if (bus === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
      else process.env['DBUS_SESSION_BUS_ADDRESS'] = bus;
      await keyring.stop();
    });

    it.each([
      ['of one item', undefined],
      ['of items of 2,560 bytes', windowsItemLimit],
    ])('%s', { timeout, retry: 0 }, async (name, itemLimit) => {
      const { DBUS_SESSION_BUS_ADDRESS = '' } = keyring.env;
      const env = { DBUS_SESSION_BUS_ADDRESS, ENTRA_LOGIN_STORE: 'keychain' };
      const machine = await startMachine({ env });
      try {
        const { directory } = itemLimit === undefined ? usual : chunked;
        const options = { env, unlockTimeLimit: 3_000, onLocked: () => {}, signal: undefined };
        const items = withSecretService(options, [process.execPath, join(directory, 'keychain-child.cjs')]);
        const store = createKeychainStore(items, itemLimit);
        const program = join(directory, 'main.cjs');
        const report = await crash(`keychain ${name}`, { machine, store, program, mend: () => keyring.revive() });
        expect(report.faults).toEqual([]);
        // The next write clears up after those that were killed: no part stays that no item names.
        await store.write('default', '{}');
        const kept = await items((all) => all.list());
        expect(kept.filter((one) => !/^(?:probe|unlock)#/.test(one))).toEqual(['default']);
        await store.delete('default');
      } finally {
        await machine.close();
      }
    });
  });
});
