import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';

/** How standard input is read. */
export interface InputRequest {
  /** Asked on a terminal, where what is typed or pasted is not shown. */
  readonly question: string;
  /** Tells on a terminal, line by line, whether what was given is enough; on a pipe all is read. */
  readonly isEnough: (text: string) => boolean;
  readonly mostCharacters: number;
}

/**
 * Reads a text from standard input: the whole pipe, or what is pasted on a terminal until it is enough or an empty
 * line follows. Errors: `usage` for more than there may be, `cancelled`.
 */
export async function readStandardInput(
  { stdin, stderr, signal }: Pick<Context, 'stdin' | 'stderr' | 'signal'>,
  { question, isEnough, mostCharacters }: InputRequest,
): Promise<string> {
  let text = '';
  for (let isFirst = true; ; isFirst = false) {
    // Reading begins before the question is asked: what is pasted at once must not be shown either.
    const reading = stdin.readLine({ hidden: true, signal });
    if (isFirst && stdin.isTerminal) stderr.write(`${question}\n`);
    const line = await reading;
    if (line === undefined) return text;
    text += `${line}\n`;
    if (text.length > mostCharacters) {
      throw new EntraLoginError('usage', `Standard input holds more than ${mostCharacters / 1024} KiB.`, {
        hint: 'Give the error text or the token alone.',
      });
    }
    if (stdin.isTerminal && (line.trim() === '' || isEnough(text))) return text;
  }
}
