import type { Layout } from './claims.ts';
import { wrapText } from './wrap.ts';

/** What a table is laid out for. */
export type TableLayout = Pick<Layout, 'colors' | 'columns'>;

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

function renderRow({ name, value, meaning = '' }: Row, nameWidth: number, { colors, columns }: TableLayout): string[] {
  const indent = ' '.repeat(nameWidth + 2);
  const room = Math.max(20, columns - indent.length);
  const lines = wrapText(value, room);
  const last = lines.at(-1) ?? '';
  if (meaning !== '' && last.length + 2 + meaning.length <= room) lines.push(`${lines.pop()}  ${colors.dim(meaning)}`);
  else if (meaning !== '') lines.push(...wrapText(meaning, room).map((line) => colors.dim(line)));
  const label = colors.cyan(name.padEnd(nameWidth));
  const [first = '', ...rest] = lines;
  const head = name.length > nameWidth ? [label, `${indent}${first}`] : [`${label}  ${first}`];
  return [...head, ...rest.map((line) => `${indent}${line}`)];
}
