import type { Output } from '../context.ts';

/** What decides on colours. */
export interface ColorSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of our own command line; what stands after `--` is another program's. */
  readonly argv: readonly string[];
}

/**
 * Decides on colours: `--no-color`, then `FORCE_COLOR` (its level, as chalk and Node have it), then `NO_COLOR`
 * (no-color.org) and `TERM=dumb`, then what the terminal shows. Whether there is one is
 * asked only then, and `depthOf` answers its bits of colour depth and is asked
 * last, because Node prints a warning where both variables are set.
 */
export function colorLevelOf(
  { env, argv }: ColorSources,
  isTerminal: () => boolean,
  depthOf: () => number,
): Output['colorLevel'] {
  const end = argv.indexOf('--');
  if (argv.slice(0, end === -1 ? undefined : end).includes('--no-color')) return 0;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return forcedLevels.get(force) ?? 1;
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb' || !isTerminal()) return 0;
  const depth = depthOf();
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}

const forcedLevels: ReadonlyMap<string, Output['colorLevel']> = new Map([
  ['0', 0],
  ['false', 0],
  ['2', 2],
  ['3', 3],
]);
