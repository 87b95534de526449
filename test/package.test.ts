import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutputOptions } from 'rolldown';
import { build } from 'rolldown';
import { afterAll, describe, expect, it } from 'vitest';
import configuration from '../rolldown.config.ts';

const directory = mkdtempSync(join(tmpdir(), 'entra-login-package-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Builds as `npm run build` does, somewhere else; answers each file's bytes by name. */
async function buildInto(name: string, changes: OutputOptions = {}): Promise<Record<string, string>> {
  const dir = join(directory, name);
  for (const options of [configuration].flat()) {
    if (typeof options === 'function') throw new Error('the configuration is a function');
    await build({ ...options, output: { ...[options.output].flat()[0], dir, ...changes } });
  }
  return Object.fromEntries(readdirSync(dir).map((file) => [file, readFileSync(join(dir, file), 'latin1')]));
}

describe('the npm package', () => {
  it('holds the bundle, its notices and what npm adds, and nothing else', () => {
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' });
    const [contents] = JSON.parse(packed) as { files: { path: string }[] }[];
    const kinds = contents?.files.map(({ path }) =>
      path.replace(/^dist\/[\w-]+\.cjs$/, 'dist/*.cjs').replace(/^schema\/.*\.json$/, 'schema/*.json'),
    );
    expect([...new Set(kinds)].toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'bin/entra-login.cjs',
      'dist/*.cjs',
      'dist/THIRD-PARTY-NOTICES.md',
      'package.json',
      'schema/*.json',
    ]);
  });

  it('depends on the keychain library alone, and nothing of it can be imported', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, object | undefined>;
    expect(Object.keys(manifest['dependencies'] ?? {})).toEqual(['@napi-rs/keyring']);
    expect(manifest['exports']).toEqual({ './package.json': './package.json' });
    // A script that runs at the installation is one that many people forbid.
    const scripts = Object.keys(manifest['scripts'] ?? {});
    expect(scripts.filter((name) => /^(?:pre|post)?(?:install|prepare)$/.test(name))).toEqual([]);
  });
});

describe('the build', () => {
  it('is the same, byte by byte, however often it is made', async () => {
    const [one, other] = [await buildInto('one'), await buildInto('other')];
    expect(Object.keys(one)).toEqual(Object.keys(other));
    expect(Object.keys(one).filter((file) => one[file] !== other[file])).toEqual([]);
    // A path of this machine would make it another elsewhere.
    expect(Object.keys(one).filter((file) => one[file]?.includes(process.cwd()))).toEqual([]);
  });

  it('names every package whose code it holds, with its licence', async () => {
    // Not minified, it names the file that each part of it is from.
    const built = await buildInto('notices', { minify: false });
    const notices = built['THIRD-PARTY-NOTICES.md'] ?? '';
    const named = [...notices.matchAll(/^## (\S+)@\S+ \(\S+\)\n\n```text\n(?=[^`]{500})/gm)].map(
      ([, name = '']) => name,
    );
    expect(named).toHaveLength([...notices.matchAll(/^## /gm)].length);
    const regions = Object.values(built).flatMap((text) => [
      ...text.matchAll(/^\/\/ node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/gm),
    ]);
    const held = [...new Set(regions.map(([, name = '']) => name))].toSorted();
    expect(named.toSorted()).toEqual(held);
    expect(held).toEqual(expect.arrayContaining(['commander', 'openid-client', 'undici', 'chalk', 'open', 'uqr']));
  });
});
