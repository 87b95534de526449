import { expect, it } from 'vitest';
import { readClaimsRequest } from '../../src/auth/claims-request.ts';

const json = '{"id_token":{"auth_time":{"essential":true}},"note":"??>>"}';
const spaced = JSON.stringify(JSON.parse(json), undefined, 2);

it.each([
  ['JSON', spaced],
  ['base64, as a claims challenge gives it', Buffer.from(spaced).toString('base64')],
  ['base64url', Buffer.from(json).toString('base64url')],
])('takes %s and answers compact JSON (OpenID Connect Core, 5.5)', (_form, text) => {
  expect(readClaimsRequest(text)).toBe(json);
});

it.each(['', 'nonsense', '[]', '"text"', '7', 'null', Buffer.from('[1]').toString('base64'), '{"a":'])(
  'refuses %j with how to write it, without repeating it',
  (text) => {
    expect(() => readClaimsRequest(text)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'The value of --claims is neither a JSON object nor base64 of one.',
        hint: 'Quote it for the shell, e.g. --claims \'{"id_token":{"auth_time":null}}\'',
      }) as Error,
    );
  },
);

it('refuses JSON that is nested too deep to be written again, as base64 too', () => {
  const nested = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const usage = expect.objectContaining({ code: 'usage' }) as Error;
  expect(() => readClaimsRequest(nested)).toThrow(usage);
  expect(() => readClaimsRequest(Buffer.from(nested).toString('base64'))).toThrow(usage);
});
