import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { flood, formHeaders, holdSlowConnections, hostileShots, shoot } from '../../support/hostile-traffic.ts';

const state = 'the-expected-state-0123456789';
const floodSize = 10_000;

test(`after ${floodSize} hostile requests and with 100 slow connections held open, the right response still gets through in under 120 MB`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'entra-login-flood-'));
  const file = join(directory, 'listener.mjs');
  const bundle = await rolldown({
    input: fileURLToPath(new URL('./flood-process.ts', import.meta.url)),
    platform: 'node',
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  const child = fork(file, [state], { stdio: 'inherit' });
  const messages: Record<string, unknown>[] = [];
  child.on('message', (message) => messages.push(message as Record<string, unknown>));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let slow: ReturnType<typeof holdSlowConnections> | undefined;
  try {
    await expect.poll(() => messages.length, { timeout: 10_000 }).toBe(1);
    const port = Number(new URL(String(messages[0]?.['redirectUri'])).port);
    slow = holdSlowConnections(port, 100);
    const { answers, seconds } = await flood(port, hostileShots(state), floodSize);
    const held = slow.count();
    const good = { path: '/callback', method: 'POST', headers: formHeaders, body: `code=the-code&state=${state}` };
    const answer = await shoot(port, good);
    slow.end();
    await expect.poll(() => messages.length, { timeout: 10_000 }).toBe(2);
    const exitCode = await ended;
    const peak = Number(messages[1]?.['peakKiB']) / 1_024;
    process.stderr.write(
      `Flood: ${floodSize} requests in ${seconds.toFixed(1)} s, ${held} slow connections, peak memory ${peak.toFixed(0)} MB, answers ${JSON.stringify(answers)}\n`,
    );
    expect({ answer, held, code: messages[1]?.['code'], exitCode }).toEqual({
      answer: 200,
      held: 100,
      code: 'the-code',
      exitCode: 0,
    });
    expect(peak).toBeLessThan(120);
    expect(Object.keys(answers).filter((status) => /^\d/.test(status) && !status.startsWith('4'))).toEqual([]);
  } finally {
    child.kill();
    slow?.end();
    await rm(directory, { recursive: true });
  }
}, 60_000);
