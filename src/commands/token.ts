import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { Shell, TokenOutput } from '../render/token.ts';
import { renderToken } from '../render/token.ts';
import type { WantedTokenOptions } from './wanted-token.ts';
import { getWantedToken } from './wanted-token.ts';

/** Options of `token`. */
export interface TokenOptions extends WantedTokenOptions {
  readonly output?: TokenOutput | undefined;
  readonly shell?: Shell | undefined;
}

/** Prints an access token, from the store or renewed, and nothing else. */
export async function token(options: TokenOptions, context: Context): Promise<void> {
  const { json, output = json === true ? 'json' : 'raw' } = options;
  if (json === true && output !== 'json') {
    throw new EntraLoginError('usage', `--json and --output ${output} cannot be given together.`, {
      hint: '--json is short for --output json',
    });
  }
  const wanted = await getWantedToken(options, context);
  context.stdout.write(renderToken(wanted, output, options.shell ?? 'bash'));
}
