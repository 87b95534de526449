import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

/**
 * Writes beside the file (mode 0600) and renames: a crash at any moment leaves the old or the new file whole, a failure
 * leaves nothing behind. A symbolic link at the path is replaced, not followed.
 */
export function replaceFile(path: string, text: string): void {
  const directory = dirname(path);
  const temporary = join(directory, temporaryName());
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(directory);
}

/** Makes a name for a file that is to be gone when this process is. */
export function temporaryName(): string {
  // Not a secret: it keeps two writes apart. Node's `crypto` takes longer to load than all that a kept token needs.
  return `.${process.pid}.${Math.random().toString(16).slice(2).padEnd(12, '0')}.tmp`;
}

/** Makes a rename or a removal outlive a power failure; Windows cannot open a directory for it. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
