import { expect, test } from 'vitest';
import { readPiped, readTyped } from '../../src/platform/terminal-line.ts';

test.each([
  ['Enter', 'line\r', 'line'],
  ['Ctrl-J', 'line\n', 'line'],
  ['Backspace', 'linx\u007fe\r', 'line'],
  ['Ctrl-H', 'linx\be\r', 'line'],
  ['Backspace where nothing is left', 'x\u007f\u007f\u007fline\r', 'line'],
  ['Backspace over a character outside the basic plane', 'line\u{1f511}\u007f\r', 'line'],
  ['Ctrl-U', 'wrong\u0015line\r', 'line'],
  ['arrows and function keys', 'li\u001b[D\u001b[1;5C\u001bOP\u001b[15~ne\r', 'line'],
  ['Alt and a key', 'li\u001bbne\r', 'line'],
  ['other control characters', 'li\u0000\t\u001a\u0017ne\r', 'line'],
  ['Escape alone before Enter', 'line\u001b\r', 'line'],
  ['the marks around pasted text', '\u001b[200~line\u001b[201~\r', 'line'],
  ['Ctrl-D behind other characters', 'line\u0004\r', 'line'],
  ['letters of any script', 'påßwörd 密码\r', 'påßwörd 密码'],
])('takes %s as it is meant', (_key, text, line) => {
  expect(readTyped(text)).toEqual({ kind: 'line', line, rest: '' });
});

test('gives the end of the input at Ctrl-D where nothing stands', () => {
  expect(readTyped('x\u007f\u0004more')).toEqual({ kind: 'line', line: undefined, rest: 'more' });
});

test.each(['\u0003', 'half\u0003', 'half\u001b\u0003', 'half\u001b[\u0003'])('is cancelled by Ctrl-C (%j)', (text) => {
  expect(readTyped(text)).toEqual({ kind: 'cancelled' });
});

test('waits for the rest of a line, wherever it was cut', () => {
  const text = '\u001b[200~li\u001b[1;5Cne\u001b[201~';
  const outcomes = Array.from({ length: text.length + 1 }, (_, length) => readTyped(text.slice(0, length)));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['unfinished']));
});

test('takes a pasted CR LF for one end of a line', () => {
  expect(readTyped('first\r\nsecond\r\n')).toEqual({ kind: 'line', line: 'first', rest: '\nsecond\r\n' });
  expect(readTyped('\nsecond\r\n')).toEqual({ kind: 'line', line: 'second', rest: '\n' });
});

test.each([
  ['first\nsecond', 'first', 'second'],
  ['first\r\nsecond', 'first', 'second'],
  ['\nsecond', '', 'second'],
])('reads from a pipe up to the first newline (%j)', (text, line, rest) => {
  expect(readPiped(text, false)).toEqual({ kind: 'line', line, rest });
});

test('waits on a pipe for the end of a line, which may be the end of the input', () => {
  expect([readPiped('li', false), readPiped('li', true), readPiped('', true)]).toEqual([
    { kind: 'unfinished' },
    { kind: 'line', line: 'li', rest: '' },
    { kind: 'unfinished' },
  ]);
});
