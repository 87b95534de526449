import { describe, expect, it } from 'vitest';
import { wrapCommand, wrapText } from '../../src/render/wrap.ts';

describe('wrapText', () => {
  it('breaks at spaces, and a word only where it is longer than a line', () => {
    expect(wrapText('one two three fourfivesix', 8)).toEqual(['one two', 'three', 'fourfive', 'six']);
    expect(wrapText('', 8)).toEqual(['']);
    expect(wrapText('a😀😀😀b', 4)).toEqual(['a😀😀😀', 'b']);
  });

  it('loses nothing and stays within the columns, whatever the width', () => {
    const text = 'The redirect URI of http://localhost:5000/callback is not registered, so nothing comes back.';
    for (let columns = 1; columns < 100; columns += 1) {
      const lines = wrapText(text, columns);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }
  });
});

describe('wrapCommand', () => {
  it('leaves a command that fits, and breaks another so that it can be pasted', () => {
    expect(wrapCommand('entra-login login', 20)).toEqual(['entra-login login']);
    expect(wrapCommand('entra-login login --tenant TENANT-ID', 30)).toEqual([
      'entra-login login --tenant \\',
      'TENANT-ID',
    ]);
  });
});
