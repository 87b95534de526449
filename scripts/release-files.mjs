// Makes what a release has besides the binaries, in dist-binaries/: a Debian package of the linux-x64 one, the SBOM, the
// manifests of Homebrew, Scoop and winget, and the checksums. The word is the address that the files will have.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const [address, output = join(root, 'dist-binaries')] = process.argv.slice(2);
if (!address?.startsWith('https://')) throw new Error('Say where the files will be: an https address.');
const { version, description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const parts = JSON.parse(readFileSync(join(import.meta.dirname, 'binary-parts.json'), 'utf8'));
const notices = readFileSync(join(root, 'dist/THIRD-PARTY-NOTICES.md'), 'utf8');
const noticesOfBinaries = `${notices}\n${describeBun()}`;

writeFileSync(join(output, 'THIRD-PARTY-NOTICES.md'), noticesOfBinaries);
buildDebianPackage();
writeSbom();
const sums = new Map(namesOf(/^entra-login/).map((name) => [name, sha256(name)]));
writeHomebrewFormula();
writeScoopManifest();
writeWingetManifests();
const all = namesOf(/^(?!SHA256SUMS$)/).map((name) => `${sha256(name)}  ${name}\n`);
writeFileSync(join(output, 'SHA256SUMS'), all.join(''));

function buildDebianPackage() {
  const binary = join(output, 'entra-login-linux-x64');
  if (!existsSync(binary)) throw new Error('There is no entra-login-linux-x64: npm run build:binaries');
  const tree = mkdtempSync(join(tmpdir(), 'entra-login-deb-'));
  try {
    const documents = join(tree, 'usr/share/doc/entra-login');
    for (const directory of [join(tree, 'DEBIAN'), join(tree, 'usr/bin'), documents])
      mkdirSync(directory, { recursive: true });
    chmodSync(tree, 0o755);
    cpSync(binary, join(tree, 'usr/bin/entra-login'));
    chmodSync(join(tree, 'usr/bin/entra-login'), 0o755);
    const ours = readFileSync(join(root, 'LICENSE'), 'utf8');
    writeFileSync(join(documents, 'copyright'), `${ours}\n${noticesOfBinaries}`);
    const control = [
      'Package: entra-login',
      `Version: ${version}`,
      'Section: utils',
      'Priority: optional',
      'Architecture: amd64',
      'Depends: libc6 (>= 2.28)',
      'Recommends: gnome-keyring | kwalletmanager | keepassxc',
      'Maintainer: entra-login',
      `Description: ${description.slice(0, description.indexOf(','))}`,
      ` ${description}`,
    ];
    writeFileSync(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`);
    const deb = join(output, `entra-login_${version}_amd64.deb`);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z3', '--build', tree, deb], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** What the binaries hold besides the npm package's code. */
function describeBun() {
  const [{ version: bun }] = bunRuntimes();
  return `## Bun ${bun} (MIT)

The standalone binaries are Bun (https://bun.com) with entra-login in it. Bun holds JavaScriptCore, part of WebKit, under the
LGPL, and other libraries: https://github.com/oven-sh/bun/blob/bun-v${bun}/LICENSE.md names each with its licence, where
the source of JavaScriptCore is, and how to link Bun with a changed one. \`npm run build:binaries\` then makes these binaries
with it: \`bun build --compile\` puts entra-login, which is under the MIT licence, into any Bun.
`;
}

function bunRuntimes() {
  return Object.entries(parts).flatMap(([spec, integrity]) => {
    const [, name, of] = /^(@oven\/bun-[^@]+)@(.+)$/.exec(spec) ?? [];
    return name === undefined ? [] : [{ name, version: of, sha512: Buffer.from(integrity.slice(7), 'base64') }];
  });
}

/** Bun's runtimes, one in each binary, and what of them has another licence. */
function componentsOfBun() {
  const licenses = (id) => [{ license: { id } }];
  const runtimes = bunRuntimes().map(({ name, version: of, sha512 }) => {
    const purl = `pkg:npm/${name.replace('@', '%40')}@${of}`;
    const hashes = [{ alg: 'SHA-512', content: sha512.toString('hex') }];
    return { 'bom-ref': purl, type: 'framework', name, version: of, purl, hashes, licenses: licenses('MIT') };
  });
  return [
    ...runtimes,
    {
      'bom-ref': 'JavaScriptCore',
      type: 'library',
      name: 'JavaScriptCore',
      description: 'Linked into the Bun of the standalone binaries',
      licenses: licenses('LGPL-2.0-only'),
    },
  ];
}

/** npm's own document, of which stays what is in the bundle (as its notices say) or installed beside it; and Bun. */
function writeSbom() {
  const bundled = new Set([...notices.matchAll(/^## (\S+) \(/gm)].map(([, spec]) => spec));
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const sbom = JSON.parse(execFileSync('npm', words, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
  const isShipped = ({ group, name, version: of }) => {
    const full = group === undefined ? name : `${group}/${name}`;
    return bundled.has(`${full}@${of}`) || full.startsWith('@napi-rs/keyring');
  };
  const components = sbom.components.filter(isShipped);
  const missing = bundled.size - components.filter(({ name }) => !name.includes('keyring')).length;
  if (missing !== 0) throw new Error(`The SBOM lacks ${missing} of the bundled packages.`);
  const kept = new Set([sbom.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const dependencies = sbom.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) }));
  const whole = { ...sbom, components: [...components, ...componentsOfBun()], dependencies };
  writeFileSync(join(output, 'entra-login.cdx.json'), `${JSON.stringify(whole, undefined, 2)}\n`);
}

function writeHomebrewFormula() {
  const part = (system, intel, arm) => `  on_${system} do
    on_intel do
      url "${address}/${intel}"
      sha256 "${sumOf(intel)}"
    end
    on_arm do
      url "${address}/${arm}"
      sha256 "${sumOf(arm)}"
    end
  end`;
  const formula = `class EntraLogin < Formula
  desc "${description.slice(0, description.indexOf(','))}"
  homepage "${homepage()}"
  version "${version}"
  license "${license}"

${part('macos', 'entra-login-darwin-x64', 'entra-login-darwin-arm64')}

${part('linux', 'entra-login-linux-x64', 'entra-login-linux-arm64')}

  def install
    bin.install Dir["entra-login-*"].first => "entra-login"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/entra-login --version")
  end
end
`;
  writeFileSync(join(output, 'entra-login.rb'), formula);
}

function writeScoopManifest() {
  const name = 'entra-login-windows-x64.exe';
  const manifest = {
    version,
    description,
    homepage: homepage(),
    license,
    architecture: { '64bit': { url: `${address}/${name}#/entra-login.exe`, hash: sumOf(name) } },
    bin: 'entra-login.exe',
  };
  writeFileSync(join(output, 'entra-login.scoop.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

function writeWingetManifests() {
  const name = 'entra-login-windows-x64.exe';
  const id = 'EntraLogin.EntraLogin';
  const schema = '1.6.0';
  const document = (kind, lines) =>
    [
      `PackageIdentifier: ${id}`,
      `PackageVersion: ${version}`,
      ...lines,
      `ManifestType: ${kind}`,
      `ManifestVersion: ${schema}`,
      '',
    ].join('\n');
  const write = (suffix, text) => writeFileSync(join(output, `${id}${suffix}.yaml`), text);
  write('', document('version', ['DefaultLocale: en-US']));
  write(
    '.installer',
    document('installer', [
      'InstallerType: portable',
      'Commands:',
      '- entra-login',
      'Installers:',
      '- Architecture: x64',
      `  InstallerUrl: ${address}/${name}`,
      `  InstallerSha256: ${sumOf(name).toUpperCase()}`,
    ]),
  );
  const locale = ['PackageLocale: en-US', 'Publisher: entra-login', 'PackageName: entra-login', `License: ${license}`];
  write('.locale.en-US', document('defaultLocale', [...locale, `ShortDescription: ${description}`]));
}

function homepage() {
  return address.replace(/\/releases\/download\/.*$/, '');
}

function sumOf(name) {
  const sum = sums.get(name);
  if (sum === undefined) throw new Error(`There is no ${name}: npm run build:binaries`);
  return sum;
}

function namesOf(pattern) {
  return readdirSync(output)
    .filter((name) => pattern.test(name))
    .toSorted();
}

function sha256(name) {
  return createHash('sha256')
    .update(readFileSync(join(output, name)))
    .digest('hex');
}
