import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { TestKeyring } from '../support/keyring.ts';
import { hasKeyring, startKeyring } from '../support/keyring.ts';
import type { Machine } from '../support/program.ts';
import { authorizeUrl, startMachine, whyMissing } from '../support/program.ts';
import { startOnTerminal } from '../support/pseudo-terminal.ts';

const keyringMissing = !hasKeyring();
const secretTool = 'secret-tool';
const secretToolMissing = whyMissing([secretTool], 'libsecret-tools');
const pythonMissing = whyMissing(['python3'], 'python3');

let machine: Machine;
function useMachine(): void {
  beforeEach(async () => {
    machine = await startMachine({ env: { ENTRA_LOGIN_STORE: 'keychain' } });
  });
  afterEach(() => machine.close());
}

const errorOf = (stderr: string): Record<string, string> =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: Record<string, string> }).error;

/** The way to a keyring; HOME stays the machine's, where nothing may be left. */
const reach = ({ env }: TestKeyring): Record<string, string> => ({
  DBUS_SESSION_BUS_ADDRESS: env['DBUS_SESSION_BUS_ADDRESS'] ?? '',
});

const unavailable = {
  code: 'keychain_unavailable',
  hint: expect.stringContaining('ENTRA_LOGIN_STORE=file') as string,
};

describe.skipIf(keyringMissing)('a real keyring', () => {
  useMachine();
  let keyring: TestKeyring;
  let env: Record<string, string | undefined>;
  beforeEach(async () => {
    keyring = await startKeyring();
    // Nobody has to choose the keychain.
    env = { ...reach(keyring), ENTRA_LOGIN_STORE: undefined };
  });
  afterEach(() => keyring.stop());

  const lookUp = (...words: string[]) => {
    const { stdout, stderr, status } = spawnSync(secretTool, words, {
      env: { ...process.env, ...keyring.env },
      encoding: 'utf8',
      timeout: 10_000,
    });
    return { stdout, stderr, status };
  };

  it('shows every profile that it keeps, and removes one with all that is of it', async () => {
    for (const name of ['default', 'work']) {
      expect(await machine.signIn(['--profile', name], { env })).toMatchObject({ exitCode: 0 });
    }
    const kept = (name: string) => lookUp('lookup', 'service', 'entra-login', 'username', name).status === 0;
    expect([kept('default'), kept('work')]).toEqual([true, true]);
    const status = await machine.run(['status', '--check'], { env });
    expect(status).toMatchObject({ exitCode: 0, stderr: '' });
    expect(status.stdout.match(/^\S.*|.*Signed in as \S+/gm)).toEqual([
      'default (in use)',
      `  ✓ Signed in as ${alice.username}`,
      'work',
      `  ✓ Signed in as ${alice.username}`,
    ]);
    expect(await machine.run(['profile', 'remove', 'work'], { env })).toMatchObject({ exitCode: 0 });
    expect([kept('default'), kept('work')]).toEqual([true, false]);
    const list = await machine.run(['profile', 'list'], { env });
    expect(list.stdout).toContain('default');
    expect(list.stdout).not.toContain('work');
    expect(await machine.run(['token'], { env })).toMatchObject({ exitCode: 0 });
  });

  it('keeps the tokens from login to logout, and nothing is left in any file', async () => {
    const login = await machine.signIn(['--json'], { env });
    expect(login).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(login.stdout)).toMatchObject({ store: 'keychain', account: { username: alice.username } });
    expect(await machine.run(['whoami', '--claim', 'oid'], { env })).toMatchObject({
      exitCode: 0,
      stdout: `${alice.objectId}\n`,
      stderr: '',
    });
    const token = await machine.run(['token'], { env });
    const renewed = await machine.run(['token', '--refresh'], { env });
    expect([token, renewed]).toMatchObject([
      { exitCode: 0, stderr: '' },
      { exitCode: 0, stderr: '' },
    ]);
    expect(renewed.stdout).not.toBe(token.stdout);
    expect(await machine.run(['token'], { env })).toMatchObject({ stdout: renewed.stdout });
    expect(await machine.run(['logout'], { env })).toMatchObject({ exitCode: 0 });
    expect(await machine.run(['whoami'], { env })).toMatchObject({ exitCode: 3, stdout: '' });
    expect(machine.files()).toEqual([]);
  });

  it.skipIf(secretToolMissing)('shows the item to secret-tool as the contract names it', async () => {
    expect(await machine.signIn([], { env })).toMatchObject({ exitCode: 0 });
    const found = lookUp('lookup', 'service', 'entra-login', 'username', 'default');
    expect(found).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(found.stdout)).toMatchObject({ signIn: { account: { username: alice.username } } });
    const items = lookUp('search', '--all', 'service', 'entra-login');
    expect((items.stdout + items.stderr).match(/username = .*/g)).toEqual(['username = default']);
    expect(await machine.run(['logout'], { env })).toMatchObject({ exitCode: 0 });
    expect(lookUp('lookup', 'service', 'entra-login', 'username', 'default')).toMatchObject({ status: 1, stdout: '' });
  });

  it('that froze after the sign-in is exit 6 for every command, and works again once it goes on', async () => {
    expect(await machine.signIn([], { env })).toMatchObject({ exitCode: 0 });
    keyring.freeze('keyring');
    const commands = ['whoami', 'token', 'logout'];
    const ends = await Promise.all(commands.map((command) => machine.run([command, '--json'], { env })));
    for (const end of ends) {
      expect(end).toMatchObject({ exitCode: 6, stdout: '' });
      expect(errorOf(end.stderr)).toMatchObject({ code: 'keychain_unavailable' });
      expect(end.milliseconds).toBeLessThan(6_000);
    }
    keyring.thaw();
    for (const command of ['whoami', 'token', 'logout']) {
      expect(await machine.run([command], { env })).toMatchObject({ exitCode: 0 });
    }
  });

  it.skipIf(pythonMissing)('that is locked is waited for on a terminal until the person unlocks it', async () => {
    await keyring.lock();
    const terminal = startOnTerminal(machine, ['login', '--browser', '/bin/true'], { env });
    await terminal.hear(/The keychain is locked/);
    await keyring.unlock();
    await terminal.hear(/Waiting for the sign-in/);
    terminal.type('\u0003');
    expect(await terminal.ended).toMatchObject({ exitCode: 130, echo: true });
  });
});

