import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aadstsEntries } from '../src/auth/aadsts.ts';
import { run } from '../src/cli.ts';
import type { Context } from '../src/context.ts';

// Commands of the contract that are not built yet; to be emptied as they come.
const notBuilt: readonly string[] = ['setup', 'doctor', 'status', 'profile', 'config'];

/** Parses a command line with the real parser, in a world where the command cannot do a thing. */
async function parse(argv: readonly string[]): Promise<string> {
  let stderr = '';
  const output = { write: () => {}, isTerminal: false, columns: 80, colorLevel: 0 } as const;
  const world = {
    stdout: output,
    stderr: { ...output, write: (text: string) => void (stderr += text) },
    signal: new AbortController().signal,
  };
  // Whatever the command reaches for first is missing, which is another error than the parser's.
  const context = new Proxy(world, {
    get: (target, name) => {
      if (Object.hasOwn(target, name)) return Reflect.get(target, name) as unknown;
      throw new Error('The command began.');
    },
  });
  const exitCode = await run(argv, context as unknown as Context);
  return exitCode === 1 ? 'began' : `exit ${exitCode}: ${stderr}`;
}

/** Reads the command at the beginning of a text: options with their values, as far as words look like ones. */
function commandIn(text: string): string[] {
  const words = text.match(/"[^"]*"|'[^']*'|\$\{[^}]*\}\S*|\S+/g) ?? [];
  const taken: string[] = [];
  for (const word of words.slice(1)) {
    const isFirst = taken.length === 0;
    const isOption = /^--[a-z][a-z-]*[,;.:)]*$/.test(word);
    const isValue =
      /^(?:[A-Z][A-Z-]+|"[^"]*"|\$\{.*|https?:.*|api:.*|\d+m|usgov|china|public|query|consent|login|select_account|organizations|consumers|none|file)[,;.:)]*$/.test(
        word,
      );
    const afterOption = taken.at(-1)?.startsWith('--') === true;
    if (!(isFirst || isOption || (afterOption && isValue))) break;
    taken.push(
      word
        .replace(/[,;.:)`']+$/, '')
        .replaceAll(/^"|"$/g, '')
        .replaceAll(/\$\{[^}]*\}/g, 'X'),
    );
    if (/[,;.:)`'”\]]$/.test(word)) break;
  }
  return taken;
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('emulator') && !name.includes('aadsts-'))
  .map((name) => join('src', name));
const commands =
  `login whoami token logout status profile config setup doctor explain decode exec git-credential completion
  demo`.split(/\s+/);
const inSources = sources.flatMap((file) => {
  const text = readFileSync(file, 'utf8').replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  const found = [...text.matchAll(/entra-login (?=[a-z])[^`\n]*/g)].map(([command]) => commandIn(command));
  // After the name stands prose as well.
  return found.filter(([name = '']) => commands.includes(name));
});
const inMends = aadstsEntries.flatMap(({ mend }) =>
  mend.flatMap((item) => (item.startsWith('entra-login ') ? [item.split(' ').slice(1)] : [])),
);
const isBuilt = ([name = '']: readonly string[]): boolean => !notBuilt.includes(name);

describe('a command that a message, a hint or a mend suggests', () => {
  const distinct = (all: readonly string[][]): (readonly [string, readonly string[]])[] => [
    ...new Map(all.filter(isBuilt).map((argv) => [argv.join(' '), argv])),
  ];

  it('is found in both', () => {
    expect([inMends.length > 100, inSources.length > 40]).toEqual([true, true]);
  });

  it.each(distinct(inMends))('can be typed as it stands: entra-login %s', async (_text, argv) => {
    expect(await parse(argv)).toBe('began');
  });

  it.each(distinct(inSources))('exists, with its options: entra-login %s', async (_text, argv) => {
    // What follows an option or the command may stand in the prose, where it is not read.
    expect(await parse(argv)).toMatch(/^began$|argument missing|Missing required argument/);
  });
});
