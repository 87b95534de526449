import { findAadsts, lookUpUrl } from '../auth/aadsts.ts';
import { findAadstsCodes } from '../auth/aadsts-text.ts';
import type { AadstsMention } from '../auth/aadsts-text.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { Explanation } from '../render/explanation.ts';
import { renderExplanation } from '../render/explanation.ts';
import { plainText } from '../render/plain-text.ts';
import { colorsOf, warn, writeJson } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';
import { readStandardInput } from './standard-input.ts';

type ExplainContext = Pick<Context, 'stdin' | 'stdout' | 'stderr' | 'signal'>;

/**
 * Explains the AADSTS codes in the words, or in standard input where there are none or a dash: what they mean, why a
 * command-line tool meets them, how to mend it; offline. Nothing of the text is repeated but Entra's own description of
 * a code that is not known here. Errors: `usage` where there is no code, or none of which anything can be said.
 */
export async function explain(
  words: readonly string[],
  options: CommonOptions,
  context: ExplainContext,
): Promise<void> {
  const given = words.join(' ');
  const text = given === '' || given === '-' ? await readStandardInput(context, request) : given;
  const mentions = findAadstsCodes(text);
  const [first] = mentions;
  if (first === undefined) {
    throw new EntraLoginError('usage', 'There is no AADSTS code in that.', {
      hint: 'entra-login explain AADSTS50011, or paste the whole error text',
    });
  }
  const explained = mentions.map(explanationOf).filter((one) => one !== undefined);
  const unknown = mentions.filter((one) => explanationOf(one) === undefined).map(({ code }) => code);
  const [firstExplained] = explained;
  if (firstExplained === undefined) {
    throw new EntraLoginError('usage', `${unknown.map(nameOf).join(', ')} is not among the codes known here.`, {
      hint: `Paste the whole error text, or see ${lookUpUrl(first.code)}`,
    });
  }
  if (options.json === true) {
    const rest = mentions.map(({ code }) => nameOf(code)).filter((name) => name !== firstExplained.code);
    if (rest.length > 0) warn(context, options, `There are more codes, which --json leaves out: ${rest.join(', ')}.`);
    writeJson(context, firstExplained);
    return;
  }
  const { stdout } = context;
  const texts = explained.map((one) => renderExplanation(one, stdout.columns, colorsOf(stdout)));
  stdout.write(texts.join('\n'));
  for (const code of unknown) warn(context, options, `${nameOf(code)} is not known here: ${lookUpUrl(code)}`);
}

const request = {
  question: 'Paste the error text or a code and press Enter (it is not shown):',
  isEnough: (text: string) => findAadstsCodes(text).length > 0,
  mostCharacters: 1024 * 1024,
};

function explanationOf({ code, said }: AadstsMention): Explanation | undefined {
  const entry = findAadsts(code);
  const url = lookUpUrl(code);
  if (entry !== undefined) {
    return { code: nameOf(code), meaning: entry.meaning, why: entry.why, mend: entry.mend, url };
  }
  if (said === undefined) return undefined;
  return {
    code: nameOf(code),
    meaning: `Entra says: ${plainText(said)}`,
    why: 'The code is not among those known here, so this is all that can be said offline.',
    mend: [`Look the code up: ${url}`, 'entra-login doctor'],
    url,
  };
}

function nameOf(code: number): string {
  return `AADSTS${code}`;
}
