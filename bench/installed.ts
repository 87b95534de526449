import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './report.ts';
import { judge } from './goals.ts';

/** What `npm install` of the packed tarball brings. */
interface Installed {
  readonly megabytes: number;
  readonly packages: number;
}

/** Packs the package and installs it into an empty directory, as its users do. */
function install(directory: string): Installed {
  mkdirSync(directory, { recursive: true });
  // npm belongs to the surroundings, with their settings and network.
  const npm = (...words: string[]): string =>
    execFileSync('npm', [...words, '--silent'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const tarball = npm('pack', '--pack-destination', directory).trim().split('\n').at(-1) ?? '';
  npm('install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', directory, join(directory, tarball));
  const modules = join(directory, 'node_modules');
  const kilobytes = Number(/^\d+/.exec(execFileSync('du', ['-sk', modules], { encoding: 'utf8' }))?.[0]);
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'));
  const packages = names.flatMap((name) => (name.startsWith('@') ? readdirSync(join(modules, name)) : [name]));
  return { megabytes: kilobytes / 1024, packages: packages.length };
}

/** Compares what is installed with its goals. */
export function judgeInstalled(directory: string): Row[] {
  const { megabytes, packages } = install(directory);
  return [
    judge('installed size from the packed tarball, MB', 6, megabytes, 1),
    judge('packages installed from it', 3, packages, 0),
  ];
}
