import { describe, expect, it } from 'vitest';
import { version } from '../package.json';
import { run } from '../src/cli.ts';
import type { Context, Output } from '../src/context.ts';
import type { ErrorCode } from '../src/errors.ts';
import { EntraLoginError, exitCodes } from '../src/errors.ts';
import { createFiles } from '../src/platform/files.ts';

interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
interface Around {
  readonly fails?: unknown;
  readonly signal?: AbortSignal;
  readonly colorLevel?: Output['colorLevel'];
  readonly columns?: number;
}

/** Runs a command line in a world without network, where opening a store fails as the test wants. */
async function runLine(argv: readonly string[], around: Around = {}): Promise<Ran> {
  const texts = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): Output => ({
    write: (text) => void (texts[name] += text),
    isTerminal: false,
    columns: around.columns ?? 80,
    colorLevel: around.colorLevel ?? 0,
  });
  const never = (): never => {
    throw around.fails ?? new Error('The command reached for the world.');
  };
  const world: Partial<Context> = {
    env: {},
    stdout: output('stdout'),
    stderr: output('stderr'),
    fetch: never,
    openStore: never,
    files: createFiles(),
    directories: { configuration: '/nowhere', state: '/nowhere', working: '/nowhere', home: '/nowhere' },
    now: () => new Date(),
    signal: around.signal ?? new AbortController().signal,
  };
  // The rest of the world is not reached for.
  const exitCode = await run(argv, world as Context);
  return { exitCode, ...texts };
}
const lastError = ({ stderr }: Ran): unknown =>
  (JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as { error: unknown }).error;
const commands = [
  'login',
  'whoami',
  'token',
  'exec',
  'git-credential',
  'logout',
  'explain',
  'decode',
  'completion',
  'demo',
];

describe('help', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])(
    'comes on stdout for %j, and names every command',
    async (argv) => {
      const ran = await runLine(argv);
      expect({ exitCode: ran.exitCode, stderr: ran.stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(ran.stdout).toMatch(/^Usage: entra-login /);
      expect(commands.filter((name) => !ran.stdout.includes(`\n  ${name} `))).toEqual([]);
      expect(ran.stdout).toContain('entra-login demo shows a whole sign-in');
    },
  );

  it.each(commands)('of %s has examples and the common options, within 80 columns', async (name) => {
    const ran = await runLine([name, '--help']);
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ran.stdout).toContain(`\nExamples:\n  `);
    const common = ['--profile', '--json', '--quiet', '--verbose', '--no-color', '--timeout', '--help'];
    expect(common.filter((option) => !ran.stdout.includes(option))).toEqual([]);
    const [beforeExamples = ''] = ran.stdout.split('\nExamples:');
    expect(beforeExamples.split('\n').filter(({ length }) => length > 80)).toEqual([]);
    expect(await runLine(['help', name])).toEqual(ran);
  });

  it('of login and token has the settings of the contract', async () => {
    const settings = ['--tenant', '--client-id', '--redirect-uri', '--scope', '--cloud', '--authority-host', '--store'];
    const login = [...settings, '--port', '--browser', '--no-browser', '--manual', '--prompt', '--login-hint'];
    const token = [...settings, '--resource', '--min-validity', '--refresh', '--output'];
    for (const [name, options] of [
      ['login', [...login, '--domain-hint', '--claims', '--force']],
      ['token', token],
    ] as const) {
      const { stdout } = await runLine([name, '--help']);
      expect(options.filter((option) => !stdout.includes(option))).toEqual([]);
    }
  });

  it('grows no wider than people read, and shrinks with the terminal', async () => {
    const widthOf = async (columns: number): Promise<number> =>
      Math.max(...(await runLine(['--help'], { columns })).stdout.split('\n').map(({ length }) => length));
    const [narrow, wide] = [await widthOf(80), await widthOf(400)];
    expect([narrow <= 80, wide > 80, wide <= 100]).toEqual([true, true, true]);
  });
});

