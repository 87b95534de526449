import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  contoso,
  desktopApplication,
  spaApplication,
  unconsentedApplication,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { Check } from '../../src/render/checks.ts';
import type { RunOptions, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const browserThere: RunOptions = {
  machine: { findBrowser: () => Promise.resolve({ outcome: 'found', program: '/usr/bin/xdg-open' }) },
};

/** Runs `doctor --json` and answers its exit code and its checks by name. */
async function examine(
  options: RunOptions = {},
  words: readonly string[] = [],
): Promise<{ exitCode: number; checks: Record<string, Check> }> {
  // On a busy machine the usual limit may be over before the emulator, in this process, has had its turn.
  const argv = ['doctor', '--json', '--timeout', '20s', ...words];
  const { exitCode, stdout, stderr } = await world.run(argv, { ...browserThere, ...options });
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const failures = checks.filter((check) => check.status === 'failed').length;
  const said = new RegExp(
    `^\\{"error":\\{"code":"check_failed","message":"${failures} of ${checks.length} checks failed: .*\\}\n$`,
  );
  expect(stderr).toMatch(failures === 0 ? /^$/ : said);
  return { exitCode, checks: Object.fromEntries(checks.map((check) => [check.name, check])) };
}

const failedNames = (checks: Record<string, Check>): string[] =>
  Object.values(checks)
    .filter(({ status }) => status === 'failed')
    .map(({ name }) => name);

describe('doctor', () => {
  it('passes a machine and a registration that are in order, one line a check, and exits with 0', async () => {
    const { exitCode, stdout } = await world.run(['doctor', '--timeout', '20s'], browserThere);
    expect(exitCode).toBe(0);
    const labels = stdout.match(/^(?:passed|failed|skipped) +\S+(?: \S+)*?(?=  )/gm);
    expect(labels).toEqual([
      'passed   Node.js',
      'passed   Settings',
      'passed   Proxy',
      'passed   Certificates',
      'passed   Tenant',
      'passed   Clock',
      'passed   Application',
      'passed   Redirect URI',
      'skipped  Client secret',
      'passed   Device code',
      'passed   localhost',
      'passed   Port',
      'passed   Browser',
      'passed   Store',
      'skipped  Account',
    ]);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('answers --json with the one document of the contract, in full also where a check failed', async () => {
    const env = { ENTRA_LOGIN_TENANT: 'nowhere.example' };
    const { exitCode, stdout, stderr } = await world.run(['doctor', '--json'], { ...browserThere, env });
    expect(exitCode).toBe(9);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      {
        error: {
          code: 'check_failed',
          message: expect.stringMatching(/^1 of 15 checks failed: Tenant\.$/) as string,
          hint: 'Mend the first, then again: entra-login doctor',
        },
      },
    ]);
    const document = JSON.parse(stdout) as { checks: Check[] };
    expect(Object.keys(document)).toEqual(['checks']);
    for (const check of document.checks) {
      expect(Object.keys(check)).toEqual(['name', 'status', 'detail', ...(check.hint === undefined ? [] : ['hint'])]);
    }
    expect(document.checks.find(({ name }) => name === 'authority')).toEqual({
      name: 'authority',
      status: 'failed',
      detail: `The tenant "nowhere.example" does not exist at ${new URL(world.emulator.origin).host}. (AADSTS90002)`,
      hint: expect.stringContaining('Check --tenant') as string,
    });
  });

  it('signs nobody in, keeps nothing and shows no code of the emulator', async () => {
    await world.run(['doctor'], browserThere);
    expect(await world.keychain.list()).toEqual([]);
    const asked = world.emulator.requests.map(({ path }) => path.split('/').at(-1) ?? '');
    expect(new Set(asked)).toEqual(new Set(['openid-configuration', 'authorize', 'devicecode', 'token']));
    expect(asked).toHaveLength(4);
    // world.close() fails if a device code stands in the output.
  });
});

describe('the settings', () => {
  it('names what is missing, and checks the machine all the same', async () => {
    const env = { ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '' };
    const { exitCode, checks } = await examine({ env });
    expect(exitCode).toBe(9);
    expect(failedNames(checks)).toEqual(['settings']);
    expect(checks['settings']).toMatchObject({
      detail: 'No tenant and client ID set.',
      hint: expect.stringContaining('entra-login setup') as string,
    });
    expect(checks['authority']).toMatchObject({ status: 'passed' });
    expect(checks['port']).toMatchObject({ status: 'passed' });
  });

  it('names a wrong value and where it stands, and checks the machine all the same', async () => {
    await mkdir(join(world.home, 'config'), { recursive: true });
    await writeFile(join(world.home, 'config/config.json'), '{"profiles":{"default":{"tenant":"a b"}}}');
    const { exitCode, checks } = await examine({ env: { ENTRA_LOGIN_TENANT: '' } });
    expect(exitCode).toBe(9);
    expect(checks['settings']?.detail).toMatch(/^The tenant is not valid \(.*config\.json, line 1\)\.$/);
    expect(checks['store']).toMatchObject({ status: 'passed' });
  });

  it('repeats no secret that stands in the wrong place', async () => {
    const { checks } = await examine({ env: { ENTRA_LOGIN_CLIENT_ID: 'my secret pass phrase' } });
    expect(JSON.stringify(checks)).not.toContain('pass phrase');
  });
});

describe('the registration', () => {
  it('finds a client ID that the tenant does not know', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: '00000000-1111-2222-3333-444444444444' };
    const { exitCode, checks } = await examine({ env });
    expect(exitCode).toBe(9);
    expect(failedNames(checks)).toEqual(['application']);
    expect(checks['application']?.detail).toBe(
      'There is no application with this client ID in this tenant. (AADSTS700016)',
    );
  });

  it('finds a path that is not registered, and says what to add where', async () => {
    const env = { ENTRA_LOGIN_REDIRECT_URI: 'http://localhost:0/elsewhere' };
    const { checks } = await examine({ env });
    expect(failedNames(checks)).toEqual(['redirect_uri']);
    expect(checks['redirect_uri']).toMatchObject({
      detail: 'The redirect URI of this sign-in is not registered for the application. (AADSTS50011)',
      hint: 'Entra admin center > Entra ID > App registrations > your app > Authentication: add http://localhost/elsewhere under Mobile and desktop applications, and remove it from other platforms.',
    });
    expect(checks['application']).toMatchObject({ status: 'passed' });
  });

  it('takes a redirect URI without a path as it is sent', async () => {
    const { checks } = await examine({ env: { ENTRA_LOGIN_REDIRECT_URI: 'http://localhost' } });
    expect(checks['redirect_uri']).toMatchObject({ status: 'passed' });
    expect(checks['redirect_uri']?.detail).toContain('http://localhost is registered');
  });

  it('finds a redirect URI that stands under the single-page platform', async () => {
    const { checks } = await examine({ env: { ENTRA_LOGIN_CLIENT_ID: spaApplication.clientId } });
    expect(failedNames(checks)).toEqual(['redirect_uri']);
    expect(checks['redirect_uri']?.detail).toContain('AADSTS9002325');
  });

  it('says what a Web registration lacks where no secret is set, as far as it can be seen', async () => {
    const { checks } = await examine({ env: { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId } });
    expect(checks['redirect_uri']?.detail).toContain('it must stand under Mobile and desktop applications');
    expect(checks['device_code']?.hint).toContain('A Web registration needs its client secret');
  });

  it('finds a wrong client secret, and takes the right one', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: 'not~the~secret' };
    const wrong = await examine({ env });
    expect(failedNames(wrong.checks)).toEqual(['client_secret']);
    expect(wrong.checks['client_secret']?.detail).toBe('The client secret is wrong. (AADSTS7000215)');
    const right = await examine({ env: { ...env, ENTRA_LOGIN_CLIENT_SECRET: webSecret } });
    expect(right.exitCode).toBe(0);
    expect(right.checks['client_secret']).toMatchObject({ status: 'passed' });
    expect(right.checks['redirect_uri']?.detail).toContain('under Web');
  });

  it('reads the client secret that is kept with the profile', async () => {
    await world.keychain.write('default/client-secret', webSecret);
    const { checks } = await examine({ env: { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId } });
    expect(checks['client_secret']).toMatchObject({ status: 'passed' });
  });

  it('fails where only a device code is left and the application does not allow one', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: unconsentedApplication.clientId };
    expect((await examine({ env })).checks['device_code']).toMatchObject({ status: 'skipped' });
    const overSsh = await examine({ env, surroundings: { ssh: true } });
    expect(failedNames(overSsh.checks)).toEqual(['device_code']);
    expect(overSsh.checks['device_code']?.hint).toContain('Allow public client flows');
    expect(overSsh.checks['browser']).toMatchObject({
      status: 'skipped',
      detail: 'this is an SSH connection, so login uses a device code',
    });
  });

  it('says that the application could not be checked where Entra answers with something else', async () => {
    world.emulator.injectFault({ endpoint: 'authorize', kind: 'html_page' });
    world.emulator.injectFault({ endpoint: 'devicecode', kind: 'refused', error: 'invalid_request', aadsts: 900144 });
    const { exitCode, checks } = await examine();
    expect(exitCode).toBe(0);
    expect(checks['application']).toMatchObject({ status: 'skipped' });
    expect(checks['application']?.detail).toMatch(/^could not be checked: /);
    expect(checks['redirect_uri']?.detail).toContain('(not checked)');
  });
});

