import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const security = readFileSync('docs/security.md', 'utf8');
const systems = readFileSync('docs/decisions/systems.md', 'utf8');

describe('docs/security.md', () => {
  const named = [...security.matchAll(/`(test\/[\w./-]+\.test\.ts)`(?: › ([^;|]+?))?(?= *[;|])/g)];

  it('names a test for every threat', () => {
    const rows = [...security.matchAll(/^\| (?!threat|lesson|-)(.+?) +\| .*$/gm)];
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter(([row]) => !row.includes('`test/')).map(([, threat]) => threat)).toEqual([]);
  });

  it.each(named.map(([, file = '', title = '']) => [file, title] as const))('%s › %s exists', (file, title) => {
    const lines = readFileSync(file, 'utf8').split('\n');
    // In a text, behind its quote; a comment proves nothing.
    const quoted = lines.filter((line) => !/^\s*(?:\/\/|\*)/.test(line) && /['"`]/.test(line.split(title)[0] ?? ''));
    expect(quoted.some((line) => line.includes(title))).toBe(true);
  });

  it('names source files that exist', () => {
    const files = [...security.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`/g)].map(([, file = '']) => file);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('names every file of attacks', () => {
    const files = readdirSync('test/attack').map((file) => `test/attack/${file}`);
    expect(files.filter((file) => !security.includes(file))).toEqual([]);
  });
});

describe('docs/decisions/systems.md', () => {
  it('names every file that tells systems apart', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .map((file) => join('src', file))
      .filter((file) => file.endsWith('.ts') && !file.includes('emulator'))
      .filter((file) => /process\.platform|'win32'|'darwin'|isWindows/.test(readFileSync(file, 'utf8')));
    expect(files.length).toBeGreaterThan(8);
    // It goes by the form of a path that it is given.
    const parts = files.filter((file) => file !== 'src/auth/arc-challenge.ts');
    expect(parts.filter((file) => !systems.includes(file))).toEqual([]);
  });

  it('names files that exist', () => {
    const files = [...systems.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`/g)].map(([, file = '']) => file);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});
