import * as fc from 'fast-check';
import { EntraLoginError, exitCodes } from '../../src/errors.ts';

/** Any text: every plane, lone surrogates, control characters. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.array(fc.constantFrom('\u001b[31m', '\u009b2J', '\u202e', '\r', '\n', '\u0000', 'x', '<b>', '\u2028')).map(join),
);

/** Names that mean something to JavaScript's objects. */
export const trapName = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'then', '');

/** A JSON value that is nobody's: of any type and shape, with traps among the names. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
  // Larger ones take long to make, and find no more.
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      0,
      -1,
      1e300,
      -1e300,
      5e-324,
      true,
      null,
      '',
      [],
      {},
      '\u001b]0;x\u0007',
      '9'.repeat(400),
    ),
  },
  { weight: 2, arbitrary: fc.dictionary(trapName, fc.jsonValue({ maxDepth: 1 })) },
);

/** JSON as text: also one that is nested deeper than a recursive walk survives, and one with a member twice. */
export const anyJsonText: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: anyJson.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((depth) => nestedText(depth)) },
  { weight: 1, arbitrary: fc.tuple(trapName, anyJson).map(([name, value]) => twice(name, JSON.stringify(value))) },
);

/** Writes an object in objects, that deep. */
export function nestedText(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

/** An object some of whose members are replaced by anything, or left out, and some added. */
export function damaged(sound: Readonly<Record<string, unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const changes = fc.dictionary(fc.constantFrom(...Object.keys(sound)), fc.option(anyJson, { nil: undefined }), {
    maxKeys: 3,
  });
  const additions = fc.dictionary(fc.oneof(trapName, fc.string()), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 1 });
  return fc.tuple(changes, additions).map((parts) => Object.assign({}, sound, ...parts) as Record<string, unknown>);
}

/** One change to a text: bytes replaced, cut out, put in or doubled. */
export interface Cut {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/** Where and how a text is changed; `at` is a share of its length. */
export const anyCuts = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.constantFrom(0, 0, 1, 1, 2, 8, 40),
    text: fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 3 }), fc.string({ maxLength: 12 })),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Makes the changes. */
export function applyCuts(text: string, cuts: readonly Cut[]): string {
  return cuts.reduce((whole, { at, length, text: put }) => {
    const start = Math.floor(at * whole.length);
    return whole.slice(0, start) + put + whole.slice(start + length);
  }, text);
}

/** What a terminal would obey, or a reader be misled by: C0 and C1 controls, separators, marks of direction. */
export const controls =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Awaits what may fail in the ways that are foreseen; anything else is thrown. */
export async function foreseen<T>(work: () => T | Promise<T>): Promise<T | EntraLoginError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EntraLoginError && error.code !== 'unexpected') return error;
    throw error;
  }
}

/** The exit codes of failures that are foreseen. */
export const foreseenExitCodes: ReadonlySet<number> = new Set(Object.values(exitCodes).filter((code) => code !== 1));

function join(parts: readonly string[]): string {
  return parts.join('');
}

function twice(name: string, value: string): string {
  return `{${JSON.stringify(name)}:1,${JSON.stringify(name)}:${value}}`;
}
