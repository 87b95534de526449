import { createHash, randomBytes } from 'node:crypto';
import { link, lstat, mkdir, readdir, rename, unlink } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
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

// sockaddr_un holds 104 bytes on macOS, 108 on Linux; the names below take up to 30.
const longestDirectory = 104 - 31;

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

async function takeSocket(path: string, signal: AbortSignal): Promise<LockOutcome> {
  for (;;) {
    signal.throwIfAborted();
    const state = await waitForHolder(path, signal);
    if (state === 'released') return { outcome: 'released' };
    if (state === 'busy') await sleep(busyPause);
    if (state === 'dead') await removeDead(path, signal);
    if (state !== 'absent') continue;
    // Listened to before it has its name: link() decides between two who try at once, and who sees it can connect.
    const own = `${path}.${randomBytes(6).toString('base64url')}`;
    const server = await listen(own);
    const isOurs = await succeeds(link(own, path));
    await succeeds(unlink(own));
    if (isOurs) return { outcome: 'taken', release: makeRelease(server, path, (await lstat(path)).ino) };
    server.close();
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
    if (server !== undefined) return { outcome: 'taken', release: makeRelease(server, undefined, 0) };
  }
}

// A holder with 511 waiting takes no more for a moment.
const busyPause = 20;

/**
 * Connects to whoever holds the lock and stays until it lets go. `absent`: there is no lock; `dead`: its holder was
 * killed and left the file; `busy`: too many wait already.
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

// It is moved aside first: whoever moves it decides about it, and a live one that took its place meanwhile is put back.
async function removeDead(path: string, signal: AbortSignal): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('base64url')}.dead`;
  if (!(await succeeds(rename(path, aside)))) return;
  if (await answers(aside, signal)) await succeeds(link(aside, path));
  await succeeds(unlink(aside));
  await removeLeftovers(path, signal);
}

// What processes left that were killed while they took the lock.
async function removeLeftovers(path: string, signal: AbortSignal): Promise<void> {
  const directory = dirname(path);
  for (const name of await readdir(directory).catch(() => [])) {
    const file = join(directory, name);
    if (file.startsWith(`${path}.`) && !(await answers(file, signal))) await succeeds(unlink(file));
  }
}

async function answers(path: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
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

function makeRelease(server: Server, path: string | undefined, ino: number): () => Promise<void> {
  return async () => {
    // Only our own name is removed; somebody may have taken it after moving ours aside.
    const isOurs = path !== undefined && (await lstat(path).catch(() => undefined))?.ino === ino;
    if (isOurs) await succeeds(unlink(path));
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
    await mkdir(directory, { recursive: true, mode: 0o700 });
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
