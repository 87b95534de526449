import { encode } from 'uqr';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso, desktopApplication } from '../../src/emulator/default-directory.ts';
import type { ScriptedPersonOptions } from '../../src/emulator/scripted-person.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
  answerDeviceCode({});
});
afterEach(() => world.close());

/** Changes what the device code endpoint answers; polls follow each other without a wait that tests would notice. */
function answerDeviceCode(members: Record<string, unknown>): void {
  mend();
  mend = world.emulator.injectFault({
    endpoint: 'devicecode',
    kind: 'changed_members',
    members: { interval: 0.02, ...members },
  });
}
let mend = (): unknown => undefined;

const shown = /^ {2}(http\S+)\n {2}([A-Z0-9]{9})$/m;
const event = /^\{"event":"device_code".*$/m;

type Person = Partial<ScriptedPersonOptions> | 'absent';

/** Runs a command line while a person on another device enters the code that stderr shows. */
async function runBeside(argv: readonly string[], options: RunOptions = {}, person: Person = {}): Promise<RunResult> {
  let said = '';
  let isDone = person === 'absent';
  const onStderr = (text: string): void => {
    said += text;
    options.onStderr?.(text);
    const [, uri, userCode] = shown.exec(said) ?? readEvent(said);
    if (isDone || uri === undefined || userCode === undefined) return;
    isDone = true;
    void world.browserOf({ userCode, ...(person === 'absent' ? {} : person) })(uri, undefined);
  };
  return await world.run(argv, { ...options, onStderr });
}

function readEvent(said: string): readonly (string | undefined)[] {
  const line = event.exec(said)?.[0];
  const { verificationUri, userCode } = JSON.parse(line ?? '{}') as Record<string, string>;
  return ['', verificationUri, userCode];
}

const errorOf = (stderr: string): Record<string, string> =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: Record<string, string> }).error;
const opensNothing: RunOptions['browser'] = () => Promise.reject(new Error('a browser was opened'));
const authorizations = (): number => world.emulator.requests.filter(({ endpoint }) => endpoint === 'authorize').length;

