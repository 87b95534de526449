import { describe, expect, it } from 'vitest';
import { colorsOf, layoutOf, say, tell, warn, writeJson } from '../../src/commands/notices.ts';
import type { CommonOptions } from '../../src/commands/opened-profile.ts';
import type { Output } from '../../src/context.ts';

function output(colorLevel: Output['colorLevel'] = 0): Output & { readonly text: () => string } {
  const texts: string[] = [];
  return {
    write: (text) => void texts.push(text),
    isTerminal: true,
    columns: 72,
    colorLevel,
    text: () => texts.join(''),
  };
}
const after = (speak: typeof say, options: CommonOptions, text = 'words'): string => {
  const stderr = output();
  speak({ stderr }, options, text);
  return stderr.text();
};

describe('what is said to people', () => {
  it.each<[CommonOptions, { say: string; warn: string; tell: string }]>([
    [{}, { say: 'words\n', warn: 'warning: words\n', tell: '' }],
    [{ quiet: true }, { say: '', warn: '', tell: '' }],
    [{ json: true }, { say: '', warn: 'warning: words\n', tell: '' }],
    [{ verbose: true }, { say: 'words\n', warn: 'warning: words\n', tell: 'words\n' }],
  ])('with %j is %j', (options, expected) => {
    expect({ say: after(say, options), warn: after(warn, options), tell: after(tell, options) }).toEqual(expected);
  });

  it('obeys nothing of a foreign text', () => {
    expect(after(warn, {}, 'a\u001b[2Jb')).toBe('warning: a\\u{1b}[2Jb\n');
    expect(after(tell, { verbose: true }, 'a\nb')).toBe('a b\n');
  });
});

it('takes the colours and the width of the stream', () => {
  const now = new Date();
  expect(colorsOf(output(0)).red('x')).toBe('x');
  expect(colorsOf(output(1)).red('x')).toBe('\u001b[31mx\u001b[39m');
  expect(layoutOf(output(), now)).toMatchObject({ columns: 72, now });
});

it('writes one JSON document, ended by a newline', () => {
  const stdout = output();
  writeJson({ stdout }, { a: [1], b: undefined });
  expect(stdout.text()).toBe('{\n  "a": [\n    1\n  ]\n}\n');
});