it.each(['--version', '-V'])('prints its version for %s', async (option) => {
  expect(await runLine([option])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

describe('a wrong command line', () => {
  it.each([
    [['sing-in'], /^error: Unknown command 'sing-in'/],
    [['logn'], /^error: Unknown command 'logn' \(Did you mean login\?\)\n/],
    [['explian', '50011'], /^error: Unknown command 'explian' \(Did you mean explain\?\)\n/],
    [['decode', '--verfiy'], /^error: Unknown option '--verfiy' \(Did you mean --verify\?\)\n/],
    [['login', '--cloud', 'mars'], /^error: Option '--cloud <cloud>' .+ Allowed choices are public, usgov, /],
    [['login', '--tenantt', 'x'], /^error: Unknown option '--tenantt'\n?.*Did you mean --tenant\?/],
    [['login', '--tenant'], /^error: Option '--tenant <tenant>' argument missing\.\n/],
    [['login', 'extra'], /^error: Too many arguments for 'login'\. Expected 0 arguments but got 1\.\n/],
    [
      ['login', '--prompt', 'please'],
      /^error: Option '--prompt <what>' .+ Allowed choices are login, select_account, consent, none\.\n/,
    ],
    [['token', '--output', 'xml'], /--output/],
  ])('%j is exit 2 with what is wrong and where help is', async (argv, words) => {
    const ran = await runLine(argv);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ran.stderr).toMatch(words);
    expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/^ {2}try: /);
  });

  it('is one JSON object with --json', async () => {
    const ran = await runLine(['login', '--json', '--nonsense']);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
    expect(lastError(ran)).toEqual({
      code: 'usage',
      message: "Unknown option '--nonsense'.",
      hint: 'entra-login --help lists commands and options',
    });
  });

  it.each([
    [['login', '--client-secret=hunter2hunter2']],
    [['login', '--prompt', 'hunter2hunter2']],
    [['eyJhunter2hunter2.eyJ9.c2ln']],
    [['--hunter2', 'hunter2hunter2']],
    [['login', '-phunter2hunter2']],
    [['login', 'hunter2hunter2']],
    [['git-credential', 'hunter2hunter2']],
  ])('%j is not repeated where a secret may have been typed', async (argv) => {
    for (const more of [[], ['--json'], ['--verbose']]) {
      const ran = await runLine([...argv, ...more]);
      expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
      expect(ran.stderr).not.toContain('hunter2hunter2');
    }
  });
});

describe('a failure', () => {
  it.each(Object.entries(exitCodes))('%s is exit %i', async (code, exitCode) => {
    const fails = new EntraLoginError(code as ErrorCode, 'What happened.', { hint: 'entra-login login' });
    expect(await runLine(['logout'], { fails })).toEqual({
      exitCode,
      stdout: '',
      stderr: 'error: What happened.\n  try: entra-login login\n',
    });
  });

  it('is coloured where stderr shows colours', async () => {
    const fails = new EntraLoginError('network', 'What happened.');
    expect((await runLine(['logout'], { fails, colorLevel: 1 })).stderr).toContain('\u001b[31merror:\u001b[39m');
  });

  it.each([['--json'], ['--output=json'], ['--output', 'json']])(
    'is one JSON object on the last line with %s %s',
    async (...json) => {
      const fails = new EntraLoginError('network', 'What happened.');
      const ran = await runLine(['token', ...json], { fails });
      expect({ ...ran, stderr: lastError(ran) }).toEqual({
        exitCode: 5,
        stdout: '',
        stderr: { code: 'network', message: 'What happened.' },
      });
    },
  );

  it('is words where --json stands after --, or is the value of an option', async () => {
    const fails = new EntraLoginError('network', 'What happened.');
    expect((await runLine(['token', '--', '--json'], { fails })).stderr).toMatch(/^error: /);
  });

  it('shows with --verbose where it came from, not what foreign errors quote', async () => {
    const cause = new SyntaxError('Unexpected token in "eyJsecret"', { cause: new TypeError('hunter2') });
    const fails = new EntraLoginError('store_failed', 'What happened.', { cause });
    const { stderr } = await runLine(['logout', '--verbose'], { fails });
    expect(stderr).toMatch(/^EntraLoginError\n {4}at [^]*\ncaused by SyntaxError\n {4}at [^]*\ncaused by TypeError\n/);
    expect(stderr).toMatch(/\nerror: What happened\.\n$/);
    expect(stderr).not.toMatch(/eyJsecret|hunter2/);
    expect((await runLine(['logout'], { fails })).stderr).toBe('error: What happened.\n');
  });

  it.each([[new TypeError('x is not a function')], ['a text'], [Object.assign(new Error('full'), { code: 'ENOSPC' })]])(
    'of ours is exit 1, and says where to report it (%s)',
    async (fails) => {
      const ran = await runLine(['logout'], { fails });
      expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
      expect(ran.stderr).toMatch(
        /^error: This is a defect of entra-login[^\n]*\n {2}try: Please report it .*--verbose/,
      );
    },
  );

  it('of ours quotes nothing: a foreign message may hold a token', async () => {
    const fails = Object.assign(new SyntaxError('Unexpected token "eyJsecret" is not valid JSON'), { code: 'ERR_X' });
    for (const option of ['--quiet', '--json', '--verbose']) {
      const { stderr } = await runLine(['logout', option], { fails });
      expect(stderr).toContain('This is a defect of entra-login (SyntaxError, ERR_X).');
      expect(stderr).not.toContain('eyJsecret');
    }
  });

  it('after Ctrl-C is Ctrl-C, whatever it broke off', async () => {
    const signal = AbortSignal.abort(new EntraLoginError('cancelled', 'Cancelled.'));
    expect(await runLine(['logout'], { fails: new Error('premature close'), signal })).toEqual({
      exitCode: 130,
      stdout: '',
      stderr: 'error: Cancelled.\n',
    });
    const own = new EntraLoginError('store_failed', 'What happened.');
    expect(await runLine(['logout'], { fails: own, signal })).toMatchObject({ exitCode: 6 });
    expect(await runLine(['logout'], { fails: new Error('x'), signal: AbortSignal.abort() })).toMatchObject({
      exitCode: 1,
    });
  });
});
