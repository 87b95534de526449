import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TestKeyring } from '../support/keyring.ts';
import { hasKeyring, startKeyring } from '../support/keyring.ts';
import type { Machine } from '../support/program.ts';
import { standaloneBinary, startMachine } from '../support/program.ts';

// Writes what was loaded when the program ends: files of ours, and what of Node was not there at its start.
const recorder = `
const before = new Set(process.moduleLoadList);
const fs = require('node:fs');
const { readFileSync } = fs;
const ours = [];
// Our own files are run by bin/entra-login.cjs, past Node's require.
fs.readFileSync = (path, ...more) => {
  if (/[\\\\/]dist[\\\\/]/.test(String(path))) ours.push(String(path));
  return readFileSync(path, ...more);
};
process.on('exit', () => {
  const builtIn = process.moduleLoadList.filter((name) => !before.has(name)).map((name) => name.split(' ').at(-1));
  const files = [...ours, ...Object.keys(require.cache).filter((path) => path !== __filename)];
  fs.writeFileSync(process.env.LOADED_FILE, JSON.stringify({ builtIn, files }));
});`;

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
  writeFileSync(join(machine.home, 'recorder.cjs'), recorder);
});
afterEach(() => machine.close());

async function loadedBy(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const loaded = join(machine.home, 'loaded.json');
  const hook = { NODE_OPTIONS: `--require=${join(machine.home, 'recorder.cjs')}`, LOADED_FILE: loaded };
  expect(await machine.run(words, { env: { ...env, ...hook } })).toMatchObject({ exitCode: 0, stderr: '' });
  const { builtIn, files } = JSON.parse(readFileSync(loaded, 'utf8')) as Record<'builtIn' | 'files', string[]>;
  return [...files.map((path) => basename(path)), ...builtIn];
}

const ours = /^(?:entra-login|main|rolldown-runtime-\S+)\.cjs$|^keyring\.\S+\.node$/;
const slow = ['crypto', 'http', 'https', 'tls', 'child_process', 'perf_hooks', 'fs/promises', 'worker_threads', 'v8'];

// A binary loads no files.
const isBinary = standaloneBinary !== undefined;
if (isBinary) process.stderr.write('Tests of what Node loads are skipped; a standalone binary is tested\n');

it.skipIf(isBinary)('a kept token of the file store loads one bundle of ours, and nothing slow of Node', async () => {
  expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
  const loaded = await loadedBy(['token']);
  expect(loaded).toContain('main.cjs');
  expect(loaded.filter((name) => /\.(?:cjs|js|node)$/.test(name) && !ours.test(name))).toEqual([]);
  expect([...slow, 'net', 'stream', 'tty'].filter((name) => loaded.includes(name))).toEqual([]);
});

it.skipIf(isBinary || !hasKeyring())(
  'a kept token of the keychain loads the library besides, and what a socket needs',
  async () => {
    const keyring: TestKeyring = await startKeyring();
    try {
      const address = keyring.env['DBUS_SESSION_BUS_ADDRESS'] ?? '';
      const env = { ENTRA_LOGIN_STORE: 'keychain', DBUS_SESSION_BUS_ADDRESS: address };
      expect(await machine.signIn([], { env })).toMatchObject({ exitCode: 0 });
      const loaded = await loadedBy(['token'], env);
      expect(loaded.filter((name) => /\.(?:cjs|js|node)$/.test(name) && !ours.test(name))).toEqual([]);
      expect(slow.filter((name) => loaded.includes(name))).toEqual([]);
      expect(loaded.filter((name) => name.endsWith('.node'))).toHaveLength(1);
    } finally {
      await keyring.stop();
    }
  },
);
