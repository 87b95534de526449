import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, desktopApplication, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { Machine } from '../support/program.ts';
import { authorizeUrl, startMachine, whyMissing } from '../support/program.ts';
import type { TerminalProgram } from '../support/pseudo-terminal.ts';
import { startOnTerminal } from '../support/pseudo-terminal.ts';

const pythonMissing = whyMissing(['python3'], 'python3');

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

const enter = '\r';
const interrupt = '\u0003';
const deleteLine = '\u0015';

/** A newcomer's terminal: no settings but the emulator, and a browser of their own. */
function start(words: readonly string[] = [], env: Record<string, string> = {}): TerminalProgram {
  return startOnTerminal(machine, ['setup', '--authority-host', machine.emulator.origin, ...words], {
    env: {
      ENTRA_LOGIN_AUTHORITY_HOST: undefined,
      ENTRA_LOGIN_TENANT: undefined,
      ENTRA_LOGIN_CLIENT_ID: undefined,
      ENTRA_LOGIN_REDIRECT_URI: undefined,
      ENTRA_LOGIN_BROWSER: 'none',
      ...env,
    },
  });
}

const configPath = (): string => join(machine.home, '.config/entra-login/config.json');

describe.skipIf(pythonMissing !== undefined)('setup on a terminal', () => {
  it('leads from nothing to a first sign-in, letting wrong values be corrected on the way', async () => {
    const terminal = start();
    await terminal.hear(/Which platform/);
    terminal.type(enter);
    await terminal.hear(/Redirect URI \(Enter keeps it\)/);
    terminal.type(enter);
    await terminal.hear(/az ad app create[\s\S]*--public-client-redirect-uris http:\/\/localhost[\s\S]*◆.*Directory/);
    terminal.type(`nowhere.example${enter}`);
    await terminal.hear(/◆.*Application \(client\) ID/);
    terminal.type(`${desktopApplication.clientId}${enter}`);
    await terminal.hear(/failed.*Tenant[\s\S]*AADSTS90002[\s\S]*What now\?/);
    terminal.type(enter);
    await terminal.hear(/What now\?[\s\S]*◆.*Directory \(tenant\) ID/);
    terminal.type(`${deleteLine}contoso.com${enter}`);
    await terminal.hear(/Sign in now\?/);
    expect(JSON.parse(readFileSync(configPath(), 'utf8'))).toMatchObject({
      profiles: { default: { tenant: 'contoso.com', clientId: desktopApplication.clientId } },
    });
    terminal.type(enter);
    const [url] = await terminal.hear(authorizeUrl);
    await signInAsScriptedPerson(url, { username: alice.username });
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: 0, echo: true, lineMode: true });
    expect(end.screen).toMatch(/Username.* alice@contoso\.com/);
    const { stdout } = await machine.run(['whoami', '--claim', 'oid'], { env: { ENTRA_LOGIN_TENANT: undefined } });
    expect(stdout).toBe(`${alice.objectId}\n`);
  });

  it('keeps a client secret unseen, and takes no Secret ID for one', async () => {
    const terminal = start(['--platform', 'web', '--tenant', 'contoso.com', '--no-login']);
    await terminal.hear(/Redirect URI \(Enter keeps it\)/);
    terminal.type(enter);
    await terminal.hear(/◆.*Application \(client\) ID/);
    terminal.type(`${webApplication.clientId}${enter}`);
    await terminal.hear(/◆.*Client secret, the Value/);
    terminal.type(`9c3f1a62-5b7e-4d0a-8f21-6e5d4c3b2a19${enter}`);
    await terminal.hear(/This is the Secret ID/);
    terminal.type(`${webSecret}${enter}`);
    const { exitCode, screen } = await terminal.ended;
    expect(exitCode).toBe(0);
    expect(screen).toMatch(/passed.* +Client secret +Entra accepts it/);
    expect(screen).not.toContain(webSecret);
    const kept = readFileSync(
      join(machine.home, '.local/state/entra-login/profiles/default%2Fclient-secret.json'),
      'utf8',
    );
    expect(kept).toBe(webSecret);
  });

  it.each([
    ['the first question', /Which platform/, []],
    ['a text', /Redirect URI \(Enter keeps it\)/, ['--platform', 'desktop']],
    [
      'the secret',
      /Client secret, the Value/,
      ['--platform', 'web', '--port', '0', '--tenant', 'contoso.com', '--client-id', webApplication.clientId],
    ],
  ])('ends with 130 and writes nothing on Ctrl-C at %s', async (_where, question, words) => {
    const terminal = start(words);
    await terminal.hear(question);
    terminal.type(interrupt);
    expect(await terminal.ended).toMatchObject({ exitCode: 130, echo: true, lineMode: true });
    expect(existsSync(configPath())).toBe(false);
    expect(machine.files()).toEqual([]);
  });

  it('asks nothing where the options say everything', async () => {
    const words = ['--platform', 'desktop', '--redirect-uri', 'http://localhost', '--tenant', 'contoso.com'];
    const terminal = start([...words, '--client-id', desktopApplication.clientId, '--no-login']);
    const { exitCode, screen } = await terminal.ended;
    expect(exitCode).toBe(0);
    expect(screen).not.toMatch(/[◆◇]/);
  });

  it.each([
    ['NO_COLOR', [], { NO_COLOR: '1' }],
    ['--no-color', ['--no-color'], {}],
  ])('shows no colours with %s', async (_name, words, env) => {
    const terminal = start(words, env);
    await terminal.hear(/Which platform/);
    terminal.type(enter);
    await terminal.hear(/Redirect URI \(Enter keeps it\)/);
    terminal.type(interrupt);
    const { screen } = await terminal.ended;
    // Inverse video is the cursor; 30 to 37 and 90 to 97 are colours.
    expect(screen.match(/\u001b\[(?:[0-9;]*;)?(?:3|9)[0-7]m/g)).toBeNull();
  });
});
