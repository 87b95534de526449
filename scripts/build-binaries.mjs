// Builds the standalone binaries into dist-binaries/: the npm package's own bundle, the keychain library's binary and Bun
// in one file. Words choose targets; without any it builds all. Bun's runtimes are 50 MB each, so they are no dev
// dependencies: they are fetched from npm into a temporary directory, exactly these bytes (binary-parts.json).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { hasFittingSignature, signAdHoc } from './sign-macos.mjs';

/** What Bun and the keychain library call each target. */
const targets = {
  'linux-x64': ['linux-x64', 'linux-x64-gnu'],
  'linux-arm64': ['linux-aarch64', 'linux-arm64-gnu'],
  'linux-x64-musl': ['linux-x64-musl', 'linux-x64-musl'],
  'linux-arm64-musl': ['linux-aarch64-musl', 'linux-arm64-musl'],
  'darwin-x64': ['darwin-x64', 'darwin-x64'],
  'darwin-arm64': ['darwin-aarch64', 'darwin-arm64'],
  'windows-x64': ['windows-x64', 'win32-x64-msvc'],
};

const root = join(import.meta.dirname, '..');
const output = join(root, 'dist-binaries');
const integrity = JSON.parse(readFileSync(join(import.meta.dirname, 'binary-parts.json'), 'utf8'));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(targets);
const unknown = wanted.filter((target) => !Object.hasOwn(targets, target));
if (unknown.length > 0)
  throw new Error(`No such target: ${unknown.join(', ')}. There are ${Object.keys(targets).join(', ')}.`);

run(process.execPath, [join(import.meta.dirname, 'ensure-built.mjs')], root);
mkdirSync(output, { recursive: true });
const temporary = mkdtempSync(join(tmpdir(), 'entra-login-binaries-'));
try {
  const bun = programOf(fetchPart(`@oven/bun-${targets[hostTarget()][0]}`));
  for (const target of wanted) buildTarget(bun, target);
  writeChecksums();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function buildTarget(bun, target) {
  const [runtime, library] = targets[target];
  const directory = join(temporary, target);
  mkdirSync(join(directory, 'node_modules', '@napi-rs', 'keyring'), { recursive: true });
  cpSync(join(root, 'dist'), join(directory, 'dist'), { recursive: true });
  cpSync(join(root, 'scripts', 'standalone.cjs'), join(directory, 'standalone.cjs'));
  // In place of the 29 kB that look for the library's binary on every system there is.
  const [native] = readdirSync(fetchPart(`@napi-rs/keyring-${library}`)).filter((name) => name.endsWith('.node'));
  const keyring = join(directory, 'node_modules', '@napi-rs', 'keyring');
  cpSync(join(temporary, `@napi-rs/keyring-${library}`, native), join(keyring, native));
  writeFileSync(join(keyring, 'index.js'), `module.exports = require('./${native}');\n`);
  const name = `entra-login-${target}${target.startsWith('windows') ? '.exe' : ''}`;
  console.error(`Building ${name} …`);
  const words = [
    ...['build', '--compile', '--bytecode', '--format=cjs', '--minify-whitespace', `--target=bun-${runtime}`],
    // A .env file in a cloned repository must not be able to send a sign-in elsewhere.
    ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
    `--compile-executable-path=${programOf(fetchPart(`@oven/bun-${runtime}`))}`,
    ...['--outfile', join(output, name), 'standalone.cjs'],
  ];
  run(bun, words, directory);
  if (target.startsWith('darwin')) signMacos(join(output, name));
}

function signMacos(path) {
  const program = readFileSync(path);
  if (hasFittingSignature(program)) return;
  const signed = signAdHoc(program);
  if (!hasFittingSignature(signed)) throw new Error(`${path} could not be signed.`);
  writeFileSync(path, signed);
}

/** Fetches a package once and answers its directory; a package of other bytes than were pinned fails. */
function fetchPart(name) {
  const directory = join(temporary, name);
  mkdirSync(directory, { recursive: true });
  if (readdirSync(directory).length > 0) return directory;
  const spec = Object.keys(integrity).find(
    (one) => one.startsWith(`${name}@`) && !one.slice(name.length + 1).includes('@'),
  );
  if (spec === undefined) throw new Error(`${name} is not in binary-parts.json.`);
  const packed = run('npm', ['pack', '--silent', spec, '--pack-destination', temporary], root).trim();
  const tarball = join(temporary, packed.split('\n').at(-1));
  const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  if (integrity[spec] !== `sha512-${digest}`) throw new Error(`${spec} is not what it was (${digest}).`);
  run('tar', ['-xzf', tarball, '-C', directory, '--strip-components=1'], root);
  return directory;
}

function programOf(directory) {
  const [name] = readdirSync(join(directory, 'bin'));
  return join(directory, 'bin', name);
}

function hostTarget() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const isMusl = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined;
  return `${platform}-${process.arch}${isMusl ? '-musl' : ''}`;
}

function writeChecksums() {
  const names = readdirSync(output)
    .filter((name) => name.startsWith('entra-login-'))
    .toSorted();
  const lines = names.map((name) => `${sha256(join(output, name))}  ${name}\n`);
  writeFileSync(join(output, 'SHA256SUMS'), lines.join(''));
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function run(program, words, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32' && program === 'npm',
  });
  if (status !== 0) throw new Error(`${program} ${words[0]} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
  return stdout;
}
