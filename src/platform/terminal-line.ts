/** What a text holds: a whole line and what follows it, the wish to stop, or the beginning of a line. */
export type LineRead =
  | { readonly kind: 'line'; readonly line: string | undefined; readonly rest: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'unfinished' };

/** Reads a line from a pipe, or from a terminal that edits lines itself; the last one may lack its end. */
export function readPiped(text: string, isEnd: boolean): LineRead {
  const end = text.indexOf('\n');
  if (end === -1 && (!isEnd || text === '')) return { kind: 'unfinished' };
  const line = end === -1 ? text : text.slice(0, end);
  return { kind: 'line', line: line.replace(/\r$/, ''), rest: end === -1 ? '' : text.slice(end + 1) };
}

/**
 * Reads a line from keys as a terminal in raw mode sends them: Enter, Backspace, Ctrl-U (deletes all), Ctrl-C, Ctrl-D
 * (end of input, where nothing stands yet). Other keys (arrows) and the marks around pasted text leave nothing.
 */
export function readTyped(text: string): LineRead {
  let line = '';
  for (const { 0: key, index } of text.matchAll(keys)) {
    if (key === '\u0003') return { kind: 'cancelled' };
    if (key === '\u0004' && line === '') return { kind: 'line', line: undefined, rest: text.slice(index + 1) };
    if (key === '\r' || (key === '\n' && index > 0)) {
      return { kind: 'line', line, rest: text.slice(index + 1) };
    }
    if (key === '\u007f' || key === '\b') line = line.replace(/.$/su, '');
    else if (key === '\u0015') line = '';
    else if (key >= ' ') line += key;
  }
  return { kind: 'unfinished' };
}

// A control sequence (ECMA-48, 5.4), a function key, Alt and a key; or a single character. A line feed at the very
// beginning is the second half of a pasted CR LF, whose first half ended the line before.
const keys = /\u001b(?:\[[0-?]*[ -/]*[@-~]?|O[@-~]?|[ -~])?|[^\u001b]/gsu;
