import type { ChalkInstance } from 'chalk';

/** What a table is laid out for. */
export interface TableLayout {
  readonly colors: ChalkInstance;
  readonly columns: number;
}

/** One row: a name, its value, and dimmed words about it. */
export interface Row {
  readonly name: string;
  readonly value: string;
  readonly meaning: string | undefined;
}

/**
 * Lays out rows of a name, a value and a meaning within the columns; a meaning that does not fit stands on the next
 * line. Ends with a newline.
 */
export function renderTable(rows: readonly Row[], layout: TableLayout): string {
  const nameWidth = Math.min(20, Math.max(0, ...rows.map(({ name }) => name.length)));
  const lines = rows.flatMap((row) => renderRow(row, nameWidth, layout));
  return `${lines.join('\n')}\n`;
}

/** Breaks a text into lines of at most so many characters: between words, and a longer word where it must be. */
export function wrapText(text: string, room: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ').flatMap((part) => chunk(part, room))) {
    const line = lines.pop() ?? '';
    const joined = line === '' ? word : `${line} ${word}`;
    lines.push(...(joined.length <= room ? [joined] : [line, word]));
  }
  return lines;
}

function renderRow({ name, value, meaning }: Row, nameWidth: number, { colors, columns }: TableLayout): string[] {
  const indent = ' '.repeat(nameWidth + 2);
  const room = Math.max(20, columns - indent.length);
  const chunks = chunk(value, room);
  if (meaning !== undefined) {
    const last = chunks.pop() ?? '';
    const fits = last.length + 2 + meaning.length <= room;
    chunks.push(
      ...(fits ? [`${last}  ${colors.dim(meaning)}`] : [last, ...chunk(meaning, room).map((part) => colors.dim(part))]),
    );
  }
  const label = colors.cyan(name.padEnd(nameWidth));
  const [first = '', ...rest] = chunks;
  const head = name.length > nameWidth ? [label, `${indent}${first}`] : [`${label}  ${first}`];
  return [...head, ...rest.map((part) => `${indent}${part}`)];
}

function chunk(text: string, room: number): string[] {
  return text.match(new RegExp(`.{1,${room}}`, 'gsu')) ?? [''];
}
