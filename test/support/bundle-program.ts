import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { rolldown } from 'rolldown';

/** Programs built as the package is: each at `DIRECTORY/NAME.cjs`. */
export interface BuiltPrograms {
  readonly directory: string;
  remove(): void;
}

/** Builds programs by name, so that a test can run them as processes on every Node there is. */
export async function buildPrograms(programs: Readonly<Record<string, string>>): Promise<BuiltPrograms> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-programs-'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  const input = Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, join(root, path)]));
  const bundle = await rolldown({ input, platform: 'node', external: ['@napi-rs/keyring'], logLevel: 'silent' });
  await bundle.write({
    dir: directory,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  });
  await bundle.close();
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
