import type { Output } from '../context.ts';

/**
 * Breaks the lines of a text that are wider than the terminal between words; elsewhere nothing is broken. A word stays
 * whole, a URL above all, and so does a command to type: in two pieces neither can be copied.
 * `hang` is the column at which further lines begin; 0 is that of the line itself.
 */
export function fitWidth(text: string, output: Pick<Output, 'isTerminal' | 'columns'>, hang = 0): string {
  if (!output.isTerminal) return text;
  return text
    .split('\n')
    .map((line) => fitLine(line, output.columns, hang))
    .join('\n');
}

function fitLine(line: string, columns: number, hang: number): string {
  if (visibleLength(line) <= columns || isCommand(line)) return line;
  const margin = /^ */.exec(withoutColors(line))?.[0] ?? '';
  const indent = hang === 0 ? margin : ' '.repeat(hang);
  const lines: string[] = [];
  let current: string | undefined;
  for (const word of line.split(' ')) {
    const longer: string = current === undefined ? word : `${current} ${word}`;
    if (current !== undefined && current.trim() !== '' && visibleLength(longer) > columns) {
      lines.push(current);
      current = `${indent}${word}`;
    } else {
      current = longer;
    }
  }
  return [...lines, current ?? ''].join('\n');
}

// A command and nothing else: many a hint begins with one and goes on in words.
function isCommand(line: string): boolean {
  return /^ *(?:try: )?entra-login (?!.*(?: \(|[;,.] ))/.test(withoutColors(line));
}

function visibleLength(text: string): number {
  return withoutColors(text).length;
}

// Colours are the only escapes of our own text; foreign ones went through `plainText`.
function withoutColors(text: string): string {
  return text.replaceAll(/\u001b\[[\d;]*m/g, '');
}
