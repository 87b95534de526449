import { expect, it, test } from 'vitest';
import { renderCountdown, renderDistance, renderLocalTime } from '../../src/render/time.ts';

it('writes a moment in the local time zone, to the second', () => {
  expect(renderLocalTime(new Date(2026, 10, 23, 22, 4, 5, 999))).toBe('2026-11-23 22:04:05');
  expect(renderLocalTime(new Date(2027, 0, 2, 0, 0, 0))).toBe('2027-01-02 00:00:00');
});

const now = new Date('2026-11-23T12:00:00Z');
test.each([
  [0, 'in 0 seconds'],
  [1, 'in 1 second'],
  [89, 'in 89 seconds'],
  [90, 'in 2 minutes'],
  [52 * 60, 'in 52 minutes'],
  [89 * 60, 'in 89 minutes'],
  [90 * 60, 'in 2 hours'],
  [35 * 3600, 'in 35 hours'],
  [36 * 3600, 'in 2 days'],
  [90 * 86_400, 'in 90 days'],
  [-1, '1 second ago'],
  [-100, '2 minutes ago'],
  [-3600 * 3, '3 hours ago'],
  [-86_400 * 3, '3 days ago'],
])('%i seconds from now is "%s"', (seconds, words) => {
  expect(renderDistance(new Date(now.getTime() + seconds * 1000), now)).toBe(words);
});

test.each([
  [300_000, '5:00'],
  [299_001, '5:00'],
  [245_000, '4:05'],
  [1, '0:01'],
  [0, '0:00'],
  [-5000, '0:00'],
  [3_600_000, '60:00'],
])('%i milliseconds count down as %s', (milliseconds, text) => {
  expect(renderCountdown(milliseconds)).toBe(text);
});