describe('the network', () => {
  it('ends within 5 seconds where the authority host is silent', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const begun = performance.now();
    const { exitCode, stdout, stderr } = await world.run(['doctor'], {
      ...browserThere,
      env: { ENTRA_LOGIN_AUTHORITY_HOST: origin },
    });
    silent.closeAllConnections();
    silent.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(exitCode).toBe(9);
    expect(stderr).toBe(`Checking the network, the browser and the store …
error: 1 of 15 checks failed: Tenant.
  try: Mend the first, then again: entra-login doctor
`);
    expect(stdout).toMatch(/^failed {3}Tenant +127\.0\.0\.1:\d+: There was no answer within \d\.\d seconds\.$/m);
  });

  it.each([
    [30, 'passed', /^(?:29|30) seconds behind the server$/, false],
    [120, 'passed', /^2 minutes behind the server; 5 minutes are allowed$/, true],
    [-400, 'failed', /^7 minutes ahead of the server; Entra and entra-login allow 5 minutes$/, true],
  ])('tells a clock that is %i seconds off', async (seconds, status, detail, hasHint) => {
    const now = (): Date => new Date(Date.now() - seconds * 1000);
    const { checks } = await examine({ now });
    expect(checks['clock']).toMatchObject({ status, detail: expect.stringMatching(detail) as string });
    expect(checks['clock']?.hint !== undefined).toBe(hasHint);
  });

  it('names the proxy and its variable, never its password', async () => {
    const env = {
      HTTPS_PROXY: 'http://me:hunter2@proxy.example:3128',
      ENTRA_LOGIN_AUTHORITY_HOST: 'https://login.example',
    };
    const refuse = (): Promise<never> => Promise.reject(new EntraLoginError('network', 'refused'));
    const { checks } = await examine({ env, fetch: refuse });
    expect(checks['proxy']).toMatchObject({ status: 'passed', detail: 'proxy.example:3128 (HTTPS_PROXY)' });
    expect(JSON.stringify(checks)).not.toContain('hunter2');
  });

  it('finds a variable that names no proxy, and a certificate file that is not there', async () => {
    const env = {
      HTTPS_PROXY: 'socks5://proxy.example',
      ENTRA_LOGIN_AUTHORITY_HOST: 'https://login.example',
      NODE_EXTRA_CA_CERTS: join(world.home, 'missing.pem'),
    };
    const refuse = (): Promise<never> => Promise.reject(new EntraLoginError('network', 'refused'));
    const { checks } = await examine({ env, fetch: refuse });
    expect(failedNames(checks)).toEqual(['proxy', 'certificates', 'authority']);
    expect(checks['certificates']?.detail).toBe('NODE_EXTRA_CA_CERTS names a file that does not exist');
  });
});

