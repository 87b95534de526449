import { expect, it } from 'vitest';
import { isRecord, parseJsonObject } from '../../src/auth/json.ts';

it('parses an object', () => {
  expect(parseJsonObject(' {"a":{"b":[1]}} ')).toEqual({ a: { b: [1] } });
});

it.each(['', 'a', '[]', '[{}]', '"{}"', '1', 'true', 'null', '{', '{"a":1}}', "{'a':1}"])('%j is none', (text) => {
  expect(parseJsonObject(text)).toBeUndefined();
});

it('takes one of 64 levels, and none that is deeper: whoever walks through it would overflow the stack', () => {
  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  expect(parseJsonObject(nested(64))).toBeDefined();
  expect([65, 50_000].map((levels) => parseJsonObject(nested(levels)))).toEqual([undefined, undefined]);
});

it('changes no prototype by a member of that name', () => {
  const value = parseJsonObject('{"__proto__":{"polluted":true}}');
  expect([Object.keys(value ?? {}), Reflect.get({}, 'polluted'), value?.['polluted']]).toEqual([
    ['__proto__'],
    undefined,
    undefined,
  ]);
});

it.each([
  [{}, true],
  [Object.create(null), true],
  [[], false],
  [null, false],
  [undefined, false],
  ['', false],
])('%j is an object: %s', (value, is) => {
  expect(isRecord(value)).toBe(is);
});
