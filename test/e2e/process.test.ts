import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { isListening } from '../support/program-process.ts';
import type { Machine, Program } from '../support/program.ts';
import { authorizeUrl, startMachine } from '../support/program.ts';

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

/** Starts a sign-in and waits until it waits; answers the port it listens on. */
async function startWaiting(words: readonly string[] = []): Promise<{ program: Program; port: number; url: string }> {
  const program = machine.start(['login', '--no-browser', ...words]);
  const [url] = await program.hear(authorizeUrl);
  await program.hear(/Waiting for the sign-in|"event":"browser"/);
  const port = Number(new URL(new URL(url).searchParams.get('redirect_uri') ?? '').port);
  return { program, port, url };
}

function errorOf(stderr: string): Record<string, string> {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return (JSON.parse(line) as { error: Record<string, string> }).error;
}

describe('a sign-in that is ended', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends at once with exit 130 on %s and frees the port',
    async (signal) => {
      const { program, port } = await startWaiting();
      expect(await isListening(port)).toBe(true);
      const sentAt = performance.now();
      program.kill(signal);
      const end = await program.ended;
      expect({ ...end, isSoon: end.at - sentAt < 1_000 }).toMatchObject({
        exitCode: 130,
        signal: null,
        stdout: '',
        stderr: expect.stringMatching(/Cancelled\.\n$/) as string,
        isSoon: true,
      });
      expect(await isListening(port)).toBe(false);
      expect(machine.files()).toEqual([]);
    },
  );

  it('ends with exit 7 once --timeout is over, and says so', async () => {
    const { program, port } = await startWaiting(['--timeout', '1s']);
    const end = await program.ended;
    expect(end).toMatchObject({
      exitCode: 7,
      stdout: '',
      stderr: expect.stringContaining('Nobody signed in within 1 seconds') as string,
    });
    expect(end.milliseconds).toBeGreaterThan(1_000);
    expect(end.milliseconds).toBeLessThan(3_000);
    expect(await isListening(port)).toBe(false);
  });

  it('ends soon after its work is done: no socket, timer or open stdin holds it', async () => {
    const { program, url } = await startWaiting();
    await signInAsScriptedPerson(url, { username: alice.username });
    const answeredAt = performance.now();
    const end = await program.ended;
    expect(end.exitCode).toBe(0);
    process.stderr.write(`login ended ${Math.round(end.at - answeredAt)} ms after its page was shown\n`);
    expect(end.at - answeredAt).toBeLessThan(2_000);

    const renewed = await machine.run(['token', '--refresh']);
    expect(renewed.exitCode).toBe(0);
    const askedAt = machine.emulator.requests.at(-1)?.at.getTime() ?? 0;
    const took = performance.timeOrigin + renewed.at - askedAt;
    process.stderr.write(`token --refresh ended ${Math.round(took)} ms after Entra was asked\n`);
    expect(took).toBeLessThan(2_000);
  });
});

describe('a TLS client at the port of the redirect URI', () => {
  it('is told from a browser that speaks http, and the wait goes on', async () => {
    const { program, url, port } = await startWaiting();
    const client = connect({ port, host: '127.0.0.1', servername: 'localhost' });
    const [failure] = (await once(client, 'error')) as [Error];
    expect(failure.message).toMatch(/socket|ECONNRESET/i);
    await program.hear(/^warning: The browser insists on https for localhost/m);
    await program.hear(new RegExp(`--redirect-uri http://127\\.0\\.0\\.1:${port}/callback`));
    expect(await signInAsScriptedPerson(url, { username: alice.username })).toMatchObject({ status: 200 });
    expect(await program.ended).toMatchObject({ exitCode: 0 });
  });
});

