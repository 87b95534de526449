import { isUtf8 } from 'node:buffer';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

import type { SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { errorCode, refusal, translateErrors } from './file-store-errors.ts';
import { replaceFile, syncDirectory, temporaryName } from './replace-file.ts';
import { checkSecretName, forgetCommand, isSecretName, probeValue } from './secret-store-name.ts';

/** Far above the 200 KB that 32 access tokens take; a larger file is not ours and would only fill the memory. */
const sizeLimit = 4 * 1024 * 1024;

/**
 * Opens the store that keeps each value as `profiles/NAME.json` below the state directory, mode 0600 in a directory of
 * mode 0700. It is not encrypted.
 *
 * The calls of the file system are synchronous: starting Node's thread pool would cost more than they do.
 */
export function openFileStore(stateDir: string): SecretStore {
  const directory = join(stateDir, 'profiles');

  const write = (name: string, value: string): void => {
    const path = filePath(directory, name);
    prepareDirectory(directory);
    removeLeftovers(directory);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined) checkFile(path, found);
    replaceFile(path, value);
  };

  return {
    kind: 'file',
    async read(name) {
      const path = filePath(directory, name);
      return translateErrors(path, 'read', () => {
        if (!findDirectory(directory)) return undefined;
        const bytes = readOwnFile(path);
        return bytes === undefined ? undefined : decode(path, name, bytes);
      });
    },
    async write(name, value) {
      translateErrors(directory, 'written', () => write(name, value));
    },
    async delete(name) {
      const path = filePath(directory, name);
      return translateErrors(path, 'deleted', () => {
        if (!findDirectory(directory)) return false;
        prepareDirectory(directory);
        removeLeftovers(directory);
        const found = lstatSync(path, { throwIfNoEntry: false });
        if (found === undefined) return false;
        if (found.isDirectory()) throw refusal(path, 'is a directory');
        // A link or a FIFO is removed as such: what it leads to stays as it is.
        rmSync(path);
        syncDirectory(directory);
        return true;
      });
    },
    async list() {
      return translateErrors(directory, 'read', () =>
        findDirectory(directory) ? readdirSync(directory).flatMap(nameOfFile).toSorted() : [],
      );
    },
    async probe() {
      // Named as what a killed writer leaves: no profile, and the next writer removes it.
      const name = temporaryName();
      const path = join(directory, name);
      translateErrors(directory, 'written', () => {
        const value = probeValue(name);
        prepareDirectory(directory);
        removeLeftovers(directory);
        replaceFile(path, value);
        const kept = readOwnFile(path)?.toString();
        rmSync(path);
        if (kept !== value) throw refusal(path, 'did not keep what was written');
      });
    },
  };
}

/** `/`, which is in no profile's name, becomes `%2F`: no two names share a file. */
function filePath(directory: string, name: string): string {
  checkSecretName(name);
  return join(directory, `${encodeURIComponent(name)}.json`);
}

function nameOfFile(file: string): string[] {
  if (!file.endsWith('.json')) return [];
  const name = file.slice(0, -'.json'.length).replace('%2F', '/');
  return isSecretName(name) ? [name] : [];
}

/** Tells whether the directory is there; refuses one that others could have put files into. */
function findDirectory(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.isSymbolicLink()) throw refusal(directory, 'is a symbolic link');
  if (!found.isDirectory()) throw refusal(directory, 'is not a directory');
  checkOwner(directory, found);
  return true;
}

function prepareDirectory(directory: string): void {
  if (!findDirectory(directory)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  // A mode that lets others in (an old umask, a restored backup) is mended quietly: each file is checked by itself.
  if ((lstatSync(directory).mode & 0o077) !== 0 && process.platform !== 'win32') chmodSync(directory, 0o700);
}

function readOwnFile(path: string): Buffer | undefined {
  let descriptor;
  try {
    // O_NONBLOCK: opening a FIFO would wait for a writer. O_NOFOLLOW fails with ELOOP on a symbolic link.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (errorCode(error) === 'ELOOP') throw refusal(path, 'is a symbolic link');
    throw error;
  }
  try {
    const found = fstatSync(descriptor);
    checkFile(path, found);
    // Whoever can write the file could plant an account. One that others can only read is still ours; the next write
    // replaces it with mode 0600.
    if ((found.mode & 0o022) !== 0 && process.platform !== 'win32') {
      throw refusal(path, 'could have been written by other users of this machine');
    }
    if (found.size > sizeLimit) throw refusal(path, 'is too large to be ours');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checkFile(path: string, found: Stats): void {
  if (found.isSymbolicLink()) throw refusal(path, 'is a symbolic link');
  if (!found.isFile()) throw refusal(path, 'is not a regular file');
  if (found.nlink > 1) throw refusal(path, 'has a second name (hard link)');
  checkOwner(path, found);
}

function checkOwner(path: string, found: Stats): void {
  const user = process.geteuid?.();
  if (user !== undefined && found.uid !== user) throw refusal(path, 'belongs to another user');
}

function decode(path: string, name: string, bytes: Buffer): string {
  const hint = forgetCommand(name);
  if (!isUtf8(bytes)) throw new EntraLoginError('store_failed', `${path} is damaged.`, { hint });
  if (bytes.length === 0) throw new EntraLoginError('store_failed', `${path} is empty.`, { hint });
  return bytes.toString('utf8');
}

/** Removes what writers left that were killed; one that still runs keeps its file. */
function removeLeftovers(directory: string): void {
  for (const file of readdirSync(directory)) {
    const writer = /^\.(\d+)\.[0-9a-f]+\.tmp$/.exec(file)?.[1];
    if (writer !== undefined && !isRunning(Number(writer))) rmSync(join(directory, file), { force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
