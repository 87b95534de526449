import { Chalk } from 'chalk';
import type { ChalkInstance } from 'chalk';
import type { Context, Output } from '../context.ts';
import { fitWidth } from '../render/fit-width.ts';
import { renderJson } from '../render/json.ts';
import { plainText } from '../render/plain-text.ts';
import type { Layout } from '../render/claims.ts';
import type { CommonOptions } from './opened-profile.ts';

/** Colours as far as the stream shows them. */
export function colorsOf(output: Output): ChalkInstance {
  return new Chalk({ level: output.colorLevel });
}

/** How tables are laid out on the stream. */
export function layoutOf(output: Output, now: Date): Layout {
  return { colors: colorsOf(output), columns: output.columns, now };
}

/** Says something to the person on stderr; `--quiet` and `--json` drop it. */
export function say(context: Pick<Context, 'stderr'>, options: CommonOptions, text: string): void {
  if (options.quiet !== true && options.json !== true) context.stderr.write(`${fitWidth(text, context.stderr)}\n`);
}

/** Warns on stderr; `--quiet` drops it. */
export function warn(context: Pick<Context, 'stderr'>, options: CommonOptions, text: string): void {
  if (options.quiet === true) return;
  const label = 'warning:';
  const line = `${colorsOf(context.stderr).yellow(label)} ${plainText(text)}`;
  context.stderr.write(`${fitWidth(line, context.stderr, label.length + 1)}\n`);
}

/** Tells a detail that only `--verbose` wants. */
export function tell(context: Pick<Context, 'stderr'>, options: CommonOptions, text: string): void {
  if (options.verbose === true)
    context.stderr.write(`${fitWidth(colorsOf(context.stderr).dim(plainText(text)), context.stderr)}\n`);
}

/** Writes the one JSON document of a command's `--json` form. */
export function writeJson(context: Pick<Context, 'stdout'>, value: unknown): void {
  context.stdout.write(renderJson(value, 2));
}
