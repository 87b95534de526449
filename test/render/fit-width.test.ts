import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { fitWidth } from '../../src/render/fit-width.ts';

const narrow = { isTerminal: true, columns: 20 };
const colors = new Chalk({ level: 1 });

describe('a text on a narrow terminal', () => {
  it('is broken between words, each line with the margin of its own', () => {
    expect(fitWidth('one two three four five\n  six seven eight nine ten', narrow)).toBe(
      'one two three four\nfive\n  six seven eight\n  nine ten',
    );
  });

  it('hangs where it is told to', () => {
    expect(fitWidth('error: one two three four', narrow, 7)).toBe('error: one two three\n       four');
  });

  it('keeps a URL and a command in one piece, to be copied', () => {
    const url = `https://login.example/${'x'.repeat(40)}`;
    expect(fitWidth(`See the page ${url} there`, narrow)).toBe(`See the page\n${url}\nthere`);
    expect(fitWidth(`  ${url}`, narrow)).toBe(`  ${url}`);
    const hint = `${colors.cyan('  try:')} entra-login login --profile work`;
    expect(fitWidth(hint, narrow)).toBe(hint);
  });

  it('breaks a hint that begins with a command and goes on in words', () => {
    expect(fitWidth('  try: entra-login demo, or ask somebody', narrow, 7)).toBe(
      '  try: entra-login\n       demo, or ask\n       somebody',
    );
  });

  it('does not count colours, and is broken at the same places with them', () => {
    expect(fitWidth(`${colors.red('error:')} one two three`, narrow)).toBe(`${colors.red('error:')} one two three`);
    expect(fitWidth(`${colors.cyan('  try:')} one two three four`, narrow)).toBe(
      `${colors.cyan('  try:')} one two three\n  four`,
    );
  });
});

it('leaves a text alone that goes elsewhere: a log is read by machines too', () => {
  const text = 'word '.repeat(40);
  expect(fitWidth(text, { ...narrow, isTerminal: false })).toBe(text);
});
