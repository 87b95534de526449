import { expect, it } from 'vitest';
import { renderJson } from '../../src/render/json.ts';
import { plainText } from '../../src/render/plain-text.ts';

it('leaves what people read as it is', () => {
  const text = 'Dave Dünser <admin> 日本語 العربية 👩‍💻'.replaceAll('\u200d', '');
  expect(plainText(text)).toBe(text);
});

it('makes one line of several', () => {
  expect(plainText('a\r\nb\n\n\tc\u2028d\u2029e')).toBe('a b c d e');
});

it.each([
  ['escape sequences', '\u001b[31mred\u001b]0;title\u0007', String.raw`\u{1b}[31mred\u{1b}]0;title\u{7}`],
  ['C1 controls, which some terminals obey', '\u009b31m\u0090x\u009c', String.raw`\u{9b}31m\u{90}x\u{9c}`],
  ['null, backspace and delete', 'a\u0000b\bc\u007f', String.raw`a\u{0}b\u{8}c\u{7f}`],
  ['overrides of the writing direction', '\u202etxt.exe\u202c', String.raw`\u{202e}txt.exe\u{202c}`],
  ['isolates of the writing direction', '\u2066a\u2069', String.raw`\u{2066}a\u{2069}`],
  ['marks of the writing direction', '\u200ea\u200fb\u061c', String.raw`\u{200e}a\u{200f}b\u{61c}`],
  ['what has no width', 'a\u200bb\u2060c\ufeffd', String.raw`a\u{200b}b\u{2060}c\u{feff}d`],
])('shows %s as codes', (_what, text, shown) => {
  expect(plainText(text)).toBe(shown);
});

it.each([
  ['fillers and soft hyphens', 'a\u00ad\u3164b\u115f', String.raw`a\u{ad}\u{3164}b\u{115f}`],
  ['letters of tags, beyond the first plane', 'a\u{e0041}', String.raw`a\u{e0041}`],
  ['half a character', 'a\ud800b', String.raw`a\u{d800}b`],
])('shows %s as codes', (_what, text, shown) => {
  expect(plainText(text)).toBe(shown);
});

it('writes JSON that means the same and holds nothing that a terminal obeys', () => {
  const value = { 'a\u009b2J': ['\u001b[2J', '\u007f\u202e\u{e0041}\ud800', 'Grüße\n'], b: { c: null, d: 1 } };
  expect(JSON.parse(renderJson(value))).toEqual(value);
  expect(renderJson(value)).toBe(
    String.raw`{"a\u009b2J":["\u001b[2J","\u007f\u202e\udb40\udc41\ud800","Grüße\n"],"b":{"c":null,"d":1}}` + '\n',
  );
  expect(renderJson({ a: ['\u009b'] }, 2)).toBe(`{\n  "a": [\n    "${String.raw`\u009b`}"\n  ]\n}\n`);
});

it('leaves nothing that a terminal or a bidirectional layout obeys, whatever comes', () => {
  const everything = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
  expect(plainText(everything)).not.toMatch(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u,
  );
});
