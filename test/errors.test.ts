import { expect, it } from 'vitest';
import { EntraLoginError, exitCodes } from '../src/errors.ts';

it('gives every code the exit code of the contract', () => {
  expect(exitCodes).toEqual({
    unexpected: 1,
    usage: 2,
    configuration: 2,
    sign_in_required: 3,
    access_denied: 4,
    entra_refused: 4,
    untrusted_response: 4,
    network: 5,
    entra_unavailable: 5,
    throttled: 5,
    keychain_unavailable: 6,
    store_failed: 6,
    timeout: 7,
    port_in_use: 8,
    check_failed: 9,
    cancelled: 130,
  });
});

it('carries what it is given, and a cause only where there is one', () => {
  const cause = new Error('below');
  const details = { hint: 'do this', aadsts: 'AADSTS50173', correlationId: 'c', traceId: 't', isLasting: true, cause };
  const error = new EntraLoginError('sign_in_required', 'Sign in.', details);
  expect(error).toBeInstanceOf(Error);
  expect(Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, Reflect.get(error, name)]))).toEqual(
    {
      name: 'EntraLoginError',
      code: 'sign_in_required',
      message: 'Sign in.',
      stack: expect.stringContaining('errors.test.ts') as string,
      ...details,
    },
  );
  expect(Object.hasOwn(new EntraLoginError('usage', 'Wrong.'), 'cause')).toBe(false);
});
