import { version } from '../package.json';
import type { TokenOptions } from './commands/token.ts';
import { token } from './commands/token.ts';
import type { Context } from './context.ts';
import type { CommandOption } from './token-options.ts';
import { commonOptions, settingsOptions, tokenOptions, wantedTokenOptions } from './token-options.ts';

/**
 * Runs `token` and `--version` without loading what the rest of the command line needs; shell prompts and kubectl wait
 * for them. Answers the exit code, or `undefined` for whatever is not understood with certainty: then nothing was done,
 * and cli.ts decides.
 */
export async function runShortPath(argv: readonly string[], context: Context): Promise<number | undefined> {
  const [command = '', ...words] = argv;
  if (words.length === 0 && ['--version', '-V'].includes(command)) {
    context.stdout.write(`${version}\n`);
    return 0;
  }
  const options = command === 'token' ? readTokenOptions(words) : undefined;
  // A sign-in is long.
  if (options === undefined || options.login === true) return undefined;
  try {
    await token(options, context);
    await context.stdout.settle?.();
    return 0;
  } catch (error) {
    const { endWithError } = await import('./cli.ts');
    return await endWithError(error, argv, context);
  }
}

/** Reads the options of `token` from the table that commander gets too; `undefined` if a word is not plainly one. */
export function readTokenOptions(words: readonly string[]): TokenOptions | undefined {
  const options: Record<string, string | boolean | readonly string[]> = { color: true };
  for (let at = 0; at < words.length; at += 1) {
    const [, name = '', attached] = /^(--[a-z-]+)(?:=(.+))?$/s.exec(words[at] ?? '') ?? [];
    const option = table.get(name);
    if (option === undefined) return undefined;
    const key = nameOf(name);
    if (!option.flags.includes('<')) {
      if (attached !== undefined) return undefined;
      options[key] = !name.startsWith('--no-');
      continue;
    }
    if (attached === undefined) at += 1;
    const value = attached ?? words[at];
    // One that begins with a dash may be an option whose value was forgotten.
    if (value === undefined || (attached === undefined && /^(?:-|$)/.test(value))) return undefined;
    if (option.choices?.includes(value) === false) return undefined;
    const before = options[key];
    options[key] = option.repeatable === true ? [...(Array.isArray(before) ? before : []), value] : value;
  }
  return options;
}

const table: ReadonlyMap<string, CommandOption> = new Map(
  [...commonOptions, ...settingsOptions, ...wantedTokenOptions, ...tokenOptions].map((option) => [
    option.flags.split(' ')[0] ?? '',
    option,
  ]),
);

/** As commander names it: `--min-validity` is `minValidity`, `--no-color` is `color`. */
function nameOf(flag: string): string {
  return flag.replace(/^--(?:no-)?/, '').replaceAll(/-([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
