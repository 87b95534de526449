import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

const state = 'the-expected-state-0123456789';
const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
const megabyte = 'x'.repeat(1_000_000);
const good = `code=the-code&state=${state}`;

const floodSize = 10_000;

interface Shot {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** One in twenty brings a megabyte; the others differ in what is wrong with them. */
const hostile: readonly Shot[] = [
  { path: '/favicon.ico' },
  { path: `/callback?code=1&state=${state}` },
  { path: '/callback', method: 'DELETE' },
  { path: '/callback', headers: { Host: 'evil.example' } },
  { path: '/callback', method: 'POST', headers: form, body: 'code=1&state=wrong' },
  { path: '/callback', method: 'POST', headers: form, body: `${good}&state=${state}` },
  { path: '/callback', method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: good },
  { path: '/callback', method: 'OPTIONS', headers: { Origin: 'https://evil.example' } },
  { path: '/callback', method: 'POST', headers: { ...form, 'Transfer-Encoding': 'chunked' }, body: 'x'.repeat(70_000) },
  { path: `/${'x'.repeat(20_000)}`, headers: { Cookie: 'x'.repeat(20_000) } },
];
const huge: Shot = { path: '/callback', method: 'POST', headers: form, body: megabyte };

test(`after ${floodSize} hostile requests and with 100 slow connections held open, the right response still gets through in under 120 MB`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'entra-login-flood-'));
  const file = join(directory, 'listener.mjs');
  const bundle = await rolldown({
    input: fileURLToPath(new URL('./redirect-flood-process.ts', import.meta.url)),
    platform: 'node',
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  const child = fork(file, [state], { stdio: 'inherit' });
  const messages: Record<string, unknown>[] = [];
  child.on('message', (message) => messages.push(message as Record<string, unknown>));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const slow = new Set<Socket>();
  try {
    await expect.poll(() => messages.length, { timeout: 10_000 }).toBe(1);
    const port = Number(new URL(String(messages[0]?.['redirectUri'])).port);
    let goesOn = true;
    const holdOpen = (): void => {
      const socket = connect(port, '127.0.0.1');
      slow.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        slow.delete(socket);
        if (goesOn) holdOpen();
      });
      socket.resume().write(`POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nX-Slow: `);
    };
    for (let count = 0; count < 100; count++) holdOpen();

    const statuses = new Map<number | string, number>();
    let sent = 0;
    const sender = async (): Promise<void> => {
      while (sent < floodSize) {
        const number = sent++;
        const shot = number % 20 === 19 ? huge : hostile[number % hostile.length];
        const status = await shoot(port, shot ?? huge);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 40 }, sender));
    const held = slow.size;
    const answer = await shoot(port, { path: '/callback', method: 'POST', headers: form, body: good });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    goesOn = false;
    await expect.poll(() => messages.length, { timeout: 10_000 }).toBe(2);
    const exitCode = await ended;
    const peak = Number(messages[1]?.['peakKiB']) / 1_024;
    process.stderr.write(
      `Flood: ${floodSize} requests in ${seconds} s, ${held} slow connections, peak memory ${peak.toFixed(0)} MB, answers ${JSON.stringify(Object.fromEntries(statuses))}\n`,
    );
    expect({ answer, held, code: messages[1]?.['code'], exitCode }).toEqual({
      answer: 200,
      held: 100,
      code: 'the-code',
      exitCode: 0,
    });
    expect(peak).toBeLessThan(120);
    expect(
      [...statuses.keys()].filter((status) => typeof status === 'number' && (status < 400 || status > 499)),
    ).toEqual([]);
  } finally {
    child.kill();
    for (const socket of slow) socket.destroy();
    await rm(directory, { recursive: true });
  }
}, 60_000);

async function shoot(port: number, shot: Shot): Promise<number | string> {
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
