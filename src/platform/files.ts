import { access, readFile, stat } from 'node:fs/promises';
import process from 'node:process';
import type { Files } from '../context.ts';
import { EntraLoginError } from '../errors.ts';

/** Makes the file operations that settings need. */
export function createFiles(): Files {
  return { readText, exists, isOwnedByUser };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new EntraLoginError('configuration', `${path} cannot be read (${code ?? 'unknown reason'}).`, {
      hint: 'Mend its permissions, or remove it.',
      cause: error,
    });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isOwnedByUser(path: string): Promise<boolean> {
  const uid = process.getuid?.();
  return uid === undefined || (await stat(path)).uid === uid;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
