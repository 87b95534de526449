import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { isKeychainLocked } from '../../src/platform/keychain-check.ts';
import { hasKeyring, startKeyring } from '../support/keyring.ts';

const check = (env: Record<string, string>, signal?: AbortSignal): Promise<boolean> =>
  isKeychainLocked({ env, signal });

describe.skipIf(!hasKeyring())('the check of a real keyring', () => {
  it('tells whether a call would wait for a person, and answers no where the library is to say what is wrong', async () => {
    const keyring = await startKeyring();
    try {
      expect(await check(keyring.env)).toBe(false);
      await keyring.lock();
      expect(await check(keyring.env)).toBe(true);
      await keyring.unlock();
      expect(await check(keyring.env)).toBe(false);
      for (let item = 0; item < 3; item += 1) {
        await keyring.putItem({ service: 'entra-login', username: `p${item}` }, '{}');
      }
      expect(await check(keyring.env)).toBe(false);
      await keyring.removeDefaultCollection();
      expect(await check(keyring.env)).toBe(false);
      keyring.kill();
      expect(await check(keyring.env)).toBe(false);
    } finally {
      await keyring.stop();
    }
  });

  it('finds the bus in the runtime directory where no variable names it', async () => {
    const keyring = await startKeyring();
    const { XDG_RUNTIME_DIR = '' } = keyring.env;
    expect(await check({ XDG_RUNTIME_DIR })).toBe(false);
    expect(await check({ DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR })).toBe(false);
    await keyring.stop();
  });
});

describe('a session bus', () => {
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-bus-'));
  const servers: Server[] = [];
  const sockets: Socket[] = [];

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    rmSync(directory, { recursive: true });
  });

  const listen = async (path: string, serve: (socket: Socket) => void): Promise<void> => {
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      serve(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
  };

  /** Answers as a bus does: the greeting, a signal that nobody asked for, each reply; all in small pieces. */
  const serveBus =
    (locked: number, lockedItems: number, requests: string[] = []) =>
    (socket: Socket): void => {
      const answers = [
        Buffer.concat([
          Buffer.from('OK 0123456789abcdef0123456789abcdef\r\n'),
          message(4, 0, Buffer.from('x'.repeat(16))),
          message(2, 1, Buffer.alloc(16)),
          message(2, 2, Buffer.alloc(12)),
        ]),
        Buffer.concat([
          message(2, 4, Buffer.of(0, 0, 0, 0, lockedItems, 0, 0, 0, ...Buffer.alloc(lockedItems))),
          message(2, 3, Buffer.of(1, 0x62, 0, 0, locked, 0, 0, 0)),
        ]),
      ];
      socket.on('data', (request) => {
        requests.push(request.toString('latin1'));
        const answer = answers.shift() ?? Buffer.alloc(0);
        let at = 0;
        const send = (): void => {
          if (at >= answer.length || socket.destroyed) return;
          socket.write(answer.subarray(at, (at += 7)), send);
        };
        send();
      });
    };

  it('is asked first for what gnome-keyring can answer before it knows who asks', async () => {
    const requests: string[] = [];
    await listen(join(directory, 'order'), serveBus(0, 0, requests));
    await check({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/order` });
    const asked = requests.map((request) => request.match(/Hello|Collections|Locked|SearchItems/g));
    expect(asked).toEqual([
      ['Hello', 'Collections'],
      ['Locked', 'SearchItems'],
    ]);
  });

  it.each([
    ['unlocked', 0, 0, false],
    ['locked', 1, 0, true],
    ['unlocked, but one of our items elsewhere is not', 0, 8, true],
  ] as const)('that answers in pieces is understood: %s', async (title, locked, lockedItems, answer) => {
    const path = join(directory, `${title.length} pieces`);
    await listen(path, serveBus(locked, lockedItems));
    expect(await check({ DBUS_SESSION_BUS_ADDRESS: `unix:guid=1f,path=${encodeURI(path)},x=y` })).toBe(answer);
  });

  it('is found at an abstract address', async () => {
    await listen(`\0${directory}/abstract`, serveBus(1, 0));
    expect(await check({ DBUS_SESSION_BUS_ADDRESS: `unix:abstract=${directory}/abstract,guid=1f` })).toBe(true);
  });

  it.each<Record<string, string>>([{}, { DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '' }])(
    'that is not there is named at once, with what to use instead',
    async (env) => {
      await expect(check(env)).rejects.toMatchObject({
        code: 'keychain_unavailable',
        message: 'There is no keychain here: DBUS_SESSION_BUS_ADDRESS names no D-Bus session bus.',
        hint: expect.stringContaining('--store file (ENTRA_LOGIN_STORE=file)'),
      });
    },
  );

  it.each(['tcp:host=localhost,port=1;unix:path=/b', 'autolaunch:', 'unixexec:path=/bin/true', 'nonsense', 'unix:'])(
    'at the address %s is not spoken to',
    async (address) => {
      await expect(check({ DBUS_SESSION_BUS_ADDRESS: address })).rejects.toMatchObject({
        code: 'keychain_unavailable',
      });
    },
  );

  it('that nobody serves is named at once', async () => {
    await expect(check({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/none` })).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'There is no keychain here: the D-Bus session bus accepts no connection.',
    });
  });

  it('that takes the connection and says nothing is given up after 3 seconds, on Ctrl-C at once', async () => {
    await listen(join(directory, 'deaf'), () => {});
    const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/deaf` };
    const controller = new AbortController();
    const cancelled = check(env, controller.signal);
    const reason = new Error('Ctrl-C');
    controller.abort(reason);
    await expect(cancelled).rejects.toBe(reason);
    await expect(check(env, controller.signal)).rejects.toBe(reason);
    await expect(check(env)).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'The keychain did not answer within 3 seconds.',
    });
  });

  it.each<[string, Buffer]>([
    ['refuses the user', Buffer.from('REJECTED EXTERNAL\r\n')],
    ['speaks something else', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['answers with what is no message', Buffer.concat([Buffer.from('OK 1234deadbeef\r\n'), Buffer.alloc(64, 0xff)])],
    ['says more than there is to say', Buffer.concat([Buffer.from('OK '), Buffer.alloc(2_000_000, 0x61)])],
  ])('that %s is given up at once', async (title, answer) => {
    await listen(join(directory, title), (socket) => socket.write(answer));
    await expect(check({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/${title}` })).rejects.toMatchObject({
      code: 'keychain_unavailable',
      message: 'There is no keychain here: what DBUS_SESSION_BUS_ADDRESS names is no D-Bus, or not yours.',
    });
  });

  it('that hangs up is given up at once', async () => {
    await listen(join(directory, 'gone'), (socket) => socket.end());
    await expect(check({ DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/gone` })).rejects.toMatchObject({
      code: 'keychain_unavailable',
    });
  });
});

/** Makes a D-Bus message of the type that replies to the call. */
function message(type: number, replySerial: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.set([0x6c, type, 0, 1]);
  bytes.writeUInt32LE(body.length, 4);
  bytes.writeUInt32LE(9, 8);
  bytes.writeUInt32LE(8, 12);
  bytes.set([5, 1, 0x75, 0, replySerial], 16);
  return Buffer.concat([bytes, body]);
}
