import { readFileSync, writeFileSync } from 'node:fs';

/** One line of the report: a goal's cell is empty where there is none. */
export type Row = readonly string[];

/** Renders a table as prettier formats it. */
export function renderTable(head: Row, rows: readonly Row[]): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: Row): string => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const begin = '<!-- npm run bench writes what follows -->';
const end = '<!-- end of what npm run bench writes -->';

/** Puts the text between the markers of a document. */
export function replaceBetweenMarkers(path: string, text: string): void {
  const document = readFileSync(path, 'utf8');
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no markers.`);
  writeFileSync(path, `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`);
}