describe('login --device-code', () => {
  it('signs a person in who enters the code elsewhere, and prints who it is on stdout', async () => {
    const result = await runBeside(['login', '--device-code'], { browser: opensNothing });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toMatch(new RegExp(`^Name +${alice.name}\nUsername +${alice.username}\n`));
    expect(await world.run(['whoami', '--claim', 'oid'])).toMatchObject({ stdout: `${alice.objectId}\n` });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('says on stderr what Entra says, the address and the code on lines of their own, until when, and what never to do', async () => {
    const { stderr } = await runBeside(['login', '--device-code']);
    const [, uri, code] = shown.exec(stderr) ?? [];
    expect(uri).toBe(`${world.emulator.origin}/device`);
    expect(stderr).toContain(`open the page ${uri} and enter the code ${code} to authenticate.\n`);
    expect(stderr).toMatch(/The code expires at \d\d:\d\d:\d\d\./);
    expect(stderr).toContain('never enter a code that somebody sent you');
    expect(stderr).toContain('Waiting for the sign-in, 5:00 left');
    expect(stderr).not.toMatch(/[█▀▄\u001b]/);
  });

  it('writes one line of JSON before the wait with --json, and the document of login on stdout', async () => {
    const result = await runBeside(['login', '--device-code', '--json']);
    expect(JSON.parse(result.stdout)).toMatchObject({ account: { username: alice.username }, store: 'keychain' });
    const line = JSON.parse(result.stderr) as Record<string, string>;
    expect(Object.keys(line)).toEqual(['event', 'userCode', 'verificationUri', 'expiresAt']);
    expect(line).toMatchObject({ event: 'device_code', verificationUri: `${world.emulator.origin}/device` });
    const left = Date.parse(line['expiresAt'] ?? '') - Date.now();
    expect(left).toBeGreaterThan(280_000);
    expect(left).toBeLessThan(300_000);
  });

  it('keeps address and code with --quiet, and nothing else', async () => {
    const { stderr } = await runBeside(['login', '--device-code', '--quiet']);
    expect(stderr).toMatch(/^To sign in, .*\n\n {2}http\S+\/device\n {2}[A-Z0-9]{9}\n\n$/);
  });

  it("keeps control sequences of Entra's message off the terminal, and its line breaks", async () => {
    answerDeviceCode({ message: 'Open the page\r\nand\u001b[2J enter the code.\u202e' });
    const { stderr } = await runBeside(['login', '--device-code']);
    expect(stderr).toContain('Open the page\nand\\u{1b}[2J enter the code.\\u{202e}\n\n');
  });

  it('finds words of its own where Entra sends none', async () => {
    answerDeviceCode({ message: undefined });
    const { stderr } = await runBeside(['login', '--device-code']);
    expect(stderr).toContain(`To sign in to Microsoft Entra ID (${contoso.id}), open the page in any browser`);
  });

  it('goes on over a failing poll, and says so once', async () => {
    const fault = { endpoint: 'token', kind: 'connection_dropped', when: 'before', times: 3 } as const;
    world.emulator.injectFault(fault);
    const result = await runBeside(['login', '--device-code']);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr.match(/warning: .* Asking goes on/g)).toHaveLength(1);
  });

  it.each<[Record<string, unknown>, Person, number, string]>([
    [{}, { decline: true }, 4, 'access_denied'],
    [{ expires_in: 0.3 }, 'absent', 7, 'timeout'],
  ])('that Entra begins with %j and the person ends with %j is exit %i', async (members, person, exitCode, code) => {
    answerDeviceCode(members);
    const result = await runBeside(['login', '--device-code', '--json'], {}, person);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(errorOf(result.stderr)).toMatchObject({ code });
    expect(await world.keychain.list()).toEqual([]);
  });

  it('ends with exit 7 when --timeout is over before the code expires', async () => {
    const result = await runBeside(['login', '--device-code', '--timeout', '200ms'], {}, 'absent');
    expect(result).toMatchObject({ exitCode: 7, stdout: '' });
    expect(result.stderr).toContain('Nobody signed in within 0.2 seconds');
  });

  it('ends with exit 130 on Ctrl-C', async () => {
    const controller = new AbortController();
    const onStderr = (text: string): void => {
      if (shown.test(text)) controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
    };
    const result = await runBeside(['login', '--device-code'], { signal: controller.signal, onStderr }, 'absent');
    expect(result).toMatchObject({ exitCode: 130, stdout: '' });
  });

  it.each([['--manual'], ['--no-browser'], ['--browser', 'firefox'], ['--no-fallback'], ['--prompt', 'login']])(
    'is exit 2 together with %s, before anything is sent',
    async (...words) => {
      const result = await world.run(['login', '--device-code', ...words]);
      expect(result).toMatchObject({ exitCode: 2, stdout: '' });
      expect(result.stderr).toContain(`--device-code and ${words[0]} cannot be given together`);
      expect(world.emulator.requests).toEqual([]);
    },
  );

  it('needs no display', async () => {
    const surroundings = { display: false, container: true };
    expect(await runBeside(['login', '--device-code'], { surroundings })).toMatchObject({ exitCode: 0 });
  });
});

describe('the QR code', () => {
  const onTerminal = (columns: number, rows: number): RunOptions => ({ terminal: true, size: { columns, rows } });

  it('stands on a terminal with room for it, and is that of the address', async () => {
    const { stderr } = await runBeside(['login', '--device-code'], onTerminal(80, 40));
    const lines = stderr.split('\n').filter((line) => /^[█▀▄ ]{20,}$/.test(line));
    const drawn = lines.flatMap((line) => [
      Array.from(line, (character) => character !== '█' && character !== '▀'),
      Array.from(line, (character) => character !== '█' && character !== '▄'),
    ]);
    const { data, size } = encode(`${world.emulator.origin}/device`, { ecc: 'L', border: 2 });
    expect(drawn.slice(0, size)).toEqual(data);
    expect(lines).toHaveLength(Math.ceil(size / 2));
  });

  it.each([
    [28, 60],
    [80, 24],
  ])('is left out on a terminal of %i columns and %i rows, which keeps the code in sight', async (columns, rows) => {
    const { stderr } = await runBeside(['login', '--device-code'], onTerminal(columns, rows));
    expect(stderr).not.toMatch(/[█▀▄]/);
    expect(stderr).toMatch(shown);
  });

  it.each([['--quiet'], ['--json']])('is left out with %s', async (option) => {
    const { stderr } = await runBeside(['login', '--device-code', option], onTerminal(80, 40));
    expect(stderr).not.toMatch(/[█▀▄\u001b]/);
  });

  it('is followed by a countdown that is gone at the end', async () => {
    const { stderr } = await runBeside(['login', '--device-code'], onTerminal(80, 40));
    expect(stderr).toContain('\r\u001b[KWaiting for the sign-in, 5:00 left');
    expect(stderr.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('login where no browser can be had', () => {
  it.each([
    [{ ssh: true, display: false }, 'this is an SSH connection'],
    [{ display: false }, 'there is no display'],
    [{ container: true, display: false }, 'this is a container'],
    [{ codespaces: true, container: true }, 'this is a GitHub Codespace'],
    [{ cloudShell: true, display: false }, 'this is Azure Cloud Shell'],
    [{ ci: 'GITHUB_ACTIONS' }, 'this is a CI job (GITHUB_ACTIONS is set)'],
  ])('(%j) takes a device code by itself, and says why', async (surroundings, why) => {
    const result = await runBeside(['login'], { surroundings, browser: opensNothing });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain(`No browser can be had here (${why}): a device code is used.`);
    expect(authorizations()).toBe(0);
  });

  it('prints the URL and waits with --no-fallback', async () => {
    const person = world.browserOf({});
    const onStderr = (text: string): void => {
      const [url] = /http\S+authorize\?\S+/.exec(text) ?? [];
      if (url !== undefined) void person(url, undefined);
    };
    const how = { surroundings: { display: false }, browser: opensNothing, onStderr };
    const result = await world.run(['login', '--no-fallback'], how);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain('open in a browser on this machine:');
  });

  it.each([[{ ENTRA_LOGIN_BROWSER: 'firefox' }], [{ BROWSER: 'firefox' }]])(
    'opens the browser that %j names all the same',
    async (env) => {
      const commands: (string | undefined)[] = [];
      const person = world.browserOf({});
      const browser: RunOptions['browser'] = (url, command) => {
        commands.push(command);
        return person(url, command);
      };
      const result = await world.run(['login'], { env, browser, surroundings: { ssh: true, display: false } });
      expect(result).toMatchObject({ exitCode: 0 });
      expect(commands).toEqual(['firefox']);
    },
  );

  it('says with --verbose what it saw and chose', async () => {
    const surroundings = { ssh: true, display: false };
    const { stderr } = await runBeside(['login', '--verbose'], { surroundings });
    expect(stderr).toContain('Seen: SSH, no display.\n');
    expect(stderr).toContain('Sign-in by device code (this is an SSH connection).\n');
  });

  it('is exit 3 with --prompt none', async () => {
    const result = await world.run(['login', '--prompt', 'none'], { surroundings: { display: false } });
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
  });

  it('says that a device code has no place for --prompt', async () => {
    const result = await runBeside(['login', '--prompt', 'login'], { surroundings: { display: false } });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain('warning: A device code has no place for --prompt');
  });
});

describe('login where the browser cannot be opened', () => {
  const failing: RunOptions['browser'] = () => Promise.resolve({ outcome: 'failed', reason: 'there is no xdg-open' });

  it('closes the listener and takes a device code, saying why', async () => {
    const ports: string[] = [];
    const onStderr = (text: string): void => {
      const port = /redirect_uri=http%3A%2F%2Flocalhost%3A(\d+)/.exec(text)?.[1];
      if (port !== undefined) ports.push(port);
    };
    const result = await runBeside(['login'], { browser: failing, onStderr });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain('No browser can be had here (there is no xdg-open): a device code is used.');
    expect(ports).toHaveLength(1);
    await expect(fetch(`http://127.0.0.1:${ports[0]}/callback`)).rejects.toThrow('fetch failed');
  });

  it('writes both events with --json', async () => {
    const { stderr } = await runBeside(['login', '--json'], { browser: failing });
    const events = stderr.trim().split('\n');
    expect(events.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['browser', 'device_code']);
  });

  it('goes on waiting if one has come by all the same: a launcher may fail after it has opened', async () => {
    const person = world.browserOf({});
    const browser: RunOptions['browser'] = async (url, command) => {
      await person(url, command);
      await world.signIns();
      return { outcome: 'failed', reason: 'exit code 1' };
    };
    const result = await world.run(['login'], { browser });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).not.toContain('device code');
  });
});

describe('in CI', () => {
  const job: RunOptions = { surroundings: { ci: 'CI', display: false }, terminal: true };

  it('nobody is asked about the file store, even where the job has a terminal', async () => {
    const result = await world.run(['login'], { ...job, keychain: missingKeychain(), stdin: ['y'] });
    expect(result).toMatchObject({ exitCode: 6, stdout: '' });
    expect(result.stderr).not.toContain('[y/N]');
  });

  it('nobody is asked to paste at a terminal', async () => {
    const result = await world.run(['login', '--manual'], { ...job, stdin: ['x'] });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/nobody types\s+in a CI job/);
    expect(world.emulator.requests).toEqual([]);
  });

  it('BROWSER of the image opens nothing', async () => {
    const how = { ...job, env: { BROWSER: 'none' }, browser: opensNothing };
    expect(await runBeside(['login'], how)).toMatchObject({ exitCode: 0 });
    expect(authorizations()).toBe(0);
  });

  it('token --login prints the code on stderr and the token on stdout, without a keychain', async () => {
    const how = { surroundings: { ci: 'CI', display: false }, env: { ENTRA_LOGIN_STORE: 'memory' } };
    const result = await runBeside(['token', '--login'], { ...how, keychain: missingKeychain() });
    expect(result).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(shown) as string });
    expect(result.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });
});

it('tells a confidential registration without public client flows what to switch on', async () => {
  world.emulator.updateApplication(desktopApplication.clientId, { allowPublicClientFlows: false });
  const result = await runBeside(['login', '--device-code', '--json']);
  expect(result).toMatchObject({ exitCode: 4, stdout: '' });
  expect(errorOf(result.stderr)).toMatchObject({
    aadsts: 'AADSTS7000218',
    hint: expect.stringContaining('Allow public client flows') as string,
  });
});
