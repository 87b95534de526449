import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A real forward proxy (tinyproxy). */
export interface ForwardProxy {
  /** `HOST:PORT`. */
  readonly host: string;
  /** What it was asked to connect to so far. */
  connections(): string[];
  stop(): Promise<void>;
}

/** Starts tinyproxy on a free port; with credentials it wants them. */
export async function startForwardProxy(credentials?: { name: string; password: string }): Promise<ForwardProxy> {
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-proxy-'));
  const [log, configuration] = [join(directory, 'log'), join(directory, 'tinyproxy.conf')];
  const port = await findFreePort();
  const lines = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 30', `LogFile "${log}"`, 'LogLevel Connect'];
  if (credentials !== undefined) lines.push(`BasicAuth ${credentials.name} ${credentials.password}`);
  writeFileSync(configuration, `${lines.join('\n')}\n`);
  writeFileSync(log, '');
  const child = spawn('tinyproxy', ['-d', '-c', configuration], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const deadline = performance.now() + 10_000;
  while (!(await listens(port))) {
    if (performance.now() > deadline || child.exitCode !== null)
      throw new Error(`tinyproxy: ${readFileSync(log, 'utf8')}`);
    await delay(20);
  }
  return {
    host: `127.0.0.1:${port}`,
    connections: () =>
      [...readFileSync(log, 'utf8').matchAll(/Request \(file descriptor \d+\): (.*)$/gm)].map(([, line = '']) => line),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return await new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
