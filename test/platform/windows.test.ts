import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../src/platform/file-store.ts';
import { takeLock } from '../../src/platform/profile-lock.ts';
import { runProgram } from '../../src/platform/run-program.ts';
import { buildPrograms, type BuiltPrograms } from '../support/bundle-program.ts';

// What would be done on Windows, done here: docs/decisions/systems.md says what that proves and what not.
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'entra-login-windows-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the browser', () => {
  let programs: BuiltPrograms;
  beforeAll(async () => {
    programs = await buildPrograms({ browser: 'test/support/windows-browser-program.ts' });
  });
  afterAll(() => programs.remove());

  it.each([
    ['http://localhost:5000/Qx7-start', 'http://localhost:5000/Qx7-start'],
    ['https://login.example/logout?a=1&b=2', 'https://login.example/logout?a=1&b=2'],
    ["https://login.example/$(calc)/';calc;'", "https://login.example/$(calc)/'';calc;''"],
    ['https://login.example/`calc`/"&calc"', 'https://login.example/`calc`/%22&calc%22'],
    ['https://login.example/\u2019;calc;\u2018', 'https://login.example/%E2%80%99;calc;%E2%80%98'],
  ])('gets %s from PowerShell as one string in single quotes, where nothing is run', (url, quoted) => {
    // A file whose name is the path, as this system reads it.
    const powerShell = join(directory, String.raw`root\System32\WindowsPowerShell\v1.0\powershell.exe`);
    writeFileSync(powerShell, `#!/bin/sh\nprintf '%s\\n' "$@" > '${directory}/words'\nenv > '${directory}/env'\n`);
    chmodSync(powerShell, 0o755);
    const env = { PATH: '/usr/bin:/bin', SYSTEMROOT: join(directory, 'root'), AZURE_CLIENT_SECRET: 'hunter2' };
    const said = execFileSync(process.execPath, [join(programs.directory, 'browser.cjs'), url], { env });
    expect(JSON.parse(String(said))).toMatchObject({ outcome: 'opened' });
    const words = readFileSync(join(directory, 'words'), 'utf8').trimEnd().split('\n');
    expect(words.slice(0, -1)).toEqual([
      '-NoProfile',
      '-NonInteractive',
      '-ExecutionPolicy',
      'Bypass',
      '-EncodedCommand',
    ]);
    const command = Buffer.from(words.at(-1) ?? '', 'base64').toString('utf16le');
    expect(command).toBe(`$ProgressPreference = 'SilentlyContinue'; Start '${quoted.replaceAll('`', '%60')}'`);
    expect(readFileSync(join(directory, 'env'), 'utf8')).not.toContain('hunter2');
  });
});

describe('exec', () => {
  it('does not take a program from the working directory, where Windows looks first', async () => {
    const before = process.cwd();
    try {
      process.chdir(directory);
      for (const name of ['deploy', 'deploy.exe', 'deploy.com']) {
        writeFileSync(name, `#!/bin/sh\ntouch '${directory}/owned'\n`);
        chmodSync(name, 0o755);
      }
      const surroundings = {
        env: { PATH: `.;;${directory}` },
        added: {},
        hasTerminal: false,
        platform: 'win32',
      } as const;
      expect(await runProgram(['deploy'], surroundings)).toEqual({ exitCode: 127, failure: 'not found' });
      expect(existsSync(join(directory, 'owned'))).toBe(false);
    } finally {
      process.chdir(before);
    }
  });
});

describe('the lock', () => {
  it('is a named pipe of the profile and state directory, which goes from hand to hand', async () => {
    const before = process.cwd();
    const place = {
      stateDir: String.raw`C:\state`,
      temporary: directory,
      platform: 'win32',
      userId: undefined,
    } as const;
    const never = new AbortController().signal;
    try {
      process.chdir(directory); // here the pipe's name is that of a socket in it
      const first = await takeLock('default', place, never);
      const other = await takeLock('other', place, never);
      expect([first.outcome, other.outcome]).toEqual(['taken', 'taken']);
      const waiting = takeLock('default', place, never);
      const isTaken = await Promise.race([waiting, new Promise((resolve) => setImmediate(() => resolve('waits')))]);
      expect(isTaken).toBe('waits');
      if (first.outcome === 'taken') await first.release();
      expect(await waiting).toEqual({ outcome: 'released' });
      const again = await takeLock('default', place, never);
      expect(again.outcome).toBe('taken');
      if (again.outcome === 'taken') await again.release();
      if (other.outcome === 'taken') await other.release();
    } finally {
      process.chdir(before);
    }
  });
});

describe('the file store', () => {
  it('leaves modes alone, which Windows has not: what may be read stands in the list of the directory', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform') ?? {};
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    try {
      const store = openFileStore(directory);
      await store.write('work', '{}');
      chmodSync(join(directory, 'profiles'), 0o777);
      chmodSync(join(directory, 'profiles', 'work.json'), 0o666);
      expect(await store.read('work')).toBe('{}');
      await store.write('other', '{}');
      expect(statSync(join(directory, 'profiles')).mode & 0o777).toBe(0o777);
      expect([await store.list(), await store.delete('work')]).toEqual([['other', 'work'], true]);
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
  });
});
