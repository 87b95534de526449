import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LockPlace } from '../../src/platform/profile-lock.ts';
import { takeLock } from '../../src/platform/profile-lock.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { BuiltPrograms } from '../support/bundle-program.ts';
import { buildPrograms } from '../support/bundle-program.ts';

let programs: BuiltPrograms;
let home: string;
let place: LockPlace;
const never = new AbortController().signal;

beforeAll(async () => {
  programs = await buildPrograms({ lock: 'test/support/lock-program.ts' });
});
afterAll(() => programs.remove());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'entra-login-lock-'));
  place = {
    stateDir: join(home, 'state'),
    temporary: tmpdir(),
    platform: process.platform,
    userId: process.getuid?.(),
  };
});
afterEach(() => rm(home, { recursive: true }));

const take = async (signal = never): Promise<() => Promise<void>> => {
  const lock = await takeLock('profile', place, signal);
  if (lock.outcome !== 'taken') throw new Error(`The lock was ${lock.outcome}.`);
  return lock.release;
};

const takeInTheEnd = async (): Promise<() => Promise<void>> => {
  for (;;) {
    const lock = await takeLock('profile', place, never);
    if (lock.outcome === 'taken') return lock.release;
  }
};

const start = (times: number, hold: number): ChildProcess => {
  const argv = [join(programs.directory, 'lock.cjs'), place.stateDir, join(home, 'log'), String(times), String(hold)];
  return spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] });
};
const logOf = async (): Promise<string[]> => (await readFile(join(home, 'log'), 'utf8')).trim().split('\n');

describe('the lock of a profile', () => {
  it('is held by one process at a time, however many want it', async () => {
    const children = Array.from({ length: 12 }, () => start(8, 1));
    await Promise.all(children.map((child) => once(child, 'exit')));
    const log = await logOf();
    expect(log).toHaveLength(12 * 8 * 2);
    const pairs = log.filter((_line, index) => index % 2 === 0).map((line, index) => [line, log[index * 2 + 1]]);
    expect(pairs.filter(([taken = '', released]) => released !== taken.replace('+', '-'))).toEqual([]);
    expect(await readdir(join(place.stateDir, 'locks'))).toHaveLength(1); // the last one's name
  });

  it('tells those who wait that it was let go, without making it theirs', async () => {
    const holder = start(1, 300);
    await vi.waitFor(async () => expect(await logOf()).toHaveLength(1), { timeout: 10_000, interval: 10 });
    expect(await takeLock('profile', place, never)).toEqual({ outcome: 'released' });
    expect(await logOf()).toEqual([`+${holder.pid}`, `-${holder.pid}`]);
  });

  it('is one of each profile', async () => {
    const release = await take();
    const other = await takeLock('other', place, never);
    expect(other.outcome).toBe('taken');
    if (other.outcome === 'taken') await other.release();
    await release();
  });

  it('goes to the next within a second when its holder is killed, and nothing but its name is left', async () => {
    const holder = start(1, 60_000);
    await vi.waitFor(async () => expect(await logOf()).toHaveLength(1), { timeout: 10_000, interval: 10 });
    const waiting = takeInTheEnd();
    const killedAt = performance.now();
    holder.kill('SIGKILL');
    const release = await waiting;
    expect(performance.now() - killedAt).toBeLessThan(1000);
    await release();
    expect(await readdir(join(place.stateDir, 'locks'))).toHaveLength(1); // the last one's name
  });

  it('is held by one at a time although holders are killed again and again', async () => {
    const survivors = Array.from({ length: 4 }, () => start(15, 1));
    const ended = Promise.all(survivors.map((child) => once(child, 'exit')));
    for (let count = 0; count < 15; count += 1) {
      const victim = start(1000, 1);
      await vi.waitFor(async () => expect(await readFile(join(home, 'log'), 'utf8')).toContain(`+${victim.pid}\n`), {
        timeout: 10_000,
        interval: 2,
      });
      victim.kill('SIGKILL');
      await once(victim, 'exit');
    }
    expect((await ended).map(([code]) => code as number)).toEqual([0, 0, 0, 0]);
    const release = await take();
    await release();
    expect(await readdir(join(place.stateDir, 'locks'))).toHaveLength(1); // the last one's name
  });

  it('heeds the signal, with its reason, and keeps waiting no process alive', async () => {
    const release = await take();
    const controller = new AbortController();
    const waiting = takeLock('profile', place, controller.signal);
    controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(takeLock('profile', place, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
    await release();
  });

  it('lies elsewhere where the path of the state directory is too long for a socket', async () => {
    place = { ...place, stateDir: join(home, 'x'.repeat(100)), temporary: home };
    const release = await take();
    expect(await readdir(join(home, `entra-login-${place.userId}`))).toHaveLength(1);
    await release();
  });

  it('is not to be had where the directory is no directory, or open to others', async () => {
    await mkdir(place.stateDir);
    await writeFile(join(place.stateDir, 'locks'), '');
    expect(await takeLock('profile', place, never)).toMatchObject({ outcome: 'unavailable' });
    await rm(join(place.stateDir, 'locks'));
    await mkdir(join(place.stateDir, 'locks'));
    await chmod(join(place.stateDir, 'locks'), 0o777);
    expect(await takeLock('profile', place, never)).toMatchObject({ outcome: 'unavailable' });
  });
});
