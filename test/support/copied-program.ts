import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** A copy of the build that every user of the machine may run; without the keychain library. */
export interface CopiedProgram {
  /** What starts it, for `Machine.start`. */
  readonly command: readonly string[];
  readonly remove: () => void;
}

/** Copies the build to where everybody may read: the checkout may stand in a directory of root's own. */
export function copyProgram(): CopiedProgram {
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-copy-'));
  chmodSync(directory, 0o755);
  for (const part of ['bin', 'dist', 'package.json']) {
    cpSync(fileURLToPath(new URL(`../../${part}`, import.meta.url)), join(directory, part), { recursive: true });
  }
  return {
    command: [process.execPath, join(directory, 'bin/entra-login.cjs')],
    remove: () => rmSync(directory, { recursive: true }),
  };
}
