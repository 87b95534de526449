import { defineConfig } from 'rolldown';
import { contentIds } from './scripts/content-ids.ts';
import { thirdPartyNotices } from './scripts/third-party-notices.ts';
import type { OutputOptions, RolldownOptions, RolldownPlugin } from 'rolldown';

// CommonJS output starts 5 to 8 ms faster than ESM on Node 20. What is loaded in any case, which is all that a kept token
// needs, is one file, main.cjs; each dynamic import() stays a file of its own. The keychain module is native and stays
// outside.
// commander loads child_process for subcommands that are programs of their own: 5 ms of --help, and there are none.
const withoutPrograms: RolldownPlugin = {
  name: 'commander without programs',
  resolveId(source, importer = '') {
    return source === 'node:child_process' && /[\\/]commander[\\/]/.test(importer) ? '\0no-programs' : undefined;
  },
  load: (id) => (id === '\0no-programs' ? 'export {};' : undefined),
};

// chalk looks for terminals when it is loaded, with Node's network behind it: 10 ms. What a terminal shows is decided in
// src/platform/terminal-colors.ts.
const withoutDetection: RolldownPlugin = {
  name: 'chalk without detection',
  resolveId: (source) => (source === '#supports-color' ? '\0no-detection' : undefined),
  load: (id) =>
    id === '\0no-detection'
      ? 'export const createSupportsColor = () => false; export default { stdout: false, stderr: false };'
      : undefined,
};

// The module node:process as a namespace object is a copy of 80 properties, made at each start.
const processAsItIs: RolldownPlugin = {
  name: 'process as it is',
  resolveId: (source, importer = '') =>
    source === 'node:process' && !importer.includes('node_modules') ? '\0process' : undefined,
  load: (id) => (id === '\0process' ? 'export default globalThis.process;' : undefined),
};

const plugins = [withoutPrograms, withoutDetection, processAsItIs];

const shared: RolldownOptions = {
  platform: 'node',
  external: [/^@napi-rs\/keyring/],
  logLevel: 'warn',
  plugins,
};
const output: OutputOptions = {
  dir: 'dist',
  format: 'cjs',
  // import('node:…') would start Node's ESM loader.
  dynamicImportInCjs: false,
  entryFileNames: '[name].cjs',
  // Names stay, for reports of errors; comments and spaces cost a third of the time to read a file.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
};

// Two builds: what both programs need would be a third file.
export default defineConfig([
  {
    ...shared,
    plugins: [...plugins, thirdPartyNotices(), contentIds()],
    input: { main: 'src/main.ts' },
    output: {
      ...output,
      chunkFileNames: '[name]-[hash].cjs',
      codeSplitting: { groups: [{ name: 'main', tags: ['$initial'] }] },
      cleanDir: true,
    },
  },
  { ...shared, input: { 'keychain-child': 'src/platform/keychain-child.ts' }, output },
]);
