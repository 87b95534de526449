import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { rolldown, type Plugin } from 'rolldown';

/** Programs built as the package is: each at `DIRECTORY/NAME.cjs`. */
export interface BuiltPrograms {
  readonly directory: string;
  remove(): void;
}

/** A change of one text in one source file, for what only another system does; the build fails where it is not found. */
export interface SourceChange {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Builds programs by name, so that a test can run them as processes on every Node there is. */
export async function buildPrograms(
  programs: Readonly<Record<string, string>>,
  change?: SourceChange,
): Promise<BuiltPrograms> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-programs-'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  const input = Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, join(root, path)]));
  const plugins = change === undefined ? [] : [makeChange(join(root, change.file), change)];
  const external = ['@napi-rs/keyring'];
  const bundle = await rolldown({ input, platform: 'node', external, plugins, logLevel: 'silent' });
  await bundle.write({
    dir: directory,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  });
  await bundle.close();
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function makeChange(path: string, { file, from, to }: SourceChange): Plugin {
  return {
    name: 'source-change',
    transform(code, id) {
      if (id !== path) return null;
      if (!code.includes(from)) throw new Error(`${file} does not hold ${from}`);
      return code.replace(from, to);
    },
  };
}
