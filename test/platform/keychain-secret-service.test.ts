import { createServer, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { SecretStore } from '../../src/context.ts';
import { openKeychain, type KeychainOptions } from '../../src/platform/keychain.ts';
import { withSecretService } from '../../src/platform/keychain-secret-service.ts';
import { createKeychainStore } from '../../src/platform/keychain-store.ts';
import { buildPrograms, type BuiltPrograms } from '../support/bundle-program.ts';
import { killCount, killWriters } from '../support/kill-writers.ts';
import { hasKeyring, startKeyring, type TestKeyring } from '../support/keyring.ts';
import { runStoreProgram } from '../support/run-store-program.ts';
import { describeSecretStore, profileSized } from '../support/secret-store-contract.ts';

const windowsLimit = 2_560;

describe.skipIf(!hasKeyring())('a real keyring', () => {
  let keyring: TestKeyring;
  let programs: BuiltPrograms;

  beforeAll(async () => {
    [keyring, programs] = await Promise.all([
      startKeyring(),
      buildPrograms({ 'store-program': 'test/support/store-program.ts' }),
    ]);
  });
  afterAll(async () => {
    programs.remove();
    await keyring.stop();
  });

  const options = (changes: Partial<KeychainOptions> = {}): KeychainOptions => ({
    env: keyring.env,
    unlockTimeLimit: 3_000,
    onLocked: () => expect.unreachable('the keyring is not locked'),
    signal: undefined,
    ...changes,
  });
  const open = (changes?: Partial<KeychainOptions>): SecretStore => openKeychain(options(changes), 'linux');
  const openSplit = (): SecretStore => createKeychainStore((work) => withSecretService(options(), work), windowsLimit);
  const listItems = (): Promise<string[]> =>
    withSecretService(options(), async (items) => (await items.list()).toSorted());

  describeSecretStore('the keychain, one item a value', () => open());
  describeSecretStore(`the keychain, ${windowsLimit} bytes an item`, () => openSplit());

  it('holds no more than the limit in any item, and nothing after a delete', async () => {
    await openSplit().write('work', profileSized);
    const sizes = await withSecretService(options(), async (items) => {
      const names = await items.list();
      return Promise.all(names.map(async (name) => ((await items.get(name)) ?? '').length * 2));
    });
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(windowsLimit);
    await openSplit().delete('work');
    expect(await listItems()).toEqual([]);
  });

  it('leaves items of other programs alone', async () => {
    await keyring.putItem({ service: 'another-program', username: 'work' }, Buffer.from('theirs'));
    expect(await open().read('work')).toBeUndefined();
    expect(await open().delete('work')).toBe(false);
    expect(await open().list()).toEqual([]);
  });

  it('refuses content that is no text, leaves it alone, and deletes it when asked', async () => {
    await keyring.putItem({ service: 'entra-login', username: 'work' }, Buffer.of(0x7b, 0xff, 0xfe));
    const refusal = { code: 'store_failed', hint: 'entra-login logout --profile work' };
    await expect(open().read('work')).rejects.toMatchObject(refusal);
    expect(await open().list()).toEqual(['work']);
    expect(await open().delete('work')).toBe(true);
    expect(await listItems()).toEqual([]);
  });

  it('refuses an item that was emptied', async () => {
    await keyring.putItem({ service: 'entra-login', username: 'work' }, Buffer.of());
    await expect(open().read('work')).rejects.toMatchObject({ code: 'store_failed' });
    await open().delete('work');
  });

  it('replaces every item of the name, also one with more attributes', async () => {
    await keyring.putItem({ service: 'entra-login', username: 'work', more: 'x' }, Buffer.from('old'));
    await open().write('work', '"new"');
    expect(await open().read('work')).toBe('"new"');
    expect(await listItems()).toEqual(['work']);
    await open().delete('work');
  });

  it('serves many at once and lives: gnome-keyring has races that a careless client sets off', async () => {
    const ask = async (name: string): Promise<unknown> => {
      for (let round = 0; round < 100; round += 1) {
        await open().write(name, `{"round":${round}}`);
        await open().list();
      }
      const value = await open().read(name);
      await open().delete(name);
      return value;
    };
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    expect(await Promise.all(names.map((name) => ask(name)))).toEqual(names.map(() => '{"round":99}'));
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
    const report = await killWriters({
      program: join(programs.directory, 'store-program.cjs'),
      argument: JSON.stringify({ store: { kind: 'keychain', itemLimit: windowsLimit }, call: 'write until killed' }),
      env: keyring.env,
      store: {
        ...openSplit(),
        read: (name) => reviving(() => openSplit().read(name)),
        write: (name, value) => reviving(() => openSplit().write(name, value)),
      },
      listEverything: () => reviving(listItems),
    });
    expect(report).toMatchObject({ kills: killCount, faults: [] });
    await openSplit().delete('work');
  });

  describe('that is locked', () => {
    it('is waited for, says so, and is read once it is unlocked', async () => {
      await open().write('work', '"kept"');
      await keyring.lock();
      const told: string[] = [];
      const store = open({
        unlockTimeLimit: 60_000,
        onLocked: () => {
          told.push('locked');
          void keyring.unlock();
        },
      });
      expect(await store.read('work')).toBe('"kept"');
      expect(told).toEqual(['locked']);
    });

    it.each<[string, (store: SecretStore) => Promise<unknown>, unknown]>([
      ['written', (store) => store.write('work', '"new"'), undefined],
      ['listed', (store) => store.list(), ['work']],
      ['probed', (store) => store.probe(), undefined],
      ['asked for what it does not hold', (store) => store.read('other'), undefined],
      ['deleted from', (store) => store.delete('work'), true],
    ])('is waited for where it is %s', async (_title, call, answer) => {
      await open().write('work', '"kept"');
      await keyring.lock();
      let told = 0;
      const onLocked = (): void => {
        told += 1;
        void keyring.unlock();
      };
      expect(await call(open({ unlockTimeLimit: 60_000, onLocked }))).toEqual(answer);
      expect(told).toBe(1);
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

    it('is no longer waited for on Ctrl-C', async () => {
      await keyring.lock();
      const controller = new AbortController();
      const waiting = open({
        unlockTimeLimit: 60_000,
        onLocked: () => controller.abort(),
        signal: controller.signal,
      }).read('work');
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      await keyring.unlock();
    });

    it('is not even asked after Ctrl-C', async () => {
      const signal = AbortSignal.abort();
      await expect(open({ signal }).read('work')).rejects.toMatchObject({ code: 'cancelled' });
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

describe.skipIf(!hasKeyring())('a keyring that fails', () => {
  let programs: BuiltPrograms;

  beforeAll(async () => {
    programs = await buildPrograms({ 'store-program': 'test/support/store-program.ts' });
  });
  afterAll(() => programs.remove());

  it.each(['keyring', 'bus'] as const)(
    'is given up after 3 seconds when the %s is frozen, and the process ends',
    async (part) => {
      const keyring = await startKeyring();
      try {
        keyring.freeze(part);
        const results = await Promise.all(
          (['read', 'write', 'delete', 'list', 'probe'] as const).map((call) =>
            runStoreProgram(programs, { store: { kind: 'keychain' }, call, value: '{}' }, keyring.env),
          ),
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
      } finally {
        keyring.thaw();
        await keyring.stop();
      }
    },
  );

  it('is named as gone when it dies while it is asked', async () => {
    const keyring = await startKeyring();
    const onLocked = (): void => keyring.kill();
    await keyring.lock();
    const store = openKeychain({ env: keyring.env, unlockTimeLimit: 60_000, onLocked, signal: undefined }, 'linux');
    await expect(store.read('work')).rejects.toMatchObject({ code: 'keychain_unavailable' });
    await expect(store.read('work')).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'No keychain runs in this login (nothing answers for the Secret Service on D-Bus).',
    });
    await keyring.stop();
  });

  it('tells to make a default keyring where there is none', async () => {
    const keyring = await startKeyring();
    await keyring.removeDefaultCollection();
    const store = openKeychain(
      { env: keyring.env, unlockTimeLimit: 3_000, onLocked: () => {}, signal: undefined },
      'linux',
    );
    expect(await store.read('work')).toBeUndefined();
    await expect(store.probe()).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'The keychain has no default keyring to keep anything in.',
    });
    await keyring.stop();
  });
});

describe('a session bus', () => {
  let directory: string;
  const servers: Server[] = [];
  const sockets: Socket[] = [];

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'entra-login-bus-'));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    rmSync(directory, { recursive: true });
  });

  const listen = async (name: string, serve: (socket: Socket) => void): Promise<Record<string, string>> => {
    const path = join(directory, name);
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      serve(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
  };
  const read = (env: Record<string, string>): Promise<string | undefined> =>
    openKeychain({ env, unlockTimeLimit: 3_000, onLocked: () => {}, signal: undefined }, 'linux').read('work');

  it('that is not there is named at once, with what to use instead', async () => {
    await expect(read({})).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'There is no keychain here: DBUS_SESSION_BUS_ADDRESS names no D-Bus session bus.',
      hint: expect.stringContaining('--store file (ENTRA_LOGIN_STORE=file)'),
    });
  });

  it.each(['tcp:host=localhost,port=1', 'autolaunch:', 'unixexec:path=/bin/true', 'nonsense'])(
    'at the address %s is not spoken to',
    async (address) => {
      await expect(read({ DBUS_SESSION_BUS_ADDRESS: address })).rejects.toMatchObject({ code: 'keychain_unavailable' });
    },
  );

  it('that nobody serves is named at once', async () => {
    await expect(read({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/none` })).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'The keychain cannot be reached: the D-Bus session bus accepts no connection.',
    });
  });

  it('that takes the connection and says nothing is given up after 3 seconds', async () => {
    const env = await listen('deaf', () => {});
    await expect(read(env)).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'The keychain did not answer within 3 seconds.',
    });
  });

  it.each<[string, Buffer | string]>([
    ['refuses the user', 'REJECTED EXTERNAL\r\n'],
    ['speaks something else', 'HTTP/1.1 400 Bad Request\r\nOK then\r\n'],
    ['answers with what is no message', Buffer.from('DATA\r\nOK 1234deadbeef\r\n')],
  ])('that %s is given up', async (title, answer) => {
    const env = await listen(title.replaceAll(' ', '-'), (socket) => {
      socket.write(answer);
      // After the greeting: bytes that are no D-Bus message.
      socket.on('data', (bytes) => {
        if (bytes.includes('BEGIN')) socket.write(Buffer.alloc(64, 0xff));
      });
    });
    await expect(read(env)).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'The connection to the keychain broke.',
    });
  });

  it('that hangs up is given up at once', async () => {
    const env = await listen('gone', (socket) => socket.destroy());
    await expect(read(env)).rejects.toMatchObject({ code: 'keychain_unavailable' });
  });
});
