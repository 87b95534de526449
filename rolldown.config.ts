import { defineConfig } from 'rolldown';
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

const shared: RolldownOptions = {
  platform: 'node',
  external: [/^@napi-rs\/keyring/],
  logLevel: 'warn',
  plugins: [withoutPrograms],
};
const output: OutputOptions = {
  dir: 'dist',
  format: 'cjs',
  // import('node:…') would start Node's ESM loader.
  dynamicImportInCjs: false,
  entryFileNames: '[name].cjs',
};

// Two builds: what both programs need would be a third file.
export default defineConfig([
  {
    ...shared,
    plugins: [withoutPrograms, thirdPartyNotices()],
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
