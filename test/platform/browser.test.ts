import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBrowser, systemLaunchers, type BrowserSystem } from '../../src/platform/browser.ts';
import { secretVariables } from '../../src/platform/secret-variables.ts';

const url = 'http://localhost:5000/Qx7-start';
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'entra-login-browser-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** Puts a program into the only directory of PATH; it notes its arguments and environment, then does what it is told. */
async function install(name: string, script: string): Promise<void> {
  const file = join(directory, name);
  const log = `printf '%s\\n' "$@" > '${directory}/words'; /usr/bin/env > '${directory}/env'`;
  await writeFile(file, `#!/bin/sh\n${log}\n${script}\n`);
  await chmod(file, 0o755);
}

function onLinux(more: Partial<BrowserSystem> = {}): Partial<BrowserSystem> {
  return { env: { PATH: directory }, platform: 'linux', release: '6.1.0', failsWithin: 10_000, ...more };
}

async function wordsSeen(): Promise<string[]> {
  return (await readFile(join(directory, 'words'), 'utf8')).trimEnd().split('\n');
}

describe("the user's own command", () => {
  test.each([
    ['browser', [url]],
    ['browser --new-window', ['--new-window', url]],
    ['browser --app=%s "--title=a b"', [`--app=${url}`, '--title=a b']],
  ])('%s gets the URL in its place, else last', async (command, words) => {
    await install('browser', 'exit 0');
    expect(await openBrowser(url, command, onLinux())).toEqual({ outcome: 'opened', command: 'browser' });
    expect(await wordsSeen()).toEqual(words);
  });

  test('runs in no shell: what a URL holds is one word, whatever it is', async () => {
    await install('browser', 'exit 0');
    const hostile = "http://localhost:5000/?a=1&b=$(touch%20x)`id`;'$&";
    await openBrowser(hostile, 'browser %s', onLinux());
    expect(await wordsSeen()).toEqual([hostile.replaceAll("'", '%27')]);
  });

  test('gets the environment without the secrets of the sign-in', async () => {
    await install('browser', 'exit 0');
    const secrets = Object.fromEntries(secretVariables.map((name) => [name, 'hunter2']));
    await openBrowser(url, 'browser', onLinux({ env: { PATH: directory, DISPLAY: ':7', ...secrets } }));
    const seen = await readFile(join(directory, 'env'), 'utf8');
    expect([seen.includes('DISPLAY=:7'), seen.includes('hunter2')]).toEqual([true, false]);
  });

  test('that stays with its browser is not waited for', async () => {
    await install('browser', 'exec /bin/sleep 2');
    expect(await openBrowser(url, 'browser', onLinux({ failsWithin: 50 }))).toEqual({
      outcome: 'opened',
      command: 'browser',
    });
  });

  test.each([
    ['browser', 'exit 3', 'browser ended with exit code 3'],
    ['browser', 'kill -9 $$', 'browser ended with SIGKILL'],
    ['nowhere --x', 'exit 0', 'nowhere was not found'],
    ['"browser', 'exit 0', 'the browser command has an open quote'],
    ['  ', 'exit 0', 'the browser command is empty'],
  ])('%s that does %s has failed, and why is told', async (command, script, reason) => {
    await install('browser', script);
    expect(await openBrowser(url, command, onLinux())).toEqual({ outcome: 'failed', reason });
  });

  test('that is no program has failed', async () => {
    const file = join(directory, 'browser');
    await writeFile(file, '#!/nowhere/interpreter\n');
    await chmod(file, 0o755);
    const launch = await openBrowser(url, 'browser', onLinux());
    expect(launch).toEqual({ outcome: 'failed', reason: 'browser could not be started (ENOENT)' });
  });

  test.each(['file:///etc/passwd', 'javascript:alert(1)', '--version', 'ms-settings:', ''])(
    'never gets %s',
    async (address) => {
      await install('browser', 'exit 0');
      expect(await openBrowser(address, 'browser', onLinux())).toEqual({
        outcome: 'failed',
        reason: 'only http and https addresses are opened',
      });
    },
  );
});

describe("the system's browser", () => {
  test.each<[string, Pick<BrowserSystem, 'platform' | 'release'>, ReturnType<typeof systemLaunchers>]>([
    ['Linux', { platform: 'linux', release: '6.1.0-13-amd64' }, [['xdg-open'], ['gio', 'open'], ['x-www-browser']]],
    ['macOS', { platform: 'darwin', release: '25.1.0' }, [['/usr/bin/open']]],
    ['Windows', { platform: 'win32', release: '10.0.26100' }, 'open'],
    ['WSL', { platform: 'linux', release: '5.15.153.1-microsoft-standard-WSL2' }, 'open'],
  ])('is opened on %s by what knows it there', (_, system, launchers) => {
    expect(systemLaunchers(system)).toEqual(launchers);
  });

  test('is opened by the first launcher that can', async () => {
    await install('xdg-open', 'exit 3');
    await install('gio', 'exit 0');
    expect(await openBrowser(url, undefined, onLinux())).toEqual({ outcome: 'opened', command: 'gio' });
    expect(await wordsSeen()).toEqual(['open', url]);
  });

  test('that no launcher finds is a failure with every reason', async () => {
    await install('xdg-open', 'exit 3');
    await install('x-www-browser', 'exit 1');
    expect(await openBrowser(url, undefined, onLinux())).toEqual({
      outcome: 'failed',
      reason: 'xdg-open ended with exit code 3, x-www-browser ended with exit code 1',
    });
  });

  test('cannot be opened where no launcher is installed', async () => {
    expect(await openBrowser(url, undefined, onLinux())).toEqual({
      outcome: 'failed',
      reason: 'none of xdg-open, gio, x-www-browser is installed',
    });
  });

  describe('through the package `open`', () => {
    // On Linux without WSL the package runs xdg-open from PATH, or the copy it brings along.
    const before = { ...process.env };
    afterEach(() => {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      Object.assign(process.env, before);
    });

    test('gets no secret either, and our own environment has them again afterwards', async () => {
      await install('x-www-browser', 'exit 0');
      Object.assign(process.env, { AZURE_CLIENT_SECRET: 'hunter2', BROWSER: join(directory, 'x-www-browser') });
      process.env['PATH'] = `${directory}${delimiter}${process.env['PATH']}`;
      delete process.env['DISPLAY'];
      const launch = await openBrowser(url, undefined, {
        platform: 'linux',
        release: 'microsoft',
        failsWithin: 10_000,
      });
      const seen = await readFile(join(directory, 'env'), 'utf8');
      expect({
        launch,
        secretSeen: seen.includes('hunter2'),
        secretKept: process.env['AZURE_CLIENT_SECRET'],
        words: await wordsSeen(),
      }).toEqual({
        launch: { outcome: 'opened', command: 'xdg-open' },
        secretSeen: false,
        secretKept: 'hunter2',
        words: [url],
      });
    });
  });
});
