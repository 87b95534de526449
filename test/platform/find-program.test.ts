import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram, programCandidates } from '../../src/platform/find-program.ts';

test('looks in the absolute directories of PATH alone: never in the working directory', () => {
  const env = { PATH: ':/usr/bin:.:bin:/opt/bin:' };
  expect(programCandidates('firefox', { env, platform: 'linux' })).toEqual(['/usr/bin/firefox', '/opt/bin/firefox']);
});

test('looks on Windows for what runs without a shell, and not in the working directory first', () => {
  const env = { Path: String.raw`C:\Windows;.;tools;C:\Apps` };
  expect(programCandidates('firefox', { env, platform: 'win32' })).toEqual([
    String.raw`C:\Windows\firefox.exe`,
    String.raw`C:\Windows\firefox.com`,
    String.raw`C:\Apps\firefox.exe`,
    String.raw`C:\Apps\firefox.com`,
  ]);
});

test.each<[string, NodeJS.Platform, string[]]>([
  ['/opt/firefox', 'linux', ['/opt/firefox']],
  ['./firefox', 'darwin', ['./firefox']],
  [String.raw`C:\Apps\firefox.EXE`, 'win32', [String.raw`C:\Apps\firefox.EXE`]],
])('takes %s as it stands (%s)', (name, platform, candidates) => {
  expect(programCandidates(name, { env: { PATH: '/usr/bin' }, platform })).toEqual(candidates);
});

test('finds nothing without PATH', () => {
  expect(programCandidates('firefox', { env: {}, platform: 'linux' })).toEqual([]);
});

test('passes over directories and files that may not be run', async () => {
  const root = await mkdtemp(join(tmpdir(), 'entra-login-path-'));
  try {
    for (const name of ['a', 'b', 'c']) await mkdir(join(root, name));
    await mkdir(join(root, 'a', 'browser'));
    await writeFile(join(root, 'b', 'browser'), '');
    await writeFile(join(root, 'c', 'browser'), '');
    await chmod(join(root, 'c', 'browser'), 0o755);
    const env = { PATH: ['a', 'b', 'c'].map((name) => join(root, name)).join(':') };
    expect(await findProgram('browser', { env, platform: 'linux' })).toBe(join(root, 'c', 'browser'));
    expect(await findProgram('nothing', { env, platform: 'linux' })).toBeUndefined();
  } finally {
    await rm(root, { recursive: true });
  }
});
