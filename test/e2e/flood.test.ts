import process from 'node:process';
import { expect, it } from 'vitest';
import { alice } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { flood, holdSlowConnections, hostileShots } from '../support/hostile-traffic.ts';
import { authorizeUrl, startMachine } from '../support/program.ts';

const floodSize = 10_000;

it(`a sign-in succeeds after ${floodSize} hostile requests, with 100 slow connections held open, in under 120 MB`, async () => {
  const machine = await startMachine();
  let slow: ReturnType<typeof holdSlowConnections> | undefined;
  try {
    const program = machine.start(['login', '--no-browser', '--timeout', '2m'], { patience: 100_000 });
    const [url] = await program.hear(authorizeUrl);
    const asked = new URL(url).searchParams;
    const port = Number(new URL(asked.get('redirect_uri') ?? '').port);
    slow = holdSlowConnections(port, 100);
    const { answers, seconds } = await flood(port, hostileShots(asked.get('state') ?? ''), floodSize);
    const held = slow.count();
    const person = await signInAsScriptedPerson(url, { username: alice.username });
    slow.end();
    const end = await program.ended;
    process.stderr.write(
      `Flood of a sign-in: ${floodSize} requests in ${seconds.toFixed(1)} s, ${held} slow connections, peak memory ${end.peakMegabytes.toFixed(0)} MB, answers ${JSON.stringify(answers)}\n`,
    );
    expect({ person, end, held }).toMatchObject({
      person: { delivered: true, status: 200, body: expect.stringContaining('You are signed in') as string },
      end: { exitCode: 0, stdout: expect.stringContaining(alice.username) as string },
      held: 100,
    });
    // Whoever floods must not fill the terminal either: the URL and one line of waiting.
    expect(end.stderr.length).toBeLessThan(2_000);
    expect(Object.keys(answers).filter((status) => /^\d/.test(status) && !status.startsWith('4'))).toEqual([]);
    expect(end.peakMegabytes).toBeGreaterThan(20);
    expect(end.peakMegabytes).toBeLessThan(120);
  } finally {
    slow?.end();
    await machine.close();
  }
}, 120_000);
