import { expect, test } from 'vitest';
import { colorLevelOf } from '../../src/platform/terminal-colors.ts';

type Env = Record<string, string>;
const askedAbout = (env: Env, argv: readonly string[], depth: number | undefined): number =>
  colorLevelOf(
    { env, argv },
    () => depth !== undefined,
    () => depth ?? 1,
  );

test.each([
  [1, 0],
  [4, 1],
  [8, 2],
  [24, 3],
] as const)('shows what a terminal of %d bits can (level %d)', (depth, level) => {
  expect(askedAbout({}, [], depth)).toBe(level);
});

test.each<[string, Env, string[], number | undefined, number]>([
  ['no terminal', {}, [], undefined, 0],
  ['--no-color', { FORCE_COLOR: '3' }, ['whoami', '--no-color'], 24, 0],
  ['--no-color of another program', {}, ['exec', '--', 'ls', '--no-color'], 24, 3],
  ['NO_COLOR', { NO_COLOR: '1' }, [], 24, 0],
  ['an empty NO_COLOR, which no-color.org says is none', { NO_COLOR: '' }, [], 24, 3],
  ['TERM=dumb', { TERM: 'dumb' }, [], 24, 0],
  ['FORCE_COLOR where there is no terminal', { FORCE_COLOR: '1' }, [], undefined, 1],
  ['FORCE_COLOR without a level', { FORCE_COLOR: '' }, [], undefined, 1],
  ['FORCE_COLOR=true', { FORCE_COLOR: 'true' }, [], undefined, 1],
  ['FORCE_COLOR=3', { FORCE_COLOR: '3' }, [], undefined, 3],
  ['FORCE_COLOR beside NO_COLOR', { FORCE_COLOR: '2', NO_COLOR: '1' }, [], 24, 2],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, [], 24, 0],
  ['FORCE_COLOR=false', { FORCE_COLOR: 'false' }, [], 24, 0],
])('heeds %s', (_what, env, argv, depth, level) => {
  expect(askedAbout(env, argv, depth)).toBe(level);
});

test('does not ask Node where the environment decides: it would print a warning', () => {
  const ask = (): never => {
    throw new Error('asked');
  };
  const env = { FORCE_COLOR: '1', NO_COLOR: '1' };
  expect(colorLevelOf({ env, argv: [] }, ask, ask)).toBe(1);
});
