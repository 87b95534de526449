import { createHash, randomBytes } from 'node:crypto';
import { link, lstat, mkdir, readdir, unlink } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LockOutcome } from '../context.ts';

/** Where locks live: beside what they guard, unless that path is too long for a socket. */
export interface LockPlace {
  readonly stateDir: string;
  /** The directory for temporary files. */
  readonly temporary: string;
  readonly platform: NodeJS.Platform;
  /** The user's ID; `undefined` on Windows. */
  readonly userId: number | undefined;
}

// sockaddr_un holds 104 bytes on macOS, 108 on Linux; the names below take up to 34.
const longestDirectory = 104 - 35;

/**
 * Takes the lock of a name, or waits until whoever holds it lets go. The lock is a listening socket: the kernel ends it
 * with the process that holds it, even at `kill -9`, and everybody who waits is connected to it and hears that at once.
 * So there is no stale lock to wait out and nothing is polled.
 * It holds on one machine; two machines with one home directory may both renew, which Entra allows.
 */
export async function takeLock(name: string, place: LockPlace, signal: AbortSignal): Promise<LockOutcome> {
  const short = createHash('sha256').update(`${place.stateDir}\n${name}`).digest('base64url').slice(0, 16);
  if (place.platform === 'win32') return await takePipe(`\\\\.\\pipe\\entra-login-${short}`, signal);
  const directory = await makeDirectory(place);
  if (directory === undefined) return { outcome: 'unavailable', reason: `no lock can be made in ${place.stateDir}` };
  return await takeSocket(join(directory, short), signal);
}

/**
 * Each holder's socket has a number of its own, one higher than the last. The highest name is never removed and no name
 * is used twice while it is the highest, so nobody can mistake a live lock for the dead one it follows.
 */
async function takeSocket(path: string, signal: AbortSignal): Promise<LockOutcome> {
  for (;;) {
    signal.throwIfAborted();
    const last = await findLast(path);
    const state = last === 0 ? 'dead' : await waitForHolder(`${path}.${last}`, signal);
    if (state === 'released') return { outcome: 'released' };
    if (state === 'busy') await sleep(busyPause);
    if (state !== 'dead') continue;
    // It listens before it has its name: link() decides between two who try at once, and who sees it can connect.
    const own = `${path}.${randomBytes(6).toString('hex')}.new`;
    const server = await listen(own).catch(() => undefined);
    // The disk is full or read-only; whether what is to be done needs to write there shows when it does.
    if (server === undefined) return { outcome: 'unavailable', reason: `no lock can be made in ${dirname(path)}` };
    const name = `${path}.${last + 1}`;
    const isLinked = await succeeds(link(own, name));
    await succeeds(unlink(own));
    const release = makeRelease(server);
    if (isLinked && (await findLast(path)) === last + 1) {
      await removeOlder(path, last + 1);
      return { outcome: 'taken', release };
    }
    // While we looked, others came and went past this number; who waits for us looks again.
    if (isLinked) await succeeds(unlink(name));
    await release();
  }
}

async function findLast(path: string): Promise<number> {
  const names = await namesOf(path);
  return Math.max(0, ...names.map((name) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0)));
}

async function namesOf(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  return names.filter((name) => name.startsWith(`${basename(path)}.`)).map((name) => join(dirname(path), name));
}

// Those before ours, and what was left by processes that were killed while they tried.
async function removeOlder(path: string, ours: number): Promise<void> {
  for (const name of await namesOf(path)) {
    const number = Number(/\.(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    const isOld = Number.isNaN(number) ? !(await answers(name)) : number < ours;
    if (isOld) await succeeds(unlink(name));
  }
}

// A named pipe goes with its process, and only one process can make it first.
async function takePipe(path: string, signal: AbortSignal): Promise<LockOutcome> {
  for (;;) {
    signal.throwIfAborted();
    const state = await waitForHolder(path, signal);
    if (state === 'released') return { outcome: 'released' };
    if (state === 'busy') await sleep(busyPause);
    const server = await listen(path).catch(() => undefined);
    if (server !== undefined) return { outcome: 'taken', release: makeRelease(server) };
  }
}

// A holder with 511 waiting takes no more for a moment.
const busyPause = 20;

/**
 * Connects to whoever holds the lock and stays until it lets go. `dead`: nobody listens; `absent`: the name is gone;
 * `busy`: too many wait already.
 */
async function waitForHolder(path: string, signal: AbortSignal): Promise<'released' | 'absent' | 'dead' | 'busy'> {
  return await new Promise((resolve, reject) => {
    let end: 'released' | 'absent' | 'dead' | 'busy' = 'busy';
    const socket = connect(path);
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('connect', () => (end = 'released'));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') end = 'absent';
      if (error.code === 'ECONNREFUSED') end = 'dead';
    });
    socket.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(end);
    });
    socket.resume();
  });
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function listen(path: string): Promise<Server> {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('close', () => waiting.delete(socket)).on('error', () => {});
    socket.resume();
  });
  // Closing the server alone would leave those who wait connected.
  server.on('close-waiting', () => {
    for (const socket of waiting) socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: 511 }, resolve);
  });
  return server;
}

function makeRelease(server: Server): () => Promise<void> {
  return async () => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    server.emit('close-waiting');
    await closed;
  };
}

// The directory must be the user's alone: whoever can write there can hold the lock.
async function makeDirectory(place: LockPlace): Promise<string | undefined> {
  const beside = join(place.stateDir, 'locks');
  const elsewhere = join(place.temporary, `entra-login-${place.userId ?? 0}`);
  const directory = Buffer.byteLength(beside) <= longestDirectory ? beside : elsewhere;
  try {
    // Without a directory for temporary files there is none: it is not made by the way.
    await mkdir(directory, { recursive: directory === beside, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const stats = await lstat(directory);
    const isOwn = stats.isDirectory() && stats.uid === place.userId && (stats.mode & 0o077) === 0;
    return isOwn ? directory : undefined;
  } catch {
    return undefined;
  }
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}
