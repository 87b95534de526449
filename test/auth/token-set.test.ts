import { expect, it } from 'vitest';
import { toTokenSet } from '../../src/auth/token-set.ts';

const now = new Date('2026-11-23T12:00:00Z');
const answer = { access_token: 'A', token_type: 'bearer' as const, expires_in: 3599 };

it('converts a token answer: a moment for the seconds, a list for the scopes', () => {
  const full = { ...answer, scope: 'openid  User.Read', refresh_token: 'R', id_token: 'I', other: 1 };
  expect(toTokenSet(full, ['asked'], now)).toEqual({
    accessToken: 'A',
    tokenType: 'Bearer',
    expiresAt: new Date('2026-11-23T12:59:59Z'),
    scopes: ['openid', 'User.Read'],
    refreshToken: 'R',
    idToken: 'I',
  });
});

it('takes the scopes asked for where the answer names none (RFC 6749, 5.1)', () => {
  expect(toTokenSet(answer, ['asked'], now).scopes).toEqual(['asked']);
});

it('takes a year for a lifetime beyond measure, whose end no date could tell', () => {
  const { expiresAt } = toTokenSet({ ...answer, expires_in: 1e300 }, [], now);
  expect(expiresAt).toEqual(new Date('2027-11-24T12:00:00Z'));
});

it.each([undefined, 0, -1, Number.NaN, 5e-324])(
  'refuses a lifetime of %s: the token could never be judged',
  (expiresIn) => {
    expect(() => toTokenSet({ ...answer, expires_in: expiresIn }, [], now)).toThrow(
      expect.objectContaining({
        code: 'entra_unavailable',
        message: 'Unexpected answer: the token endpoint does not say how long the access token lives.',
      }) as Error,
    );
  },
);
