import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import { AsyncEntry, findCredentialsAsync } from '@napi-rs/keyring';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SecretStore } from '../../src/context.ts';
import { trackConnections } from '../../src/platform/keychain-connections.ts';
import { withSecretService } from '../../src/platform/keychain-linux.ts';
import { openNativeItems } from '../../src/platform/keychain-native.ts';
import { createKeychainStore } from '../../src/platform/keychain-store.ts';
import { openKeychain } from '../../src/platform/keychain.ts';
import type { KeychainOptions } from '../../src/platform/keychain-options.ts';
import { buildPrograms, type BuiltPrograms } from '../support/bundle-program.ts';
import { killCount, killWriters } from '../support/kill-writers.ts';
import { hasKeyring, startKeyring, type TestKeyring } from '../support/keyring.ts';
import { runStoreProgram } from '../support/run-store-program.ts';
import { describeSecretStore, profileSized } from '../support/secret-store-contract.ts';

const windowsLimit = 2_560;

function readLink(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}

/** One keyring for the file: the keychain library reads the bus's address once in the life of a process. */
describe.skipIf(!hasKeyring())('a real keyring', () => {
  let keyring: TestKeyring;
  let programs: BuiltPrograms;
  let command: [string, string];

  beforeAll(async () => {
    [keyring, programs] = await Promise.all([
      startKeyring(),
      buildPrograms({
        'store-program': 'test/support/store-program.ts',
        'keychain-child': 'src/platform/keychain-child.ts',
      }),
    ]);
    Object.assign(process.env, keyring.env);
    command = [process.execPath, join(programs.directory, 'keychain-child.cjs')];
  });
  afterAll(async () => {
    programs.remove();
    await keyring.stop();
  });

  const options = (changes: Partial<KeychainOptions> = {}): KeychainOptions => ({
    env: process.env,
    unlockTimeLimit: 3_000,
    onLocked: () => expect.unreachable('the keyring is not locked'),
    signal: undefined,
    ...changes,
  });
  const open = (changes?: Partial<KeychainOptions>): SecretStore => openKeychain(options(changes), 'linux', command);
  const openSplit = (): SecretStore => createKeychainStore(withSecretService(options(), command), windowsLimit);
  const listItems = async (): Promise<string[]> =>
    (await findCredentialsAsync('entra-login')).map(({ account }) => account).toSorted();
  const putBytes = (bytes: Buffer): Promise<void> =>
    new AsyncEntry('entra-login', 'work', { linux: { store: 'secret-service' } }).setSecret(bytes);

  describeSecretStore('the keychain, one item a value', () => open());
  describeSecretStore(`the keychain, ${windowsLimit} bytes an item`, () => openSplit());

  it('holds no more than the limit in any item, and nothing after a delete', async () => {
    await openSplit().write('work', profileSized);
    const sizes = (await findCredentialsAsync('entra-login')).map(({ password }) => password.length * 2);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(windowsLimit);
    await openSplit().delete('work');
    expect(await listItems()).toEqual([]);
  });

  it('leaves items of other programs alone', async () => {
    await keyring.putItem({ service: 'another-program', username: 'work' }, 'theirs');
    expect(await open().read('work')).toBeUndefined();
    expect(await open().delete('work')).toBe(false);
    expect(await open().list()).toEqual([]);
  });

  it('refuses content that is no text, leaves it alone, and deletes it when asked', async () => {
    await putBytes(Buffer.of(0x7b, 0xff, 0xfe));
    const refusal = { code: 'store_failed', hint: 'entra-login logout --profile work' };
    await expect(open().read('work')).rejects.toMatchObject(refusal);
    expect(await open().list()).toEqual(['work']);
    expect(await open().delete('work')).toBe(true);
    expect(await listItems()).toEqual([]);
  });

  it('refuses an item that was emptied', async () => {
    await putBytes(Buffer.of());
    await expect(open().read('work')).rejects.toMatchObject({ code: 'store_failed' });
    await open().delete('work');
  });

  it('replaces an item of the name that has more attributes', async () => {
    await keyring.putItem({ service: 'entra-login', username: 'work', more: 'x' }, 'old');
    await open().write('work', '"new"');
    expect(await open().read('work')).toBe('"new"');
    expect(await listItems()).toEqual(['work']);
    await open().delete('work');
  });

  it('tells to delete one of two items of the name, and touches neither', async () => {
    await keyring.putItem({ service: 'entra-login', username: 'twice', more: 'x' }, 'one');
    await keyring.putItem({ service: 'entra-login', username: 'twice', more: 'y' }, 'two');
    const refusal = { code: 'store_failed', hint: expect.stringContaining('Delete all but one') };
    await expect(open().read('twice')).rejects.toMatchObject(refusal);
    await expect(open().write('twice', '{}')).rejects.toMatchObject(refusal);
    await expect(open().delete('twice')).rejects.toMatchObject(refusal);
    expect(await listItems()).toEqual(['twice', 'twice']);
    await keyring.removeItems({ service: 'entra-login', username: 'twice' });
  });

  it('is no longer asked over a connection that was cut, and its descriptor belongs to no other file', async () => {
    const connections = trackConnections();
    const items = openNativeItems(connections);
    const list = (): string[] => readdirSync('/proc/self/fd').map((name) => `${name} ${readLink(name)}`);
    const before = list();
    await items.get('work');
    const [socket = '', ...others] = list().filter((entry) => entry.includes('socket:') && !before.includes(entry));
    expect(others).toEqual([]);
    connections.cut();
    expect(list()).toContain(`${socket.split(' ')[0]} /dev/null`);
    await expect(items.get('work')).rejects.toMatchObject({ code: 'keychain_unavailable' });
    expect(list()).toEqual(expect.arrayContaining(before.filter((entry) => entry.includes('socket:'))));
  });

  it('is asked over one connection for each name, however often', async () => {
    const store = open();
    await store.write('work', '{}');
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 20; round += 1) await store.read('work');
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
    await store.delete('work');
  });

  it('serves many at once and lives: gnome-keyring has races that a careless client sets off', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const ask = async (name: string): Promise<unknown> => {
      const store = open();
      for (let round = 0; round < 50; round += 1) await store.write(name, `{"round":${round}}`);
      const value = await store.read(name);
      await store.delete(name);
      return value;
    };
    expect(await Promise.all(names.map((name) => ask(name)))).toEqual(names.map(() => '{"round":49}'));
  });

  /** Tries once more where gnome-keyring itself crashed: that is not what is tested here, and it lost nothing. */
  const reviving = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      const lastWords = await keyring.revive();
      if (lastWords === undefined) throw error;
      process.stderr.write(`gnome-keyring crashed and was started again: ${lastWords}\n`);
      return call();
    }
  };

  it(`outlives ${killCount} killed writers of split values`, { timeout: 20_000 + killCount * 1_500 }, async () => {
    const store = openSplit();
    const report = await killWriters({
      program: join(programs.directory, 'store-program.cjs'),
      argument: JSON.stringify({ store: { kind: 'keychain', itemLimit: windowsLimit }, call: 'write until killed' }),
      env: keyring.env,
      store: {
        ...store,
        read: (name) => reviving(() => store.read(name)),
        write: (name, value) => reviving(() => store.write(name, value)),
      },
      listEverything: () => reviving(listItems),
    });
    expect(report).toMatchObject({ kills: killCount, faults: [] });
    await store.delete('work');
  });

  describe('that is locked', () => {
    it.each<[string, (store: SecretStore) => Promise<unknown>, unknown]>([
      ['read', (store) => store.read('work'), '"kept"'],
      ['written', (store) => store.write('work', '"new"'), undefined],
      ['listed', (store) => store.list(), ['work']],
      ['probed', (store) => store.probe(), undefined],
      ['asked for what it does not hold', (store) => store.read('other'), undefined],
      ['deleted from', (store) => store.delete('work'), true],
    ])('is waited for, says so once, and is %s once it is unlocked', async (_title, call, answer) => {
      await open().write('work', '"kept"');
      await keyring.lock();
      let told = 0;
      const onLocked = (): void => {
        told += 1;
        void keyring.unlock();
      };
      expect(await call(open({ unlockTimeLimit: 60_000, onLocked }))).toEqual(answer);
      expect(told).toBe(1);
      await open().delete('work');
      expect(await listItems()).toEqual([]);
    });

    it('is given up when nobody unlocks it in time', async () => {
      await keyring.lock();
      const started = performance.now();
      const refused = open({ unlockTimeLimit: 500, onLocked: () => {} }).read('work');
      await expect(refused).rejects.toMatchObject({
        code: 'keychain_unavailable',
        message: 'The keychain is locked, and it was not unlocked.',
        hint: expect.stringContaining('--store file (ENTRA_LOGIN_STORE=file)'),
      });
      expect(performance.now() - started).toBeGreaterThan(490);
      await keyring.unlock();
    });

    it('is no longer waited for when the signal aborts', async () => {
      await keyring.lock();
      const controller = new AbortController();
      const reason = new Error('Ctrl-C');
      const waiting = open({
        unlockTimeLimit: 60_000,
        onLocked: () => controller.abort(reason),
        signal: controller.signal,
      }).read('work');
      await expect(waiting).rejects.toBe(reason);
      await expect(open({ signal: controller.signal }).read('work')).rejects.toBe(reason);
      await keyring.unlock();
    });

    it('lets a process end by itself with exit code 6', async () => {
      await keyring.lock();
      const result = await runStoreProgram(programs, { store: { kind: 'keychain' }, call: 'read' }, keyring.env);
      await keyring.unlock();
      expect(result).toMatchObject({
        exitCode: 6,
        signal: null,
        answer: { code: 'keychain_unavailable' },
        stderr: 'locked\n',
      });
      expect(result.milliseconds).toBeGreaterThan(2_900);
      expect(result.milliseconds).toBeLessThan(6_000);
    });
  });
});
