import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from '../../src/platform/profile-lock.ts';

// Takes the lock as often as it is told, writing down when it has it and when it lets go: `lock-program STATE LOG TIMES HOLD`.
const [stateDir = '', log = '', times = '1', hold = '5'] = process.argv.slice(2);
const place = { stateDir, temporary: tmpdir(), platform: process.platform, userId: process.getuid?.() };

async function main(): Promise<void> {
  for (let taken = 0; taken < Number(times);) {
    const lock = await takeLock('profile', place, AbortSignal.timeout(60_000));
    if (lock.outcome === 'unavailable') throw new Error(lock.reason);
    if (lock.outcome === 'released') continue;
    taken += 1;
    appendFileSync(log, `+${process.pid}\n`);
    await sleep(Number(hold));
    appendFileSync(log, `-${process.pid}\n`);
    await lock.release();
  }
}

void main();
