/**
 * Breaks a text at spaces into lines of at most `columns` characters; a word that is longer is cut. Surrogate pairs
 * stay whole.
 */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
    if (line.length <= columns) continue;
    const pieces = line.match(new RegExp(`.{1,${columns}}`, 'gsu')) ?? [];
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return [...lines, line];
}

/** Breaks a command line between words where it must, with the backslash that lets it be pasted as it stands. */
export function wrapCommand(command: string, columns: number): string[] {
  if (command.length <= columns) return [command];
  const lines = wrapText(command, columns - 2);
  return lines.map((line, at) => (at === lines.length - 1 ? line : `${line} \\`));
}
