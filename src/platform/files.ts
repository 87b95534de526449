import { access, lstat, readFile, stat } from 'node:fs/promises';
import process from 'node:process';
import type { Files } from '../context.ts';
import { EntraLoginError } from '../errors.ts';

/** Makes the file operations that commands and settings need. */
export function createFiles(): Files {
  return { readText, exists, isOwnedByUser };
}

// Settings, certificates and assertions are a few kB.
const sizeLimit = 1024 * 1024;

async function readText(path: string): Promise<string | undefined> {
  try {
    const file = await stat(path);
    // A repository may hold a link to /dev/zero under the name of a project file.
    if (file.isCharacterDevice() || file.isBlockDevice()) throw unreadable(path, 'it is a device');
    if (file.size > sizeLimit) throw unreadable(path, 'it is larger than 1 MiB');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof EntraLoginError) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, code ?? 'unknown reason', error);
  }
}

function unreadable(path: string, reason: string, cause?: unknown): EntraLoginError {
  return new EntraLoginError('configuration', `${path} cannot be read (${reason}).`, {
    hint: 'Mend its permissions, or remove it.',
    cause,
  });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

// A link is a file of its own: another user's link to a file of ours says what another user chose.
async function isOwnedByUser(path: string): Promise<boolean> {
  const uid = process.getuid?.();
  return uid === undefined || [await lstat(path), await stat(path)].every((file) => file.uid === uid);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
