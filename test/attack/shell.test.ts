import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyMissing } from '../support/program.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

// All that an access token may consist of, in the worst order; Entra's own are letters, digits, `.`, `-` and `_`.
const hostile = [
  "a';touch${IFS}owned;'",
  '$(touch${IFS}owned)',
  '`touch${IFS}owned`',
  "\\';touch${IFS}owned;'",
  '";touch${IFS}owned;"',
  'a\\',
  "''\\''",
  '!touch',
  '%PATH%&calc',
  '-n',
];

describe.each(['bash', 'fish'] as const)('token --output env, read by %s', (shell) => {
  const why = whyMissing([shell], shell);

  it.skipIf(why !== undefined).each(hostile)('runs nothing of the token %s', async (access_token) => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'changed_members', members: { access_token } });
    await world.run(['login']);
    const { exitCode, stdout } = await world.run(['token', '--output', 'env', '--shell', shell]);
    expect(exitCode).toBe(0);
    const directory = mkdtempSync(join(tmpdir(), 'entra-login-shell-'));
    try {
      const options = { cwd: directory, env: { PATH: process.env['PATH'], HOME: directory } };
      const script = `${stdout}env`;
      const seen = execFileSync(shell, ['-c', script], options).toString();
      expect(seen.split('\n')).toContain(`ENTRA_ACCESS_TOKEN=${access_token}`);
      expect(readdirSync(directory).filter((name) => name.startsWith('owned'))).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('token --output env, for PowerShell', () => {
  it.each(hostile)('quotes the token %s as one string', async (access_token) => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'changed_members', members: { access_token } });
    await world.run(['login']);
    const { stdout } = await world.run(['token', '--output', 'env', '--shell', 'powershell']);
    // A string in single quotes, in which nothing but two of them means anything (about_Quoting_Rules).
    const [, quoted = ''] = /^\$Env:ENTRA_ACCESS_TOKEN = '((?:[^'\u2018-\u201b]|'')*)'\n$/.exec(stdout) ?? [];
    expect(quoted.replaceAll("''", "'")).toBe(access_token);
  });
});

describe('shell history', () => {
  it('learns no secret: no option of any command takes one', async () => {
    const { stdout } = await world.run(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name = '']) => name);
    expect(commands).toEqual(expect.arrayContaining(['login', 'token', 'exec', 'git-credential', 'logout']));
    const options = new Set<string>();
    for (const command of commands) {
      const help = await world.run([command, '--help']);
      for (const [, option = ''] of help.stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+ [<[][^>\]]+[>\]])/gm))
        options.add(option);
    }
    const names = [...options];
    expect(names.length).toBeGreaterThan(15);
    // A file's name is no secret, and `--client-secret-stdin` would take no value.
    const suspicious = names.filter((name) => /secret|password|passphrase|token|assertion|code|key/i.test(name));
    expect(suspicious.filter((name) => !name.endsWith('<file>'))).toEqual([]);
  });

  it.each([
    ['login', '--client-secret', 'hunter2hunter2'],
    ['login', '--password=hunter2hunter2'],
    ['login', '--tenant', 'hunter2 hunter2'],
    ['login', '--client-id', 'hunter2 hunter2'],
    ['login', '--redirect-uri', 'hunter2'],
    ['login', '--authority-host', 'http://hunter2.example'],
    ['login', '--cloud', 'hunter2'],
    ['login', '--claims', 'hunter2'],
    ['login', '--timeout', 'hunter2'],
    ['token', '--min-validity', 'hunter2'],
    ['token', '--client-credentials', '--client-certificate', '-----BEGIN PRIVATE KEY-----hunter2', '--client-id', 'c'],
    ['token', '--client-credentials', '--federated-token-file', 'eyJhunter2.eyJ9.c2ln', '--client-id', 'c'],
    ['token', 'eyJhunter2.eyJ9.c2ln'],
    ['git-credential', 'hunter2'],
    ['logout', '--profile', 'hunter2 hunter2'],
  ])('what was typed in a wrong place is not repeated: %s %s %s', async (...argv) => {
    for (const more of [[], ['--json'], ['--verbose']]) {
      const { exitCode, stdout, stderr } = await world.run([...argv.filter((word) => word !== undefined), ...more]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).not.toContain('hunter2');
    }
  });
});
