import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { findPortOwner } from '../../src/platform/port-owner.ts';
import { chromiumMissing, launchChromium } from '../support/chromium.ts';
import { isListening } from '../support/program-process.ts';
import type { Machine } from '../support/program.ts';
import { authorizeUrl, startMachine } from '../support/program.ts';

// The README's first example, word for word but for the names: a "Web" registration, its secret in the environment,
// and http://localhost:5000/callback, which nobody sets: it is built in.
const seedPort = 5_000;
const settings = ['--tenant', contoso.id, '--client-id', webApplication.clientId];
const secret = { ENTRA_LOGIN_CLIENT_SECRET: webSecret };

describe('a "Web" registration with http://localhost:5000/callback and a client secret', () => {
  let machine: Machine;
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (chromiumMissing === undefined) browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    if (await isListening(seedPort)) {
      const owner = await findPortOwner(seedPort);
      throw new Error(`This test needs port ${seedPort}, which ${owner?.name} (process ${owner?.processId}) holds.`);
    }
    machine = await startMachine();
  });
  afterEach(() => machine.close());

  // What the account was signed in with is kept, so later commands need the secret alone.
  const bare = {
    ENTRA_LOGIN_REDIRECT_URI: undefined,
    ENTRA_LOGIN_TENANT: undefined,
    ENTRA_LOGIN_CLIENT_ID: undefined,
    ENTRA_LOGIN_AUTHORITY_HOST: undefined,
  };

  it('signs a person in, tells who it is in three ways, gives tokens, and signs out', async () => {
    const env = { ...bare, ENTRA_LOGIN_AUTHORITY_HOST: machine.emulator.origin, ...secret };
    const program = machine.start(['login', '--no-browser', ...settings], { env });
    const [url] = await program.hear(authorizeUrl);
    expect(new URL(url).searchParams.get('redirect_uri')).toBe('http://localhost:5000/callback');
    if (browser === undefined) {
      expect(await signInAsScriptedPerson(url, { username: alice.username })).toMatchObject({ status: 200 });
    } else {
      const page = await browser.newPage();
      await page.goto(url);
      await page.getByRole('button', { name: alice.name }).click();
      await page.getByRole('heading', { name: 'You are signed in' }).waitFor();
      expect(page.url()).toBe('http://localhost:5000/callback');
      await page.close();
    }
    const login = await program.ended;
    expect(login).toMatchObject({ exitCode: 0 });
    expect(login.stdout).toMatch(new RegExp(`^Name +${alice.name}\nUsername +${alice.username}\n`));
    const redeemed = machine.emulator.requests.find(({ endpoint }) => endpoint === 'token');
    expect(redeemed?.form).toMatchObject({
      client_id: webApplication.clientId,
      client_secret: webSecret,
      redirect_uri: 'http://localhost:5000/callback',
    });

    const withSecret = { env: { ...bare, ...secret } };
    const whoami = await machine.run(['whoami'], withSecret);
    expect(whoami).toMatchObject({ exitCode: 0, stdout: login.stdout, stderr: '' });
    const asJson = await machine.run(['whoami', '--json'], withSecret);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      aud: webApplication.clientId,
      iss: `${machine.emulator.origin}/${contoso.id}/v2.0`,
      tid: contoso.id,
      oid: alice.objectId,
      preferred_username: alice.username,
    });
    const userInfo = await machine.run(['whoami', '--userinfo', '--json'], withSecret);
    expect(userInfo).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(userInfo.stdout)).toMatchObject({ name: alice.name, email: alice.email });

    const token = await machine.run(['token'], withSecret);
    expect(token).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringMatching(/^eyJ\S+\n$/) as string });
    const renewed = await machine.run(['token', '--refresh'], withSecret);
    expect(renewed).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringMatching(/^eyJ\S+\n$/) as string });
    expect(renewed.stdout).not.toBe(token.stdout);
    const kept = machine.emulator.issued.filter(({ kind }) => kind === 'access_token').map(({ value }) => `${value}\n`);
    expect(kept).toEqual(expect.arrayContaining([token.stdout, renewed.stdout]));

    expect(await machine.run(['logout'], { env: bare })).toMatchObject({
      exitCode: 0,
      stdout: `Signed out: ${alice.username} (profile "default")\n`,
    });
    expect(await machine.run(['whoami'], withSecret)).toMatchObject({ exitCode: 3, stdout: '' });
    expect(machine.files()).toEqual([]);
  });

  it('renews only with the secret, and says before it asks Entra how to give it', async () => {
    const env = { ...bare, ENTRA_LOGIN_AUTHORITY_HOST: machine.emulator.origin };
    expect(await machine.signIn(settings, { env: { ...env, ...secret } })).toMatchObject({ exitCode: 0 });
    const before = machine.emulator.requests.length;
    const end = await machine.run(['token', '--refresh'], { env: bare });
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toContain('ENTRA_LOGIN_CLIENT_SECRET');
    expect(machine.emulator.requests).toHaveLength(before);
    expect(await machine.run(['token'], { env: bare })).toMatchObject({ exitCode: 0, stderr: '' });
  });
});
