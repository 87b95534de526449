import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildPrograms, type BuiltPrograms } from '../support/bundle-program.ts';
import { hasKeyring, startKeyring, type KeyringChanges, type TestKeyring } from '../support/keyring.ts';
import { runStoreProgram } from '../support/run-store-program.ts';

const calls = ['read', 'write', 'delete', 'list', 'probe'] as const;

function readCommandLine(processId: string): string {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}

/** All in programs: whether a process ends by itself is half of what is tested. */
describe.skipIf(!hasKeyring())('a keyring that fails', () => {
  let programs: BuiltPrograms;

  beforeAll(async () => {
    programs = await buildPrograms({
      'store-program': 'test/support/store-program.ts',
      'keychain-child': 'src/platform/keychain-child.ts',
    });
  });
  afterAll(() => programs.remove());

  const countChildren = (): number =>
    readdirSync('/proc').filter((name) => {
      const commandLine = /^\d+$/.test(name) ? readCommandLine(name) : '';
      return commandLine.includes(join(programs.directory, 'keychain-child.cjs'));
    }).length;

  const withKeyring = async (changes: KeyringChanges, work: (keyring: TestKeyring) => Promise<void>): Promise<void> => {
    const keyring = await startKeyring(changes);
    try {
      await work(keyring);
    } finally {
      keyring.thaw();
      await keyring.stop();
    }
  };

  it.each(['keyring', 'bus'] as const)('is given up after 3 seconds when the %s is frozen', (part) =>
    withKeyring({}, async (keyring) => {
      keyring.freeze(part);
      const results = await Promise.all(
        calls.map((call) => runStoreProgram(programs, { store: { kind: 'keychain' }, call, value: '{}' }, keyring.env)),
      );
      for (const result of results) {
        expect(result).toMatchObject({
          exitCode: 6,
          signal: null,
          answer: { code: 'keychain_unavailable', message: 'The keychain did not answer within 3 seconds.' },
          stderr: '',
        });
        expect(result.milliseconds).toBeGreaterThan(2_900);
        expect(result.milliseconds).toBeLessThan(6_000);
      }
    }),
  );

  describe.each(['keyring', 'bus'] as const)('when the %s freezes after it had answered', (part) => {
    // The library's 2 seconds, then the 3 of a second check.
    it.each(['read', 'write', 'delete'] as const)('is given up after 5 seconds (%s)', (call) =>
      withKeyring({}, async (keyring) => {
        const store = { kind: 'keychain', freeze: keyring.processId(part) } as const;
        await runStoreProgram(programs, { store: { kind: 'keychain' }, call: 'write', value: '{}' }, keyring.env);
        const result = await runStoreProgram(programs, { store, call, value: '"new"' }, keyring.env);
        expect(result).toMatchObject({
          exitCode: 6,
          signal: null,
          answer: { code: 'keychain_unavailable', message: 'The keychain did not answer within 3 seconds.' },
        });
        expect(result.milliseconds).toBeLessThan(8_000);
      }),
    );
  });

  it.each(calls)('is given up in time when the dialog that unlocks it is not answered (%s)', (call) =>
    withKeyring({ silentDialog: true }, async (keyring) => {
      await runStoreProgram(programs, { store: { kind: 'keychain' }, call: 'write', value: '{}' }, keyring.env);
      await keyring.lock();
      const request = { store: { kind: 'keychain' }, call, value: '{}', unlockTimeLimit: 1_000 } as const;
      const result = await runStoreProgram(programs, request, keyring.env);
      expect(result).toMatchObject({
        exitCode: 6,
        signal: null,
        answer: { code: 'keychain_unavailable', message: 'The keychain is locked, and it was not unlocked.' },
        stderr: 'locked\n',
      });
      expect(result.milliseconds).toBeGreaterThan(950);
      // The library looks once a second whether it is still connected.
      expect(result.milliseconds).toBeLessThan(4_000);
    }),
  );

  it('is no longer waited for on Ctrl-C, and the process ends by itself', () =>
    withKeyring({ silentDialog: true }, async (keyring) => {
      await keyring.lock();
      const request = { store: { kind: 'keychain' }, call: 'read', unlockTimeLimit: 60_000 } as const;
      const result = await runStoreProgram(programs, request, keyring.env, (child) => child.kill('SIGINT'));
      expect(result).toMatchObject({ exitCode: 130, signal: null, answer: { code: 'cancelled' } });
      expect(result.milliseconds).toBeLessThan(4_000);
    }));

  it('has no process waiting for its dialog once the process that asked was killed', () =>
    withKeyring({ silentDialog: true }, async (keyring) => {
      await runStoreProgram(programs, { store: { kind: 'keychain' }, call: 'write', value: '{}' }, keyring.env);
      await keyring.lock();
      const request = {
        store: { kind: 'keychain', platform: 'darwin' },
        call: 'read',
        unlockTimeLimit: 60_000,
      } as const;
      let running = 0;
      const result = await runStoreProgram(programs, request, keyring.env, (child) => {
        running = countChildren();
        child.kill('SIGKILL');
      });
      expect([result.signal, running]).toEqual(['SIGKILL', 1]);
      await expect.poll(countChildren).toBe(0);
    }));

  it.each(calls)('is named as gone when it dies while the person is waited for (%s)', (call) =>
    withKeyring({}, async (keyring) => {
      await keyring.lock();
      const request = { store: { kind: 'keychain' }, call, value: '{}', unlockTimeLimit: 60_000 } as const;
      const result = await runStoreProgram(programs, request, keyring.env, () => keyring.kill());
      expect(result).toMatchObject({ exitCode: 6, answer: { code: 'keychain_unavailable' } });
      expect(result.milliseconds).toBeLessThan(4_000);
      expect(await runStoreProgram(programs, request, keyring.env)).toMatchObject({
        exitCode: 6,
        answer: {
          code: 'keychain_unavailable',
          message: 'No keychain runs in this login (nothing answers for the Secret Service on D-Bus).',
        },
      });
    }),
  );

  it('tells to make a default keyring where there is none', () =>
    withKeyring({}, async (keyring) => {
      await keyring.removeDefaultCollection();
      const store = { kind: 'keychain' } as const;
      expect(await runStoreProgram(programs, { store, call: 'read' }, keyring.env)).toMatchObject({ answer: null });
      expect(await runStoreProgram(programs, { store, call: 'probe' }, keyring.env)).toMatchObject({
        exitCode: 6,
        answer: {
          code: 'keychain_unavailable',
          message: 'The keychain has no default keyring to keep anything in.',
        },
      });
    }));

  it('is not looked for in the kernel where there is no session bus', async () => {
    const env = { PATH: process.env['PATH'] ?? '' };
    const results = await Promise.all(
      calls.map((call) => runStoreProgram(programs, { store: { kind: 'keychain' }, call, value: '{}' }, env)),
    );
    for (const result of results) {
      expect(result).toMatchObject({ exitCode: 6, answer: { code: 'keychain_unavailable' } });
      expect(result.milliseconds).toBeLessThan(2_000);
    }
  });
});
