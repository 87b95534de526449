// Installs and builds what a fresh clone needs, and nothing where it is there already. Built-ins alone: it runs before
// anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
process.chdir(root);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`entra-login needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const stamp = 'node_modules/.entra-login-lock';
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
  console.error('Installing the dependencies (npm ci) …');
  run(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']);
  writeFileSync(stamp, lock);
}

const output = 'dist/main.cjs';
const inputs = ['src', 'schema', 'package.json', 'package-lock.json', 'rolldown.config.ts'];
if (!existsSync(output) || Math.max(...inputs.map(newest)) > statSync(output).mtimeMs) {
  console.error('Building …');
  run(['run', '--silent', 'build']);
}

function newest(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

// npm's own words go to stderr: stdout belongs to the command that follows.
function run(argv) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const { status } = spawnSync(command, [...first, ...argv], { stdio: ['ignore', 2, 2], shell: npm === undefined });
  if (status !== 0) process.exit(status ?? 1);
}
