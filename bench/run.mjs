// Builds the benchmark as the program is built, and runs it. Everything it starts gets an environment of its own.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
const directory = join(import.meta.dirname, 'built');
const bundle = await rolldown({
  input: join(import.meta.dirname, 'bench.ts'),
  platform: 'node',
  external: ['@napi-rs/keyring'],
  logLevel: 'silent',
});
await bundle.write({ dir: directory, format: 'esm', entryFileNames: '[name].mjs' });
await bundle.close();
// Node 20 reads the extra certificates at its start, for tens of milliseconds; no side of the comparison needs them.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
const words = [join(directory, 'bench.mjs'), ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, words, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