describe('the machine', () => {
  it('names who holds the port, and what to type', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const findPortOwner = (): Promise<{ processId: number; name: string; startedAt: undefined }> =>
      Promise.resolve({ processId: 42, name: 'AirPlay Receiver', startedAt: undefined });
    const env = { ENTRA_LOGIN_REDIRECT_URI: `http://localhost:${port}/callback` };
    const { exitCode, checks } = await examine({ env, findPortOwner });
    holder.close();
    expect(exitCode).toBe(9);
    expect(checks['port']).toMatchObject({ status: 'failed', hint: 'entra-login login --port 0' });
    expect(checks['port']?.detail).toContain(`Port ${port} is in use by AirPlay Receiver (process 42).`);
  });

  it('finds a localhost that is another machine', async () => {
    const machine = { ...browserThere.machine, resolveHost: () => Promise.resolve(['127.0.0.1', '192.0.2.7']) };
    const { checks } = await examine({ machine });
    expect(checks['localhost']).toMatchObject({
      status: 'failed',
      detail: 'resolves to 192.0.2.7, another machine',
    });
  });

  it('finds a browser command that is not on the PATH', async () => {
    const env = { ENTRA_LOGIN_BROWSER: 'no-such-browser %s', PATH: '/usr/bin:/bin' };
    const { stdout } = await world.run(['doctor', '--json'], { env });
    const { checks } = JSON.parse(stdout) as { checks: Check[] };
    expect(checks.find(({ name }) => name === 'browser')).toMatchObject({
      status: 'failed',
      detail: 'no-such-browser was not found',
    });
  });

  it('finds a Node.js that is too old', async () => {
    const { checks } = await examine({ machine: { ...browserThere.machine, nodeVersion: '20.18.3' } });
    expect(checks['node']).toMatchObject({ status: 'failed', detail: '20.18.3 is too old; 20.19 or newer is needed' });
  });

  it('finds that there is no keychain, with the mend, and still asks Entra', async () => {
    const { exitCode, checks } = await examine({ keychain: missingKeychain() });
    expect(exitCode).toBe(9);
    expect(failedNames(checks)).toEqual(['store']);
    expect(checks['store']).toMatchObject({ hint: 'ENTRA_LOGIN_STORE=file' });
    expect(checks['account']).toMatchObject({ status: 'skipped', detail: 'the store could not be read' });
    expect(checks['application']).toMatchObject({ status: 'passed' });
  });
});

