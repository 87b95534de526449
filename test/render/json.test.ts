import { expect, it } from 'vitest';
import { renderJson } from '../../src/render/json.ts';

it('writes a document and a newline, on one line or indented', () => {
  expect(renderJson({ a: [1] })).toBe('{"a":[1]}\n');
  expect(renderJson({ a: 1 }, 2)).toBe('{\n  "a": 1\n}\n');
});

it('escapes what a terminal would obey or a reader be misled by, and means the same', () => {
  const value = { message: '\u001b[2J\u009b31m\u007f\u202ereversed\u2028\u200b', name: 'Dünser 👩‍💻' };
  const text = renderJson(value);
  expect(text).toContain(String.raw`\u001b[2J\u009b31m\u007f\u202ereversed\u2028\u200b`);
  expect(text).not.toMatch(/[\u0000-\u0009\u007f-\u009f\u202e\u2028]/u);
  expect(JSON.parse(text)).toEqual(value);
});
