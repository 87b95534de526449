import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { AzureCliCredential } from '@azure/identity';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alice, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import type { Machine } from '../support/program.ts';
import { programCommand, startMachine, whyMissing } from '../support/program.ts';

const curlMissing = whyMissing(['curl'], 'curl');
const gitMissing = whyMissing(['git'], 'git');
const program = programCommand.map((word) => `'${word}'`).join(' ');

/** The shim of docs/ci.md, in two lines. */
const azShim = '#!/bin/sh\nshift 2; exec entra-login token "$@" --output az\n';

let machine: Machine;
let env: Readonly<Record<string, string>>;
beforeEach(async () => {
  machine = await startMachine({ emulator: { accessTokenLifetime: 3600 } });
  const bin = join(machine.home, 'bin');
  mkdirSync(bin);
  const shims = { 'entra-login': `#!/bin/sh\nexec ${program} "$@"\n`, az: azShim };
  for (const [name, text] of Object.entries(shims)) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  env = { ...machine.env, PATH: `${bin}${delimiter}${machine.env['PATH'] ?? ''}` };
  expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await machine.close();
});

/** Runs a shell command as a person types it, with `entra-login` and `az` on the PATH. */
async function runShell(
  script: string,
  { input = '', changes = {} }: { input?: string; changes?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn('sh', ['-c', script], { cwd: machine.home, env: { ...env, ...changes } });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  }
  child.stdin.on('error', () => {}).end(input); // some read nothing, and are gone already
  const exitCode = await new Promise<number | null>((resolve) => void child.once('close', resolve));
  return { exitCode, ...texts };
}

/** The newest access token that was issued. */
const newest = (): string => machine.emulator.issued.findLast(({ kind }) => kind === 'access_token')?.value ?? '';

describe.skipIf(curlMissing)('curl', () => {
  it.each([
    ['reads the header from a pipe', 'entra-login token --output header | curl -sS --fail -H @- "$USERINFO"'],
    ['takes it as an argument', 'curl -sS --fail -H "$(entra-login token --output header)" "$USERINFO"'],
    [
      'gets the token from exec, through its own stdin',
      `entra-login exec -- sh -c 'printf "Authorization: Bearer %s" "$ENTRA_ACCESS_TOKEN" | curl -sS --fail -H @- "$USERINFO"'`,
    ],
    [
      'gets the token from --output env',
      'eval "$(entra-login token --output env)" && printf "Authorization: Bearer %s" "$ENTRA_ACCESS_TOKEN" | curl -sS --fail -H @- "$USERINFO"',
    ],
  ])('%s', async (_how, script) => {
    const end = await runShell(script, { changes: { USERINFO: `${machine.emulator.origin}/oidc/userinfo` } });
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(end.stdout)).toMatchObject({ name: alice.name });
  });
});

describe('exec', () => {
  it.each([0, 3, 42])('passes exit code %i through', async (exitCode) => {
    const end = await machine.run(['exec', '--', 'sh', '-c', `exit ${exitCode}`]);
    expect(end).toMatchObject({ exitCode, signal: null, stdout: '', stderr: '' });
  });

  it('is 127 where there is no such program, and 126 where it cannot be run', async () => {
    const file = join(machine.home, 'not-executable');
    writeFileSync(file, 'text');
    expect(await machine.run(['exec', '--', 'no-such-program'])).toMatchObject({
      exitCode: 127,
      stdout: '',
      stderr: 'entra-login: no-such-program: not found\n',
    });
    expect(await machine.run(['exec', '--', file])).toMatchObject({
      exitCode: 126,
      stdout: '',
      stderr: expect.stringContaining('cannot be run') as string,
    });
  });

  it('is 128 and its number where a signal ended the program', async () => {
    expect(await machine.run(['exec', '--', 'sh', '-c', 'kill -KILL $$'])).toMatchObject({
      exitCode: 137,
      signal: null,
    });
  });

  it('passes SIGTERM on and waits for what the program makes of it', async () => {
    const running = machine.start([
      'exec',
      '--',
      'sh',
      '-c',
      'trap "echo tidied; exit 7" TERM; echo up; while :; do sleep 0.05; done',
    ]);
    await running.hear(/up/, 'stdout');
    running.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ exitCode: 7, signal: null, stdout: 'up\ntidied\n', stderr: '' });
  });

  it('gives the token in the environment alone, and takes the secrets of the sign-in out of it', async () => {
    const secrets = [
      'ENTRA_LOGIN_CLIENT_SECRET',
      'AZURE_CLIENT_SECRET',
      'AZURE_CLIENT_CERTIFICATE_PASSWORD',
      'SYSTEM_ACCESSTOKEN',
    ];
    const changes = { ...Object.fromEntries(secrets.map((name) => [name, 'hidden'])), KEPT: 'yes' };
    // The child digests the token, since nothing may print it, and looks at the arguments of every process there is.
    const script = [
      'printf %s "$ENTRA_ACCESS_TOKEN" | sha256sum | cut -c1-64',
      'env | cut -d= -f1',
      'for f in /proc/[0-9]*/cmdline; do',
      '  case "$(tr "\\0" " " 2>/dev/null < "$f")" in *"$ENTRA_ACCESS_TOKEN"*) echo "in $f" ;; esac',
      'done 2>/dev/null',
    ].join('\n');
    const end = await machine.run(['exec', '--', 'sh', '-c', script], { env: changes });
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    const [digest, ...rest] = end.stdout.trim().split('\n');
    expect(digest).toBe(createHash('sha256').update(newest()).digest('hex'));
    expect(rest).toEqual(expect.arrayContaining(['ENTRA_ACCESS_TOKEN', 'KEPT']));
    expect(rest.filter((line) => secrets.includes(line) || line.startsWith('in /proc'))).toEqual([]);
  });
});

