import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { CompletionShell } from '../render/completion-scripts.ts';
import { renderCompletionScript } from '../render/completion-scripts.ts';
import type { CommonOptions } from './opened-profile.ts';

/** Prints the completion script of a shell. */
export function completion(shell: CompletionShell, options: CommonOptions, context: Pick<Context, 'stdout'>): void {
  if (options.json === true) {
    throw new EntraLoginError('usage', 'completion has no --json form.', { hint: 'entra-login completion --help' });
  }
  context.stdout.write(renderCompletionScript(shell));
}
