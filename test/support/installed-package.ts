import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm install` of the packed tarball brings. */
export interface InstalledPackage {
  /** Its `node_modules`. */
  readonly modules: string;
  readonly kilobytes: number;
  readonly packages: readonly string[];
}

/** Packs the package and installs it into an empty directory without running scripts, as its users do. */
export function installPackage(directory: string): InstalledPackage {
  mkdirSync(directory, { recursive: true });
  // npm belongs to the surroundings, with their settings and network.
  const npm = (...words: string[]): string =>
    execFileSync('npm', [...words, '--silent'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const tarball = npm('pack', '--pack-destination', directory).trim().split('\n').at(-1) ?? '';
  npm('install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', directory, join(directory, tarball));
  const modules = join(directory, 'node_modules');
  const kilobytes = Number(/^\d+/.exec(execFileSync('du', ['-sk', modules], { encoding: 'utf8' }))?.[0]);
  const packages = readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((one) => `${name}/${one}`) : [name],
    );
  return { modules, kilobytes, packages };
}
