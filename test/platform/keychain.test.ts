import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { AsyncEntry, findCredentialsAsync } from '@napi-rs/keyring';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openKeychain } from '../../src/platform/keychain.ts';
import { openKeychainProcess, type KeychainProcessOptions } from '../../src/platform/keychain-process.ts';
import { buildPrograms, type BuiltPrograms } from '../support/bundle-program.ts';
import { hasKeyring, startKeyring, type TestKeyring } from '../support/keyring.ts';
import { runStoreProgram } from '../support/run-store-program.ts';
import { describeSecretStore, profileSized } from '../support/secret-store-contract.ts';

let programs: BuiltPrograms;

beforeAll(async () => {
  programs = await buildPrograms({
    'store-program': 'test/support/store-program.ts',
    'keychain-child': 'src/platform/keychain-child.ts',
  });
});
afterAll(() => programs.remove());

const processOptions = (changes: Partial<KeychainProcessOptions>): KeychainProcessOptions => ({
  command: [process.execPath, join(programs.directory, 'keychain-child.cjs')],
  env: {},
  unlockTimeLimit: 3_000,
  onLocked: () => {},
  signal: undefined,
  ...changes,
});

describe.skipIf(!hasKeyring())('what macOS and Windows use, on a real keyring', () => {
  let keyring: TestKeyring;

  beforeAll(async () => {
    keyring = await startKeyring();
    Object.assign(process.env, keyring.env);
  });
  afterAll(() => keyring.stop());

  describeSecretStore('the native module in a process of its own', () =>
    openKeychainProcess(processOptions({ env: { ...process.env, ...keyring.env } })),
  );
  it.each(['linux', 'darwin', 'win32'] as const)(
    'keeps items as %s does so that the others find them',
    async (platform) => {
      const run = (
        as: NodeJS.Platform,
        call: 'read' | 'write' | 'delete',
        value?: string,
      ): ReturnType<typeof runStoreProgram> =>
        runStoreProgram(
          programs,
          { store: { kind: 'keychain', platform: as }, call, ...(value && { value }) },
          keyring.env,
        );
      const value = '{"as":"they all do"}';
      expect(await run(platform, 'write', value)).toMatchObject({ exitCode: 0, stderr: '' });
      for (const other of ['linux', 'darwin', 'win32'] as const) {
        expect(await run(other, 'read')).toMatchObject({ exitCode: 0, answer: value, stderr: '' });
      }
      expect(await run(platform, 'delete')).toMatchObject({ exitCode: 0, answer: true });
    },
  );

  it('splits on Windows what is larger than 2,560 bytes, and not on other systems', async () => {
    const names: Record<string, unknown> = {};
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      const store = { kind: 'keychain', platform } as const;
      await runStoreProgram(programs, { store, call: 'write', value: profileSized }, keyring.env);
      names[platform] = (await findCredentialsAsync('entra-login')).map(({ account }) => account).toSorted();
      await runStoreProgram(programs, { store, call: 'delete' }, keyring.env);
    }
    expect(names).toEqual({
      linux: ['work'],
      darwin: ['work'],
      win32: ['work', ...[1, 3, 5, 7, 9, 11].map((number) => `work#${number}`)].toSorted(),
    });
  });

  it('is given up in time where it is locked, with exit code 6, and the process ends by itself', async () => {
    await keyring.lock();
    const store = { kind: 'keychain', platform: 'darwin' } as const;
    const result = await runStoreProgram(programs, { store, call: 'write', value: '{}' }, keyring.env);
    await keyring.unlock();
    expect(result).toMatchObject({ exitCode: 6, signal: null, answer: { code: 'keychain_unavailable' } });
    expect(result.milliseconds).toBeLessThan(6_000);
  });

  it('refuses content that is no text', async () => {
    const entry = new AsyncEntry('entra-login', 'work', { linux: { store: 'secret-service' } });
    await entry.setSecret(Buffer.of(0x7b, 0xff, 0xfe));
    const store = openKeychainProcess(processOptions({ env: { ...process.env, ...keyring.env } }));
    await expect(store.read('work')).rejects.toMatchObject({
      code: 'store_failed',
      hint: 'entra-login logout --profile work',
    });
    expect(await store.delete('work')).toBe(true);
  });
});

describe('a process that asks the keychain', () => {
  const program = (name: string, source: string): [string, ...string[]] => {
    const path = join(programs.directory, name);
    writeFileSync(path, source);
    chmodSync(path, 0o755);
    return [process.execPath, path];
  };

  it('is killed after the time limit, the person having been told, when a dialog is not answered', async () => {
    let told = 0;
    const command = program('blocked.cjs', `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`);
    const store = openKeychainProcess(processOptions({ command, onLocked: () => (told += 1) }));
    const started = performance.now();
    await expect(store.read('work')).rejects.toMatchObject({
      code: 'keychain_unavailable',
      hint: expect.stringContaining('--store file (ENTRA_LOGIN_STORE=file)'),
    });
    expect(told).toBe(1);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('is killed on Ctrl-C', async () => {
    const reason = new Error('Ctrl-C');
    const controller = new AbortController();
    const command = program('blocked.cjs', `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`);
    const store = openKeychainProcess(
      processOptions({
        command,
        unlockTimeLimit: 60_000,
        signal: controller.signal,
        onLocked: () => controller.abort(reason),
      }),
    );
    await expect(store.read('work')).rejects.toBe(reason);
  });

  it.each([
    ['dies', 'process.kill(process.pid, "SIGKILL")'],
    ['prints something else', 'console.log("hello")'],
    ['is not installed', undefined],
  ] as const)('that %s makes the keychain unavailable', async (_title, source) => {
    const command: [string, ...string[]] = source === undefined ? ['/nonexistent/node'] : program('fails.cjs', source);
    await expect(openKeychainProcess(processOptions({ command })).list()).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'The process that asks the keychain failed.',
    });
  });

  it('finds no secret in its arguments or environment', async () => {
    const command = program(
      'looks.cjs',
      `const seen = JSON.stringify([process.argv, process.env]).includes('the secret');
       process.stdin.once('data', () => process.stdout.write(JSON.stringify({ outcome: 'done', value: seen }), () => process.exit()));`,
    );
    const store = openKeychainProcess(processOptions({ command }));
    await store.write('work', 'the secret');
    expect(await store.delete('work')).toBe(false);
  });
});

describe('opening the keychain', () => {
  it.each(['linux', 'darwin', 'win32'] as const)('asks nothing before the first call (%s)', (platform) => {
    const store = openKeychain(
      { env: {}, unlockTimeLimit: 0, onLocked: expect.unreachable, signal: undefined },
      platform,
    );
    expect(store.kind).toBe('keychain');
  });
});
