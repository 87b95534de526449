import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { alice, unconsentedApplication, webApplication } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { chromiumMissing, launchChromium } from '../support/chromium.ts';
import { isRunning } from '../support/program-process.ts';
import type { Machine, Program } from '../support/program.ts';
import { authorizeUrl, startMachine } from '../support/program.ts';

const screenshots = process.env['ENTRA_LOGIN_TEST_SCREENSHOTS'];

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

describe.skipIf(chromiumMissing)('login in a real browser', () => {
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  let hosts: Set<string>;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    page = await browser.newPage();
    complaints = [];
    hosts = new Set();
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('request', (request) => hosts.add(new URL(request.url()).hostname));
  });
  afterEach(() => page.close());

  async function open(words: readonly string[] = []): Promise<Program> {
    const program = machine.start(['login', '--no-browser', ...words]);
    const [url] = await program.hear(authorizeUrl);
    await page.goto(url);
    return program;
  }

  async function takeScreenshots(name: string): Promise<void> {
    if (screenshots === undefined) return;
    mkdirSync(screenshots, { recursive: true });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}.png`), fullPage: true });
    }
  }

  it.each(['form_post', 'query'])('shows who signed in, after a click on the account (%s)', async (mode) => {
    const program = await open(['--response-mode', mode, '--json']);
    await page.getByRole('button', { name: alice.name }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    const shown = await page.locator('main').innerText();
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(end.stdout)).toMatchObject({ claims: { oid: alice.objectId, name: alice.name } });
    expect(shown).toContain(alice.name);
    expect(shown).toContain(alice.username);
    expect(shown).toContain('You can close this window');
    await takeScreenshots(`success-${mode}`);
    expect({ complaints, hosts: [...hosts] }).toEqual({ complaints: [], hosts: ['127.0.0.1', 'localhost'] });
  });

  it('goes over the password page with --prompt login', async () => {
    const program = await open(['--prompt', 'login', '--login-hint', alice.username]);
    await page.getByLabel('Password').fill('not a real one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    expect(await program.ended).toMatchObject({ exitCode: 0 });
    expect(complaints).toEqual([]);
  });

  it('goes over the consent page for an application that nobody has consented to', async () => {
    const program = await open(['--client-id', unconsentedApplication.clientId]);
    await page.getByRole('button', { name: alice.name }).click();
    await page.getByRole('heading', { name: 'Permissions requested' }).waitFor();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
    expect(await program.ended).toMatchObject({ exitCode: 0 });
    expect(complaints).toEqual([]);
  });

  it('shows that the person declined, and ends with exit 4', async () => {
    const program = await open(['--client-id', unconsentedApplication.clientId, '--json']);
    await page.getByRole('button', { name: alice.name }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'The sign-in did not work' }).waitFor();
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 4, stdout: '' });
    expect(end.stderr.trim().split('\n').at(-1)).toContain('"code":"access_denied"');
    await takeScreenshots('declined');
    expect(machine.files()).toEqual([]);
  });

  it('shows what Entra refused and the mend, with the code that the terminal shows', async () => {
    const program = await open(['--client-id', webApplication.clientId]);
    await page.getByRole('button', { name: alice.name }).click();
    await page.getByRole('heading', { name: 'The sign-in did not work' }).waitFor();
    const shown = await page.locator('main').innerText();
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 4, stdout: '' });
    expect(end.stderr).toContain('AADSTS7000218');
    expect(shown).toContain('AADSTS7000218');
    expect(shown).toContain('What to do');
    const correlationId = /correlation ID: (\S+)/.exec(end.stderr)?.[1] ?? 'none';
    expect(shown).toContain(correlationId);
    await takeScreenshots('refused');
    expect([...hosts]).toEqual(['127.0.0.1', 'localhost']);
    expect(machine.files()).toEqual([]);
  });

  it('is opened by the command that --browser names', async () => {
    const { chromium } = await import('playwright-core');
    const profile = mkdtempSync(join(tmpdir(), 'entra-login-chromium-'));
    const started = join(profile, 'process-id');
    const command = join(profile, 'browser.sh');
    const flags = `--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking
      --disable-component-update --disable-sync --remote-debugging-port=0 --user-data-dir=${profile}/data`;
    writeFileSync(
      command,
      `#!/bin/sh\necho $$ > ${started}\nexec /usr/bin/chromium ${flags.replaceAll(/\s+/g, ' ')} "$@"\n`,
    );
    chmodSync(command, 0o700);
    try {
      const program = machine.start(['login', '--browser', `${command} %s`]);
      const portFile = join(profile, 'data/DevToolsActivePort');
      await expect
        .poll(() => existsSync(portFile) && readFileSync(portFile, 'utf8'), { timeout: 15_000 })
        .toMatch(/^\d+\n/);
      const port = readFileSync(portFile, 'utf8').split('\n')[0];
      const endpoint = `http://127.0.0.1:${port}`;
      // Attaching to a browser that is just opening its first page may never end, and the next attempt works.
      const attach = async (): Promise<{ itsBrowser: Browser; itsPage: Page }> => {
        const itsBrowser = await chromium.connectOverCDP(endpoint, { timeout: 5_000 });
        const itsPage = itsBrowser.contexts()[0]?.pages()[0];
        await itsPage?.getByRole('button', { name: alice.name }).waitFor({ timeout: 5_000 });
        if (itsPage === undefined) throw new Error('The browser has no page yet.');
        return { itsBrowser, itsPage };
      };
      const { itsBrowser, itsPage } = await vi.waitFor(attach, { timeout: 40_000, interval: 500 });
      await itsPage.getByRole('button', { name: alice.name }).click();
      await itsPage.getByRole('heading', { name: 'You are signed in' }).waitFor();
      expect(await program.ended).toMatchObject({ exitCode: 0 });
      await itsPage.getByText(alice.username).waitFor();
      await itsBrowser.close();
    } finally {
      const processId = Number(existsSync(started) ? readFileSync(started, 'utf8') : Number.NaN);
      if (isRunning(processId)) process.kill(-processId, 'SIGKILL'); // detached: the group is its own
      await expect.poll(() => isRunning(processId), { timeout: 10_000 }).toBe(false);
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    }
  }, 90_000);
});