describe('a port that is taken', () => {
  it('is exit 8, naming the process that has it and the way out', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const end = await machine.run(['login', '--no-browser', '--port', String(port), '--json']);
      expect(end).toMatchObject({ exitCode: 8, stdout: '' });
      expect(errorOf(end.stderr)).toMatchObject({
        code: 'port_in_use',
        message: expect.stringMatching(
          new RegExp(`^Port ${port} is in use by node .*process ${process.pid}\\b`),
        ) as string,
        hint: 'entra-login login --port 0',
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('names another sign-in that waits there, which goes on', async () => {
    const first = await startWaiting();
    const second = await machine.run(['login', '--no-browser', '--port', String(first.port)]);
    expect(second).toMatchObject({ exitCode: 8, stdout: '' });
    expect(second.stderr).toContain(`Another entra-login sign-in is waiting on port ${first.port}`);
    expect(second.stderr).toContain(`process ${first.program.processId}`);
    await signInAsScriptedPerson(first.url, { username: alice.username });
    expect(await first.program.ended).toMatchObject({ exitCode: 0 });
  });
});

describe('streams', () => {
  it.each([
    ['stdout', 0],
    ['stderr', 3],
  ] as const)('shows no stack trace when %s is closed before it is written to', async (stream, exitCode) => {
    if (exitCode === 0) expect(await machine.signIn()).toMatchObject({ exitCode });
    const program = machine.start(['whoami']);
    program.close(stream);
    expect(await program.ended).toMatchObject({ exitCode, signal: null, stdout: '', stderr: '' });
  });

  it('keeps the words for people off stdout, and colours out of both where there is no terminal', async () => {
    const end = await machine.signIn();
    expect(end.stdout).toMatch(new RegExp(`^Name +${alice.name}\nUsername +${alice.username}\n`));
    expect(end.stderr).toContain('To sign in to Microsoft Entra ID');
    expect(end.stdout + end.stderr).not.toContain('\u001b');
  });
});

describe('demo', () => {
  it('shows a whole sign-in within 5 seconds and keeps nothing', async () => {
    const end = await machine.run(['demo'], { env: { ENTRA_LOGIN_STORE: undefined } });
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stderr).toContain(`a scripted person signs in as ${alice.username}`);
    expect(end.stdout).toContain(`Signed out: ${alice.username}`);
    expect(end.stdout + end.stderr).not.toMatch(/\beyJ[\w-]{20,}/);
    expect(machine.files()).toEqual([]);
    process.stderr.write(`demo took ${Math.round(end.milliseconds)} ms, ${Math.round(end.peakMegabytes)} MB\n`);
    expect(end.milliseconds).toBeLessThan(5_000);
  });

  it('signs in at its own emulator whatever the surroundings say', async () => {
    const env = { ENTRA_LOGIN_CLIENT_SECRET: 'not-of-the-demo', ENTRA_LOGIN_PROFILE: 'work', ENTRA_LOGIN_SCOPE: 'x' };
    expect(await machine.run(['demo'], { env })).toMatchObject({ exitCode: 0 });
    expect(machine.emulator.requests).toEqual([]);
    expect(machine.files()).toEqual([]);
  });

  it('--serve prints three settings, serves a sign-in with them, and ends on Ctrl-C', async () => {
    const serving = machine.start(['demo', '--serve']);
    await serving.hear(/CLIENT_SECRET=/);
    const [text] = await serving.hear(/(.*=.*\n){3}/, 'stdout');
    const settings = Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ) as Record<string, string>;
    expect(settings).toEqual({
      ENTRA_LOGIN_AUTHORITY_HOST: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
      ENTRA_LOGIN_TENANT: contoso.domains[0],
      ENTRA_LOGIN_CLIENT_ID: machine.env['ENTRA_LOGIN_CLIENT_ID'],
    });
    expect(await machine.signIn([], { env: settings })).toMatchObject({ exitCode: 0 });
    expect(await machine.run(['token', '--refresh'], { env: settings })).toMatchObject({ exitCode: 0, stderr: '' });
    serving.kill('SIGINT');
    expect(await serving.ended).toMatchObject({ exitCode: 130, signal: null, stdout: text });
  });
});

describe('--json errors', () => {
  it.each<[string, string[], number, string, Record<string, string>?]>([
    ['an unknown command', ['frobnicate'], 2, 'usage'],
    ['an unknown option', ['login', '--frobnicate'], 2, 'usage'],
    ['a word too many', ['whoami', 'alice'], 2, 'usage'],
    ['a tenant that is none', ['login', '--tenant', 'no tenant'], 2, 'configuration'],
    ['a port that is none', ['login', '--port', '70000'], 2, 'configuration'],
    ['a duration that is none', ['login', '--timeout', 'soon'], 2, 'usage'],
    ['a response mode that is none', ['login', '--response-mode', 'fragment'], 2, 'usage'],
    ['a setting that is none', ['login'], 2, 'configuration', { ENTRA_LOGIN_STORE: 'cloud' }],
    ['a tenant that is not there', ['login', '--tenant', 'nowhere.example'], 2, 'configuration'],
    ['an authority that cannot be reached', ['login', '--authority-host', 'http://127.0.0.1:1'], 5, 'network'],
    ['a command without a --json form', ['demo'], 2, 'usage'],
    ['nobody signed in (whoami)', ['whoami'], 3, 'sign_in_required'],
    ['nobody signed in (token)', ['token'], 3, 'sign_in_required'],
    ['a state directory that is a file', ['whoami'], 6, 'store_failed', { ENTRA_LOGIN_STATE_DIR: '/dev/null' }],
  ])('are one object on the last line of stderr, stdout empty: %s', async (_what, argv, exitCode, code, env = {}) => {
    const end = await machine.run([...argv, '--json'], { env });
    expect(end).toMatchObject({ exitCode, signal: null, stdout: '' });
    expect(errorOf(end.stderr)).toMatchObject({ code, message: expect.stringMatching(/./) as string });
    expect(errorOf(end.stderr)['hint']).not.toBe('');
  });

  it('are one object too where the browser stays on an error page of Entra, which never redirects', async () => {
    const clientId = '99999999-9999-4999-8999-999999999999';
    const { program, url } = await startWaiting(['--json', '--client-id', clientId, '--timeout', '2s']);
    const seen = await signInAsScriptedPerson(url, { username: alice.username });
    expect(seen).toMatchObject({ delivered: false, body: expect.stringContaining('AADSTS700016') as string });
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 7, stdout: '' });
    expect(errorOf(end.stderr)).toMatchObject({ code: 'timeout', hint: expect.stringContaining('AADSTS') as string });
  });
});
