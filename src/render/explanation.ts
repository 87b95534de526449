import type { ChalkInstance } from 'chalk';
import { plainText } from './plain-text.ts';
import { wrapCommand, wrapText } from './wrap.ts';

/** What `explain` says about a code; the members are those of its JSON. */
export interface Explanation {
  /** `AADSTS50011`. */
  readonly code: string;
  readonly meaning: string;
  readonly why: string;
  readonly mend: readonly string[];
  /** Microsoft's own page about the code. */
  readonly url: string;
}

/** Lays an explanation out: code and meaning, why, the mends as a list, where to look it up. */
export function renderExplanation(explanation: Explanation, columns: number, colors: ChalkInstance): string {
  const { code, meaning, why, mend, url } = explanation;
  const width = Math.max(40, Math.min(columns, 100));
  const paragraph = (text: string): string[] => wrapText(plainText(text), width - 2).map((line) => `  ${line}`);
  const item = (text: string): string[] => {
    const isCommand = text.startsWith('entra-login ');
    const lines = isCommand ? wrapCommand(text, width - 4) : wrapText(plainText(text), width - 4);
    return lines.map((line, at) => `${at === 0 ? '  - ' : '    '}${isCommand ? colors.cyan(line) : line}`);
  };
  const lines = [
    colors.bold(code),
    ...paragraph(meaning),
    '',
    colors.bold('Why'),
    ...paragraph(why),
    '',
    colors.bold('What to do'),
    ...mend.flatMap(item),
    '',
    colors.bold('Look it up'),
    `  ${url}`,
  ];
  return `${lines.join('\n')}\n`;
}
