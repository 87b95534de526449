import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> };
const page = readFileSync('docs/decisions/dependencies.md', 'utf8');
const { '': root, ...locked } = lock.packages;
const everything = { ...manifest.dependencies, ...manifest.devDependencies };

/** The packages whose code users get, installed or bundled: those of the page's first table, and what they bring. */
function shippedPackages(): Map<string, LockedPackage> {
  const [table = ''] = page.split('To develop and test:');
  const waiting = [...table.matchAll(/^\| (@?[a-z][\w./-]*) [\d.]+ +\|/gm)].map(([, name = '']) => name);
  const found = new Map<string, LockedPackage>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const entry = locked[`node_modules/${name}`];
    if (entry === undefined || found.has(name)) continue;
    found.set(name, entry);
    waiting.push(...Object.keys({ ...entry.dependencies, ...entry.optionalDependencies }));
  }
  return found;
}

describe('every dependency', () => {
  it('has an exact version', () => {
    expect(Object.entries(everything).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('has its reason in docs/decisions/dependencies.md', () => {
    const isNamed = (name: string): boolean => new RegExp(`^\\|(?:[^|]*[ ,])?${name}[ ,\\d]`, 'm').test(page);
    expect(Object.keys(everything).filter((name) => !isNamed(name))).toEqual([]);
  });

  it('is locked to that version, by the hash of its content and without an address to fetch it from', () => {
    const { dependencies, devDependencies } = root as unknown as Manifest;
    expect({ ...dependencies, ...devDependencies }).toEqual(everything);
    for (const [name, version] of Object.entries(everything)) {
      expect(locked[`node_modules/${name}`]).toMatchObject({ version });
    }
    const odd = Object.entries(locked).filter(
      ([, { integrity, resolved }]) => integrity?.startsWith('sha512-') !== true || resolved !== undefined,
    );
    expect(odd).toEqual([]);
  });

  it('runs nothing when it is installed, and neither do we', () => {
    expect(Object.entries(locked).filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
    const lifecycle = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish', 'preprepare', 'postprepare'];
    expect(Object.keys(manifest.scripts).filter((name) => lifecycle.includes(name))).toEqual([]);
  });
});

describe('what users get', () => {
  it('is as many packages as docs/decisions/dependencies.md says', async () => {
    const argv = ['ls', '--omit=dev', '--all', '--package-lock-only', '--parseable'];
    const { stdout } = await promisify(execFile)('npm', argv);
    const said = Number(/lists (\d+) packages/.exec(page)?.[1]);
    // The first line is the package itself.
    expect(stdout.trim().split('\n').length - 1).toBe(said);
  });

  it('has licences that ask for no more than to be named', () => {
    const shipped = shippedPackages();
    expect(shipped.size).toBeGreaterThan(20);
    const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Apache-2.0'];
    const others = [...shipped].filter(([, { license }]) => license === undefined || !allowed.includes(license));
    expect(others.map(([name, { license }]) => [name, license])).toEqual([]);
  });
});
