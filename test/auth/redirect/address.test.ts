import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { listenOnLoopback } from '../../../src/auth/redirect/address.ts';
import type { PortOwner } from '../../../src/context.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function occupy(host: string, port = 0): Promise<number> {
  const server = createServer().listen(port, host);
  await new Promise((resolve) => server.once('listening', resolve));
  ends.push(() => server.close());
  return portOf(server);
}

async function listen(
  port: number,
  addresses?: readonly [string, string],
  owner?: PortOwner,
  makeServer = () => createHttpServer(),
) {
  const redirectUri = new URL(`http://localhost:${port}/callback`);
  const bound: HttpServer[] = [];
  const listening = await listenOnLoopback(
    { redirectUri, findPortOwner: async () => owner, ...(addresses && { addresses }) },
    () => {
      const server = makeServer();
      bound.push(server);
      return server;
    },
  );
  ends.push(() => listening.close());
  return { ...listening, bound };
}

describe('binding the loopback addresses', () => {
  test('takes the same free port on both', async () => {
    const { port, bound } = await listen(0);
    expect(bound.map((server) => server.address())).toEqual([
      { address: '127.0.0.1', family: 'IPv4', port },
      { address: '::1', family: 'IPv6', port },
    ]);
  });

  test('makes do with IPv4 on a machine without ::1', async () => {
    // No machine has an address out of the range reserved for documentation (RFC 3849).
    const { port, bound } = await listen(0, ['127.0.0.1', '2001:db8::1']);
    expect(bound.map((server) => server.address())).toEqual([{ address: '127.0.0.1', family: 'IPv4', port }, null]);
  });

  test('tries another free port when its twin at ::1 is taken', async () => {
    let made = 0;
    let first: HttpServer | undefined;
    let twin: Promise<number> | undefined;
    const { port, bound } = await listen(0, undefined, undefined, () => {
      made++;
      const server = createHttpServer();
      if (made === 1) first = server;
      if (made === 2 && first) twin = occupy('::1', portOf(first));
      return server;
    });
    expect(bound).toHaveLength(4);
    expect(port).not.toBe(await twin);
  });

  test('does not try for ever', async () => {
    await expect(listen(0, ['127.0.0.1', '127.0.0.1'])).rejects.toMatchObject({ code: 'port_in_use' });
  });

  test('survives a connection that the system could not hand over', async () => {
    const { bound } = await listen(0);
    expect(() => bound[0]?.emit('error', new Error('accept EMFILE'))).not.toThrow();
  });
});

describe('a port that cannot be had', () => {
  const startedAt = new Date(2026, 10, 23, 9, 5);
  test.each<[string, PortOwner | undefined, string]>([
    ['by nobody the system names', undefined, 'Port N is in use by another program.'],
    [
      'by a program',
      { processId: 42, name: 'node', startedAt },
      'Port N is in use by node (process 42, since 2026-11-23 09:05).',
    ],
    [
      'by another user',
      { processId: undefined, name: 'a program of user ID 33', startedAt: undefined },
      'Port N is in use by a program of user ID 33.',
    ],
    [
      'by another sign-in',
      { processId: 42, name: 'entra-login', startedAt },
      'Another entra-login sign-in is waiting on port N (process 42, since 2026-11-23 09:05). Finish it in its browser window, or end it.',
    ],
    [
      'by AirPlay',
      { processId: 42, name: 'AirPlay Receiver (ControlCenter)', startedAt: undefined },
      'Port N is in use by AirPlay Receiver (ControlCenter) (process 42). It can be turned off in System Settings, General, AirDrop & Handoff, AirPlay Receiver.',
    ],
  ])('is told when held %s', async (_, owner, message) => {
    const port = await occupy('127.0.0.1');
    const failure = await listen(port, undefined, owner).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'port_in_use',
      message: message.replace('N', String(port)),
      hint: 'entra-login login --port 0',
      cause: { code: 'EADDRINUSE' },
    });
  });

  test('leaves nothing bound when only one address is taken', async () => {
    const port = await occupy('::1');
    await expect(listen(port)).rejects.toMatchObject({ code: 'port_in_use' });
    expect(await occupy('127.0.0.1', port)).toBe(port);
  });

  test.each([
    ['EACCES', 'The system does not let this user listen on port 81: it is reserved.'],
    ['EINVAL', 'The loopback address cannot be listened on (EINVAL, port 81).'],
  ])('for another reason is a matter of configuration (%s)', async (code, message) => {
    const refusing = (): HttpServer => {
      const server = createHttpServer();
      // Root may listen anywhere, so the system's refusal is played.
      server.listen = () => {
        queueMicrotask(() => server.emit('error', Object.assign(new Error(code), { code })));
        return server;
      };
      return server;
    };
    const failure = await listenOnLoopback(
      { redirectUri: new URL('http://localhost:81'), findPortOwner: async () => undefined },
      refusing,
    ).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'configuration',
      message,
      hint: 'entra-login login --port 0',
    });
  });
});
