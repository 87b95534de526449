import { describe, expect, it } from 'vitest';
import { findBrowser } from '../../src/platform/browser.ts';
import { createMachine } from '../../src/platform/machine.ts';

describe('the machine', () => {
  it('tells the proxy of a URL without its name and password', () => {
    const { findProxy } = createMachine({
      HTTPS_PROXY: 'http://me:hunter2@proxy.example:3128',
      NO_PROXY: 'other.example',
    });
    expect(findProxy('https://login.example')).toEqual({ address: 'proxy.example:3128', variable: 'HTTPS_PROXY' });
    expect(findProxy('https://other.example')).toBeUndefined();
    expect(findProxy('http://localhost:5000')).toBeUndefined();
  });

  it('resolves localhost to loopback, and a name that nobody has to nothing', async () => {
    const { resolveHost } = createMachine({});
    const addresses = await resolveHost('localhost');
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(['127.0.0.1', '::1']).toContain(address);
    expect(await resolveHost('no-such-host.invalid')).toEqual([]);
  });
});

describe('looking for the browser', () => {
  const linux = { platform: 'linux', release: '6.1.0', env: { PATH: '/usr/bin:/bin' } } as const;

  it('finds the program of a command, and says what is missing', async () => {
    expect(await findBrowser('sh -c "echo %s"', linux)).toEqual({
      outcome: 'found',
      program: expect.stringMatching(/\/sh$/) as string,
    });
    expect(await findBrowser('no-such-browser', linux)).toEqual({
      outcome: 'missing',
      reason: 'no-such-browser was not found',
    });
    expect(await findBrowser('"open', linux)).toEqual({
      outcome: 'missing',
      reason: 'the browser command has an open quote',
    });
  });

  it('names the launchers where none is installed', async () => {
    expect(await findBrowser(undefined, { ...linux, env: { PATH: '/nowhere' } })).toEqual({
      outcome: 'missing',
      reason: 'none of xdg-open, gio, x-www-browser is installed',
    });
  });

  it("counts on Windows' own browser, from WSL too", async () => {
    const wsl = { platform: 'linux', release: '5.15.0-microsoft-standard-WSL2', env: {} } as const;
    expect(await findBrowser(undefined, wsl)).toMatchObject({ outcome: 'found' });
  });
});
