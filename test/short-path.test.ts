import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTokenOptions } from '../src/short-path.ts';
import type { CommandOption } from '../src/token-options.ts';
import { commonOptions, settingsOptions, tokenOptions, wantedTokenOptions } from '../src/token-options.ts';
import type { RunResult, World } from './support/world.ts';
import { startWorld } from './support/world.ts';

const table = [...commonOptions, ...settingsOptions, ...wantedTokenOptions, ...tokenOptions];

/** A value that is right and one that is wrong, for options that look at theirs. */
const values: Readonly<Record<string, readonly string[]>> = {
  '--profile': ['default', 'nobody', '.wrong'],
  '--timeout': ['30s', 'soon'],
  '--tenant': ['common', 'two words'],
  '--scope': ['User.Read', 'openid profile', 'https://a.example/x https://b.example/y'],
  '--cloud': ['public', 'mars'],
  '--authority-host': ['login.example.com', 'http://example.com'],
  '--store': ['keychain', 'memory', 'drawer'],
  '--resource': ['https://graph.microsoft.com'],
  '--min-validity': ['1m', 'long'],
  '--claims': ['nothing'],
  '--output': ['raw', 'json', 'header', 'env', 'az', 'exec-credential', 'xml'],
  '--shell': ['bash', 'fish', 'powershell', 'cmd'],
};

/** Every way to type an option, the wrong ones too. */
function formsOf({ flags }: CommandOption): string[][] {
  const [name = '', argument] = flags.split(' ');
  if (argument === undefined) return [[name], [`${name}=yes`], [`${name}=`], [name, 'word'], [name, name]];
  const given = values[name] ?? ['value'];
  return [
    ...given.flatMap((value) => [[name, value], [`${name}=${value}`], [name, value, `${name}=${given[0]}`]]),
    ...[
      [name],
      [`${name}=`],
      [name, ''],
      [name, '--json'],
      [name, '-x'],
      [name, '--'],
      [`${name}=-x`],
      [name, 'a', 'b'],
    ],
  ];
}

const others = [
  [],
  ['--'],
  ['--help'],
  ['-h'],
  ['--version'],
  ['word'],
  ['-'],
  ['--unknown'],
  ['--js'],
  ['--NO-COLOR'],
];
const single = [...others, ...table.flatMap(formsOf)];
const step = 37; // has nothing in common with the number of forms: each meets many others
const pairs = single.map((words, at) => [...words, ...(single[(at * step + 11) % single.length] ?? [])]);

/** Tokens and times of a renewal are new each time, and the frames of a stack are not the same on another way. */
function comparable({ exitCode, stdout, stderr }: RunResult): RunResult {
  const even = (text: string): string =>
    text
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN')
      .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?|\b\d{10}\b/g, 'TIME')
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
      .replaceAll(/^ +at .*\n/gm, '');
  return { exitCode, stdout: even(stdout), stderr: even(stderr) };
}

describe('the short path', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    await world.run(['login']);
  });
  afterAll(() => world.close());

  const compare = async (argv: readonly string[]): Promise<void> => {
    // What a sign-in by the way would print is another test's.
    const options = { surroundings: { ci: 'CI' }, env: { ENTRA_LOGIN_BROWSER: 'none' } };
    const short = await world.run(argv, options);
    const long = await world.run(argv, { ...options, withoutShortPath: true });
    expect({ argv, ...comparable(short) }).toEqual({ argv, ...comparable(long) });
  };

  it.each(['--version', '-V'])('answers %s as commander does', (word) => compare([word]));

  it('gives the same answer as commander for every form of every option', { timeout: 120_000 }, async () => {
    const isSignIn = (words: readonly string[]): boolean => words.some((word) => /^--login(?:=|$)/.test(word));
    for (const words of [...single, ...pairs].filter((one) => !isSignIn(one))) await compare(['token', ...words]);
  });

  it('is taken wherever each word is plain, and nowhere else', () => {
    const plain = [
      ['--scope', 'a', '--scope=b c', '--json'],
      ['--no-color', '--output', 'env', '--min-validity=5m'],
      [],
    ];
    expect(plain.map((words) => readTokenOptions(words))).toEqual([
      { color: true, scope: ['a', 'b c'], json: true },
      { color: false, output: 'env', minValidity: '5m' },
      { color: true },
    ]);
    const rest = [['--help'], ['word'], ['--scope', '--json'], ['--json=1'], ['--output', 'xml'], ['--'], ['--scope=']];
    expect(rest.map((words) => readTokenOptions(words))).toEqual(rest.map(() => undefined));
  });
});
