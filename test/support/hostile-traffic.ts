import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** A request to a redirect listener. */
export interface Shot {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What a flood met. */
export interface FloodReport {
  /** How often each status, or each error of the connection, was the answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Slow connections that are opened again when they are closed. */
export interface SlowConnections {
  /** How many are open now. */
  count(): number;
  end(): void;
}

/** What a form needs to be taken for one. */
export const formHeaders = { 'Content-Type': 'application/x-www-form-urlencoded' };

/** Makes the hostile and stray requests: one in twenty brings a megabyte, the others differ in what is wrong. */
export function hostileShots(state: string): (number: number) => Shot {
  const good = `code=the-code&state=${state}`;
  const headers = formHeaders;
  const shots: readonly Shot[] = [
    { path: '/favicon.ico' },
    { path: `/callback?code=1&state=${state}` },
    { path: '/callback', method: 'DELETE' },
    { path: '/callback', headers: { Host: 'evil.example' } },
    { path: '/callback', method: 'POST', headers, body: 'code=1&state=wrong' },
    { path: '/callback', method: 'POST', headers, body: `${good}&state=${state}` },
    { path: '/callback', method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: good },
    { path: '/callback', method: 'OPTIONS', headers: { Origin: 'https://evil.example' } },
    {
      path: '/callback',
      method: 'POST',
      headers: { ...headers, 'Transfer-Encoding': 'chunked' },
      body: 'x'.repeat(70_000),
    },
    { path: `/${'x'.repeat(20_000)}`, headers: { Cookie: 'x'.repeat(20_000) } },
  ];
  const huge: Shot = { path: '/callback', method: 'POST', headers, body: 'x'.repeat(1_000_000) };
  return (number) => (number % 20 === 19 ? huge : (shots[number % shots.length] ?? huge));
}

/** Sends that many of them, forty at a time. */
export async function flood(port: number, shots: (number: number) => Shot, size: number): Promise<FloodReport> {
  const answers: Record<string, number> = {};
  let sent = 0;
  const sender = async (): Promise<void> => {
    while (sent < size) {
      const status = await shoot(port, shots(sent++));
      answers[status] = (answers[status] ?? 0) + 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 40 }, sender));
  return { answers, seconds: (performance.now() - startedAt) / 1_000 };
}

/** Opens connections that begin a request and never go on. */
export function holdSlowConnections(port: number, size: number): SlowConnections {
  const sockets = new Set<Socket>();
  let goesOn = true;
  const hold = (): void => {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (goesOn) hold();
    });
    socket.resume().write(`POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nX-Slow: `);
  };
  for (let count = 0; count < size; count += 1) hold();
  return {
    count: () => sockets.size,
    end() {
      goesOn = false;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Sends one request; answers the status, or the code of what happened to the connection. */
export async function shoot(port: number, shot: Shot): Promise<number | string> {
  return new Promise((resolve) => {
    const { path, method, headers, body } = shot;
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      ...(method === undefined ? {} : { method }),
      headers: { Host: `localhost:${port}`, ...headers },
      agent: new Agent(),
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    sent.on('response', (response) => {
      response.resume().on('close', () => resolve(response.statusCode ?? 0));
    });
    sent.end(body);
  });
}