describe('the command of --browser and ENTRA_LOGIN_BROWSER', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'entra-login-browser-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  // Tells what it was started with, and stays, as a browser does.
  function writeBrowser(): { readonly command: string; readonly seen: () => Seen } {
    const command = join(directory, 'browser');
    const report = join(directory, 'seen.json');
    writeFileSync(
      command,
      `#!${process.execPath}
const { readFileSync, readlinkSync, renameSync, writeFileSync } = require('node:fs');
writeFileSync('${report}.new', JSON.stringify({
  processId: process.pid,
  session: Number(readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ')[3]),
  words: process.argv.slice(2),
  env: process.env,
  output: readlinkSync('/proc/self/fd/1'),
}));
renameSync('${report}.new', '${report}');
setTimeout(() => {}, 60_000);
`,
    );
    chmodSync(command, 0o700);
    return { command, seen: () => JSON.parse(existsSync(report) ? readFileSync(report, 'utf8') : '{}') as Seen };
  }

  interface Seen {
    readonly processId: number;
    readonly session: number;
    readonly words: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly output: string;
  }

  it.each<[string, (command: string) => { words?: string[]; env?: Record<string, string> }, string[]]>([
    ['--browser', (command) => ({ words: ['--browser', `'${command}' --new %s --last`] }), ['--new', 'URL', '--last']],
    ['ENTRA_LOGIN_BROWSER', (command) => ({ env: { ENTRA_LOGIN_BROWSER: `${command} --new` } }), ['--new', 'URL']],
  ])('gets the short start URL, on its own and without our secrets: %s', async (_how, configure, expected) => {
    const { command, seen } = writeBrowser();
    const { words = [], env } = configure(command);
    const secrets = { AZURE_CLIENT_SECRET: 'azure-secret-of-ours', AZURE_PASSWORD: 'azure-password-of-ours' };
    for (const [name, value] of Object.entries(secrets)) machine.addSecret(name, value);
    const program = machine.start(['login', ...words], { env: { ...env, ...secrets, SOMETHING_ELSE: 'stays' } });
    await expect.poll(seen, { timeout: 10_000 }).toHaveProperty('words');
    const { processId, session, words: given, env: known, output } = seen();
    try {
      const startUrl = given[1] ?? '';
      expect(startUrl).toMatch(/^http:\/\/localhost:\d+\/[\w-]{22}$/);
      expect(given).toEqual(expected.map((word) => (word === 'URL' ? startUrl : word)));
      expect({ session, output }).toEqual({ session: processId, output: '/dev/null' });
      expect(known).toMatchObject({ SOMETHING_ELSE: 'stays', HOME: machine.home });
      expect(Object.keys(known).filter((name) => name in secrets)).toEqual([]);
      expect(await signInAsScriptedPerson(startUrl, { username: alice.username })).toMatchObject({ status: 200 });
      const end = await program.ended;
      expect(end).toMatchObject({ exitCode: 0 });
      expect(end.stderr).toContain('Opening your browser');
      expect(isRunning(processId)).toBe(true);
    } finally {
      process.kill(processId, 'SIGKILL');
    }
  });

  it('is named when it fails; with --no-fallback the wait goes on for a browser opened by hand', async () => {
    const program = machine.start(['login', '--browser', '/bin/false', '--no-fallback']);
    const [url] = await program.hear(authorizeUrl);
    await program.hear(/No browser could be opened \(false ended with exit code 1\)/);
    await signInAsScriptedPerson(url, { username: alice.username });
    expect(await program.ended).toMatchObject({ exitCode: 0 });
  });
});
