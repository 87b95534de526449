import { expect, it } from 'vitest';
import { accountOf } from '../../src/auth/account.ts';

const always = { iss: 'i', sub: 's', tid: 'T', exp: 1 };

it.each([
  [
    { oid: 'O', preferred_username: 'u', upn: 'p', email: 'e', name: 'N', login_hint: 'H' },
    { username: 'u', name: 'N', objectId: 'O', tenantId: 'T', loginHint: 'H' },
  ],
  [
    { oid: 'O', upn: 'p', email: 'e' },
    { username: 'p', name: 'p', objectId: 'O', tenantId: 'T' },
  ],
  [
    { oid: 'O', email: 'e', name: '' },
    { username: 'e', name: 'e', objectId: 'O', tenantId: 'T' },
  ],
  [
    { oid: 'O', preferred_username: 7, name: 'N' },
    { username: 'N', name: 'N', objectId: 'O', tenantId: 'T' },
  ],
  [{ oid: 'O' }, { username: 'O', name: 'O', objectId: 'O', tenantId: 'T' }],
])('reads the account from %j', (claims, account) => {
  expect(accountOf({ ...always, ...claims })).toEqual(account);
});

it.each([{}, { oid: '' }, { oid: 7 }, { email: 'never a key' }])(
  'finds no account in %j: nobody is signed in',
  (claims) => {
    expect(() => accountOf({ ...always, ...claims })).toThrow(
      expect.objectContaining({
        code: 'untrusted_response',
        message: 'The ID token names no account (it has no "oid").',
        hint: expect.stringContaining('--scope "openid profile email offline_access"') as string,
      }) as Error,
    );
  },
);