describe('a job of an application, without a person', () => {
  it('runs a program with the token of the application, whose secret the program does not see', async () => {
    const script = 'test -n "$ENTRA_ACCESS_TOKEN" && test -z "$AZURE_CLIENT_SECRET"';
    const words = [
      'exec',
      '--client-credentials',
      '--resource',
      'https://graph.microsoft.com',
      '--',
      'sh',
      '-c',
      script,
    ];
    const application = { AZURE_CLIENT_ID: webApplication.clientId, AZURE_CLIENT_SECRET: webSecret };
    const changes = { ...application, ENTRA_LOGIN_CLIENT_ID: undefined, ENTRA_LOGIN_STORE: 'memory' };
    expect(await machine.run(words, { env: changes })).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(machine.emulator.requests.at(-1)?.form['grant_type']).toBe('client_credentials');
  });
});

describe.skipIf(gitMissing)('git', () => {
  const asked = 'protocol=https\nhost=dev.azure.com\nusername=build\n';
  const alone = { GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' };

  it('fills in a token for Azure DevOps, renews it once it was rejected, and asks for no other host', async () => {
    const config = `git config --global credential.https://dev.azure.com.helper '!entra-login git-credential'`;
    expect(await runShell(config, { changes: alone })).toMatchObject({ exitCode: 0, stderr: '' });
    const fill = async () => await runShell('git credential fill', { input: `${asked}\n`, changes: alone });
    const first = await fill();
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout.split('\n')).toEqual(expect.arrayContaining(['username=build', `password=${newest()}`]));
    expect((await fill()).stdout).toBe(first.stdout);

    const reject = await runShell('git credential reject', { input: first.stdout, changes: alone });
    expect(reject).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const second = await fill();
    expect(second).toMatchObject({ exitCode: 0, stderr: '' });
    expect(second.stdout).not.toBe(first.stdout);
    expect(second.stdout).toContain(`password=${newest()}\n`);

    const elsewhere = await runShell('entra-login git-credential get', {
      input: 'protocol=https\nhost=github.com\n\n',
    });
    expect(elsewhere).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});

/** Programs that a library of this process starts find the shims and the settings of the machine. */
function stubEnvironment(): void {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
}

describe('kubectl', () => {
  it('gets an ExecCredential of the published shape', async () => {
    const end = await machine.run(['token', '--output', 'exec-credential']);
    expect(end).toMatchObject({ exitCode: 0, stderr: '' });
    // client.authentication.k8s.io/v1: TypeMeta, spec.interactive, and a status of token and RFC 3339 time.
    expect(JSON.parse(end.stdout)).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
      status: {
        expirationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
        token: newest(),
      },
    });
  });

  it('is answered through the exec entry of a kubeconfig, as its JavaScript client reads it', async () => {
    stubEnvironment();
    const config = new KubeConfig();
    config.loadFromString(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443' } }],
        users: [
          {
            name: 'entra',
            user: {
              exec: {
                apiVersion: 'client.authentication.k8s.io/v1',
                command: 'entra-login',
                args: ['token', '--output', 'exec-credential'],
                interactiveMode: 'Never',
              },
            },
          },
        ],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'entra' } }],
        'current-context': 'x',
      }),
    );
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    expect(options.headers).toEqual({ Authorization: `Bearer ${newest()}` });
  });
});

describe('the Azure SDKs', () => {
  it('get a token through AzureCliCredential and an az of two lines', async () => {
    stubEnvironment();
    const before = Date.now();
    const token = await new AzureCliCredential().getToken('https://management.azure.com/.default');
    expect(token.token).toBe(newest());
    expect((token.expiresOnTimestamp - before) / 1000).toBeGreaterThan(3500);
    expect((token.expiresOnTimestamp - before) / 1000).toBeLessThan(3700);
    expect(machine.emulator.requests.at(-1)?.form['scope']).toContain('https://management.azure.com/.default');
    expect(process.env['HOME']).toBe(machine.home);
  });
});