describe('the account', () => {
  it('tells who is signed in, how long the token lives and that it can be renewed', async () => {
    await world.run(['login']);
    const { exitCode, checks } = await examine();
    expect(exitCode).toBe(0);
    expect(checks['account']).toMatchObject({ status: 'passed' });
    expect(checks['account']?.detail).toMatch(
      /^alice@contoso\.com; access token expires in \d+ minutes, a refresh token renews it$/,
    );
  });

  it('takes the settings from the account where nothing else names them', async () => {
    await world.run(['login']);
    const env = { ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '', ENTRA_LOGIN_AUTHORITY_HOST: '' };
    const { exitCode, checks } = await examine({ env });
    expect(exitCode).toBe(0);
    expect(checks['settings']?.detail).toBe(
      `profile "default", tenant ${contoso.id}, client ID ${desktopApplication.clientId} (account)`,
    );
  });

  it('fails for an account of another application, which login would not replace', async () => {
    await world.run(['login']);
    const { checks } = await examine({ env: { ENTRA_LOGIN_CLIENT_ID: unconsentedApplication.clientId } });
    expect(failedNames(checks)).toEqual(['account']);
  });

  it('fails for damaged content, with the command that forgets it', async () => {
    await world.keychain.write('default', 'damaged');
    const { checks } = await examine();
    expect(failedNames(checks)).toEqual(['account']);
    expect(checks['account']?.hint).toContain('entra-login logout --profile default');
  });
});
