import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { openKeychainProcess } from '../../src/platform/keychain-process.ts';
import { secretVariables } from '../../src/platform/secret-variables.ts';
import type { Machine } from '../support/program.ts';
import { authorizeUrl, startMachine } from '../support/program.ts';

// `close` of the machine looks for every secret that was issued in all output, in the arguments of every process that
// ran, and in every file below HOME.
let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

const marked = Object.fromEntries(secretVariables.map((name) => [name, `hunter2-${name}`]));

/** Writes a program that notes its arguments and environment as /proc shows them to others. */
function spy(path: string): string {
  writeFileSync(
    path,
    `#!/bin/sh\nenv > "${path}.env"; tr '\\0' ' ' < /proc/$$/cmdline > "${path}.new"; mv "${path}.new" "${path}.cmdline"; sleep 3\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

describe('arguments and environment of children', () => {
  it('the browser’s hold no secret: not the state, the nonce, the code challenge, nor a variable of the sign-in', async () => {
    const browser = spy(join(machine.home, 'browser'));
    const program = machine.start(['login'], {
      env: { ...marked, ENTRA_LOGIN_CLIENT_SECRET: '', ENTRA_LOGIN_BROWSER: browser },
    });
    const [url] = await program.hear(authorizeUrl);
    await expect.poll(() => existsSync(`${browser}.cmdline`)).toBe(true);
    const seen = readFileSync(`${browser}.cmdline`, 'utf8') + readFileSync(`${browser}.env`, 'utf8');
    const { searchParams } = new URL(url);
    for (const name of ['state', 'nonce', 'code_challenge']) expect(seen).not.toContain(searchParams.get(name));
    expect(seen).not.toContain('hunter2');
    await signInAsScriptedPerson(url, { username: alice.username });
    expect(await program.ended).toMatchObject({ exitCode: 0 });
  });

  it('exec’s hold the one token that it exists to give, in the environment, and nothing of an exec around it', async () => {
    await machine.signIn();
    const { exitCode, stdout } = await machine.run(
      ['exec', '--', 'sh', '-c', 'env | grep -c hunter2; test -n "$ENTRA_ACCESS_TOKEN"'],
      {
        env: { ...marked, ENTRA_LOGIN_CLIENT_SECRET: '' },
      },
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '0\n' });
  });

  it('the keychain’s hold neither what is kept nor a variable of the sign-in', async () => {
    const child = spy(join(machine.home, 'keychain-child'));
    const env = { ...marked, PATH: machine.env['PATH'] };
    const options = { command: [child], env, unlockTimeLimit: 3_000, onLocked: () => {}, signal: undefined } as const;
    await openKeychainProcess({ ...options, command: [child] })
      .write('default', 'the kept tokens')
      .catch(() => {});
    const seen = readFileSync(`${child}.cmdline`, 'utf8') + readFileSync(`${child}.env`, 'utf8');
    expect(seen).not.toMatch(/hunter2|the kept tokens/);
  });
});

describe('a browser that somebody slipped in', () => {
  it.each(['', '.', 'bin'])('in the working directory, by an entry of PATH that is %j, is not run', async (entry) => {
    const project = join(machine.home, 'project');
    mkdirSync(join(project, 'bin'), { recursive: true });
    for (const name of ['xdg-open', 'gio', 'x-www-browser', 'firefox', 'sh', 'node']) {
      for (const folder of ['.', 'bin']) {
        const path = join(project, folder, name);
        writeFileSync(path, `#!/bin/true\n`);
        chmodSync(path, 0o755);
        writeFileSync(path, `#!/bin/bash\ntouch "${machine.home}/owned"\n`);
      }
    }
    const env = { PATH: `${entry}:/nowhere`, DISPLAY: ':99', CI: undefined, SSH_CONNECTION: undefined };
    for (const words of [[], ['--browser', 'firefox %s']]) {
      const options = { workingDirectory: project, env: { ...env, KUBERNETES_SERVICE_HOST: undefined } };
      const program = machine.start(['login', '--no-fallback', ...words, '--timeout', '500ms'], options);
      await program.ended;
    }
    expect(existsSync(join(machine.home, 'owned'))).toBe(false);
  });

  it.each([
    ['a shell’s own characters', 'browser "$(touch owned)" `touch owned` ;touch owned; %s & touch owned'],
    ['a shell’s redirections', 'browser %s > owned'],
    ['a variable', 'browser $HOME %s'],
  ])('as %s in --browser runs nothing but the browser', async (_what, command) => {
    const bin = join(machine.home, 'bin');
    mkdirSync(bin);
    const browser = spy(join(bin, 'browser'));
    const env = { PATH: `${bin}:${machine.env['PATH']}` };
    await machine.run(['login', '--no-fallback', '--browser', command, '--timeout', '2s'], { env });
    expect(existsSync(`${browser}.cmdline`)).toBe(true);
    expect(machine.files().filter((path) => path.includes('owned'))).toEqual([]);
  });
});

describe('what Node can be told to say', () => {
  it('a whole sign-in, renewal and sign-out under NODE_DEBUG of its network modules say no secret', async () => {
    const env = { NODE_DEBUG: 'http,https,net,tls,stream,undici,fetch,timer,module,child_process,esm' };
    expect(await machine.signIn([], { env })).toMatchObject({ exitCode: 0 });
    expect(await machine.run(['whoami', '--check', '--verbose'], { env })).toMatchObject({ exitCode: 0 });
    expect(await machine.run(['logout'], { env })).toMatchObject({ exitCode: 0 });
  });

  it('a confidential client too', async () => {
    const env = {
      NODE_DEBUG: 'http,net,undici,fetch',
      ENTRA_LOGIN_CLIENT_ID: webApplication.clientId,
      ENTRA_LOGIN_CLIENT_SECRET: webSecret,
      ENTRA_LOGIN_REDIRECT_URI: 'http://localhost:5000/callback',
    };
    const words = ['token', '--client-credentials', '--resource', 'https://graph.microsoft.com', '--verbose'];
    expect(await machine.run(words, { env })).toMatchObject({ exitCode: 0 });
  });

  it('a crash that nobody foresaw shows frames, never values', async () => {
    await machine.signIn();
    // Standard output that cannot be written to: an error in the middle of printing a token.
    const { stderr } = await machine.run(['token'], { through: ['sh', '-c', 'exec "$0" "$@" > /dev/full'] });
    expect(stderr).not.toMatch(/eyJ/);
  });
});
