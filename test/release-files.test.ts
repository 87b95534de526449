import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../package.json';
import { realPartsWanted, whyMissing } from './support/program.ts';

const address = `https://github.com/OWNER/REPOSITORY/releases/download/v${version}`;
const binaries = ['linux-x64', 'linux-arm64', 'linux-x64-musl', 'linux-arm64-musl', 'darwin-x64', 'darwin-arm64'];
const names = [...binaries.map((target) => `entra-login-${target}`), 'entra-login-windows-x64.exe'];

const missing = whyMissing(['dpkg-deb'], 'dpkg');
if (missing !== undefined) {
  if (realPartsWanted) throw new Error(missing);
  process.stderr.write(`Tests of a release's files are skipped; ${missing}\n`);
}

describe.skipIf(missing !== undefined)("a release's files", () => {
  const output = mkdtempSync(join(tmpdir(), 'entra-login-release-'));
  afterAll(() => rmSync(output, { recursive: true }));
  const make = (...words: string[]) =>
    spawnSync(process.execPath, ['scripts/release-files.mjs', ...words], { encoding: 'utf8' });
  const read = (name: string): string => readFileSync(join(output, name), 'utf8');
  const sumOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(output, name)))
      .digest('hex');

  beforeAll(() => {
    for (const name of names) writeFileSync(join(output, name), `the program ${name}`);
    expect(make(address, output)).toMatchObject({ status: 0, stderr: '' });
  }, 60_000);

  it('all have their checksum', () => {
    const sums = read('SHA256SUMS').trim().split('\n');
    const others = readdirSync(output).filter((name) => name !== 'SHA256SUMS');
    expect(sums.toSorted()).toEqual(others.map((name) => `${sumOf(name)}  ${name}`).toSorted());
    expect(others.length).toBeGreaterThanOrEqual(names.length + 7);
  });

  it('lead Homebrew to the binary of each system, by address and checksum', () => {
    const formula = read('entra-login.rb');
    const found = [...formula.matchAll(/on_(intel|arm) do\n +url "(.+)"\n +sha256 "(.+)"/g)].map(([, ...all]) => all);
    expect(found).toEqual(
      [
        ['intel', 'darwin-x64'],
        ['arm', 'darwin-arm64'],
        ['intel', 'linux-x64'],
        ['arm', 'linux-arm64'],
      ].map(([kind, target]) => [kind, `${address}/entra-login-${target}`, sumOf(`entra-login-${target}`)]),
    );
    expect(formula).toContain('homepage "https://github.com/OWNER/REPOSITORY"');
    expect(formula).toContain(`version "${version}"`);
  });

  it('lead Scoop and winget to the Windows binary', () => {
    const windows = 'entra-login-windows-x64.exe';
    expect(JSON.parse(read('entra-login.scoop.json'))).toMatchObject({
      version,
      architecture: { '64bit': { url: `${address}/${windows}#/entra-login.exe`, hash: sumOf(windows) } },
      bin: 'entra-login.exe',
    });
    const manifests = ['', '.installer', '.locale.en-US'].map((part) => read(`EntraLogin.EntraLogin${part}.yaml`));
    for (const manifest of manifests) expect(manifest).toContain(`PackageVersion: ${version}\n`);
    expect(manifests[1]).toContain(`InstallerUrl: ${address}/${windows}\n`);
    expect(manifests[1]).toContain(`InstallerSha256: ${sumOf(windows).toUpperCase()}\n`);
  });

  it('install on Debian as root’s, with the licences of all that is in them', () => {
    const deb = join(output, `entra-login_${version}_amd64.deb`);
    const contents = execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' });
    expect(contents).toMatch(/^-rwxr-xr-x root\/root +\d+ \S+ \S+ \.\/usr\/bin\/entra-login$/m);
    expect(execFileSync('dpkg-deb', ['--field', deb, 'Version'], { encoding: 'utf8' }).trim()).toBe(version);
    const tree = join(output, 'tree');
    execFileSync('dpkg-deb', ['--extract', deb, tree]);
    expect(readFileSync(join(tree, 'usr/bin/entra-login'), 'utf8')).toBe('the program entra-login-linux-x64');
    const licences = readFileSync(join(tree, 'usr/share/doc/entra-login/copyright'), 'utf8');
    rmSync(tree, { recursive: true });
    expect(licences).toContain('## openid-client@');
    expect(licences).toMatch(/^## Bun \d[^]+JavaScriptCore/m);
  });

  it('name in the SBOM what is shipped, and nothing of the tools', () => {
    const sbom = JSON.parse(read('entra-login.cdx.json')) as {
      bomFormat: string;
      components: { name: string; group?: string; version?: string }[];
    };
    expect(sbom.bomFormat).toBe('CycloneDX');
    const shipped = sbom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect(shipped).toEqual(
      expect.arrayContaining([
        'openid-client',
        'commander',
        '@napi-rs/keyring',
        '@oven/bun-linux-x64',
        'JavaScriptCore',
      ]),
    );
    expect(shipped.filter((name) => /vitest|typescript|oxlint|prettier|rolldown/.test(name))).toEqual([]);
  });

  it('are not made for an address in the clear, nor without a binary', () => {
    expect(make('http://example.com/v1', output)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Say where the files will be: an https address.') as string,
    });
    rmSync(join(output, 'entra-login-windows-x64.exe'));
    expect(make(address, output)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('There is no entra-login-windows-x64.exe: npm run build:binaries') as string,
    });
  });
});
