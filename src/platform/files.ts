import type { Stats } from 'node:fs';
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import type { Files, FileText } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { replaceFile } from './replace-file.ts';

/**
 * Makes the file operations that commands and settings need. But for what may wait for a pipe they are synchronous:
 * starting Node's thread pool would cost more than they do.
 */
export function createFiles(): Files {
  return { readText, readLimited, writeText, exists, isOwnedByUser };
}

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;

// Settings, certificates and assertions are a few kB.
const sizeLimit = 1024 * 1024;

async function readText(path: string): Promise<string | undefined> {
  let descriptor: number | undefined;
  try {
    // Before it is opened: to open a device may do something.
    refuseUnlessPlain(path, statSync(path));
    // What is there now may be another file; one that is a pipe must not make opening wait for a writer.
    descriptor = openSync(path, O_RDONLY | O_NONBLOCK);
    refuseUnlessPlain(path, fstatSync(descriptor));
    return readFileSync(descriptor, 'utf8');
  } catch (error) {
    if (error instanceof EntraLoginError) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, code ?? 'unknown reason', error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

// A repository may hold a link to /dev/zero under the name of a project file, an archive even a pipe, which never ends.
function refuseUnlessPlain(path: string, file: Stats): void {
  if (file.isCharacterDevice() || file.isBlockDevice()) throw unreadable(path, 'it is a device');
  if (file.isFIFO()) throw unreadable(path, 'it is a pipe');
  if (file.size > sizeLimit) throw unreadable(path, 'it is larger than 1 MiB');
}

function unreadable(path: string, reason: string, cause?: unknown): EntraLoginError {
  return new EntraLoginError('configuration', `${path} cannot be read (${reason}).`, {
    hint: 'Mend its permissions, or remove it.',
    cause,
  });
}

// A pipe whose writer has yet to write is looked at again after this many milliseconds.
const pipePause = 10;

async function readLimited(path: string, { mostBytes, followsLinks, signal }: Limits): Promise<FileText> {
  const failed = (reason: string): FileText => ({ outcome: 'failed', reason });
  const { lstat, open } = await import('node:fs/promises');
  let handle: FileHandle | undefined;
  try {
    // Windows has no O_NOFOLLOW, and opening a pipe without O_NONBLOCK would wait for a writer for ever.
    if (!followsLinks && (await lstat(path)).isSymbolicLink()) return failed('is a symbolic link');
    handle = await open(path, O_RDONLY | O_NONBLOCK | (followsLinks ? 0 : O_NOFOLLOW));
    const buffer = Buffer.alloc(mostBytes + 1);
    const size = await fill(handle, buffer, signal);
    if (size > mostBytes) return failed(`is larger than ${mostBytes} bytes`);
    return { outcome: 'read', text: buffer.toString('utf8', 0, size) };
  } catch (error) {
    signal.throwIfAborted();
    return failed(reasons.get(codeOf(error) ?? '') ?? `cannot be read (${codeOf(error) ?? 'unknown reason'})`);
  } finally {
    await handle?.close();
  }
}

type Limits = Parameters<Files['readLimited']>[1];

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EISDIR', 'is a directory'],
  ['ELOOP', 'is a symbolic link'],
  ['EACCES', 'may not be read by this user'],
  ['EPERM', 'may not be read by this user'],
]);

async function fill(handle: FileHandle, buffer: Buffer, signal: AbortSignal): Promise<number> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  for (let size = 0; ;) {
    signal.throwIfAborted();
    try {
      const { bytesRead } = await handle.read(buffer, size, buffer.length - size);
      size += bytesRead;
      if (bytesRead === 0 || size === buffer.length) return size;
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      await sleep(pipePause, undefined, { signal });
    }
  }
}

async function writeText(path: string, text: string): Promise<void> {
  const { lstat, mkdir } = await import('node:fs/promises');
  try {
    const target = await followLinks(path);
    const found = await lstat(target).catch(() => undefined);
    // Renaming over it would take /dev/null away from everybody, were root to run this.
    if (found !== undefined && !found.isFile()) throw unwritable(path, 'it is no regular file');
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    replaceFile(target, text);
  } catch (error) {
    throw error instanceof EntraLoginError ? error : unwritable(path, codeOf(error) ?? 'unknown reason', error);
  }
}

// realpath fails where a link leads to a file that is yet to be made. As many links as Linux follows.
async function followLinks(path: string): Promise<string> {
  const { readlink, realpath } = await import('node:fs/promises');
  let target = path;
  for (let links = 0; links < 40; links += 1) {
    const next = await readlink(target).catch(() => undefined);
    if (next === undefined) return target;
    target = resolve(await realpath(dirname(target)), next);
  }
  throw unwritable(path, 'its links go in circles');
}

function unwritable(path: string, reason: string, cause?: unknown): EntraLoginError {
  return new EntraLoginError('configuration', `${path} cannot be written (${reason}).`, {
    hint: 'Mend its permissions, or set ENTRA_LOGIN_CONFIG_DIR to a directory of yours on a disk with room.',
    cause,
  });
}

async function exists(path: string): Promise<boolean> {
  return existsSync(path);
}

// A link is a file of its own: another user's link to a file of ours says what another user chose.
async function isOwnedByUser(path: string): Promise<boolean> {
  const uid = process.getuid?.();
  try {
    return uid === undefined || [lstatSync(path), statSync(path)].every((file) => file.uid === uid);
  } catch {
    return true; // it is gone, or leads nowhere: nobody else's
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
