import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { plainText } from '../render/plain-text.ts';
import type { WantedTokenOptions } from './wanted-token.ts';
import { getWantedToken } from './wanted-token.ts';

/**
 * Runs a command with `ENTRA_ACCESS_TOKEN` in its environment and answers its exit code; nothing of the token is on
 * disk or in arguments.
 */
export async function exec(words: readonly string[], options: WantedTokenOptions, context: Context): Promise<number> {
  if (options.json === true) {
    throw new EntraLoginError('usage', 'exec has no --json form.', { hint: 'entra-login token --json' });
  }
  const { accessToken } = await getWantedToken(options, context);
  const { exitCode, failure } = await context.runProgram(words, { ENTRA_ACCESS_TOKEN: accessToken });
  if (failure !== undefined) context.stderr.write(`entra-login: ${plainText(words[0] ?? '')}: ${failure}\n`);
  return exitCode;
}