// Each waits three seconds, so they wait together, each with a keyring and a machine of its own.
describe.skipIf(keyringMissing).concurrent('a real keyring that cannot be used', () => {
  it.each<[string, (keyring: TestKeyring) => Promise<void> | void]>([
    ['is locked and nobody can be asked', (keyring) => keyring.lock()],
    ['is frozen', (keyring) => keyring.freeze('keyring')],
    ['has a frozen bus', (keyring) => keyring.freeze('bus')],
    ['is dead', (keyring) => keyring.kill()],
  ])('%s: exit 6 within seconds, before Entra is asked', async (_what, breakIt) => {
    const keyring = await startKeyring();
    const own = await startMachine({ env: { ...reach(keyring), ENTRA_LOGIN_STORE: 'keychain' } });
    try {
      await breakIt(keyring);
      const end = await own.run(['login', '--no-browser', '--json']);
      expect(end).toMatchObject({ exitCode: 6, stdout: '' });
      expect(errorOf(end.stderr)).toMatchObject(unavailable);
      expect(end.milliseconds).toBeLessThan(6_000);
      expect(own.emulator.requests).toEqual([]);
    } finally {
      await own.close();
      await keyring.stop();
    }
  });
});

describe('no keychain', () => {
  useMachine();
  it.each([
    ['no D-Bus', {}],
    ['a D-Bus that is gone', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' }],
  ])('(%s) is exit 6 at once, with the setting that keeps tokens in a file', async (_what, env) => {
    const end = await machine.run(['login', '--no-browser', '--json'], { env });
    expect(end).toMatchObject({ exitCode: 6, stdout: '' });
    expect(errorOf(end.stderr)).toMatchObject(unavailable);
    expect(end.milliseconds).toBeLessThan(2_000);
    expect(machine.emulator.requests).toEqual([]);
    expect(machine.files()).toEqual([]);
  });

  it.skipIf(pythonMissing).each([
    ['y', 0],
    ['n', 6],
  ])('is a question on a terminal, whether to use a file: "%s" is exit %i', async (answer, exitCode) => {
    const env = { ENTRA_LOGIN_STORE: undefined, ENTRA_LOGIN_BROWSER: 'none' };
    const terminal = startOnTerminal(machine, ['login'], { env });
    await terminal.hear(/not encrypted:[^]*\[y\/N\] /);
    terminal.type(`${answer}\r`);
    if (answer === 'y') {
      const [url] = await terminal.hear(authorizeUrl);
      await signInAsScriptedPerson(url, { username: alice.username });
    }
    expect(await terminal.ended).toMatchObject({ exitCode, echo: true, lineMode: true });
    const profile = '.local/state/entra-login/profiles/default.json';
    expect(machine.files()).toEqual(exitCode === 0 ? [profile] : []);
  });
});

describe('the other stores', () => {
  useMachine();
  const modeOf = (path: string): string => (statSync(join(machine.home, path)).mode & 0o777).toString(8);

  it('a file of mode 600 in a directory of mode 700, found again without being named', async () => {
    expect(await machine.signIn(['--store', 'file'])).toMatchObject({ exitCode: 0 });
    const state = '.local/state/entra-login';
    expect(machine.files()).toEqual([`${state}/profiles/default.json`]);
    expect([`${state}/profiles/default.json`, `${state}/profiles`, state].map(modeOf)).toEqual(['600', '700', '700']);
    const env = { ENTRA_LOGIN_STORE: undefined };
    expect(await machine.run(['whoami', '--claim', 'tid'], { env })).toMatchObject({ stdout: `${contoso.id}\n` });
    expect(await machine.run(['token', '--refresh'], { env })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(modeOf(`${state}/profiles/default.json`)).toBe('600');
    expect(await machine.run(['logout'], { env })).toMatchObject({ exitCode: 0 });
    expect(machine.files()).toEqual([]);
  });

  it('memory, which keeps nothing: the sign-in is shown and gone', async () => {
    const login = await machine.signIn(['--store', 'memory', '--json']);
    expect(login).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(login.stdout)).toMatchObject({ store: 'memory', account: { username: alice.username } });
    expect(machine.files()).toEqual([]);
    expect(await machine.run(['whoami', '--store', 'memory'])).toMatchObject({ exitCode: 3, stdout: '' });
  });
});
