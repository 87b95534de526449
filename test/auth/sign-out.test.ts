import { expect, it } from 'vitest';
import type { Account } from '../../src/auth/account.ts';
import type { TenantMetadata } from '../../src/auth/discovery.ts';
import { endSessionUrl } from '../../src/auth/sign-out.ts';

const account: Account = { username: 'u', name: 'N', objectId: 'O', tenantId: 'T' };
const metadata: TenantMetadata = {
  issuer: 'https://e/T/v2.0',
  authorizationEndpoint: 'https://e/a',
  tokenEndpoint: 'https://e/t',
  jwksUri: 'https://e/k',
  signingAlgorithms: ['RS256'],
};
const endSessionEndpoint = 'https://e/logout?p=1';

it('names the account by its login_hint claim, and sends no token (RP-Initiated Logout)', () => {
  expect(endSessionUrl({ ...metadata, endSessionEndpoint }, { ...account, loginHint: 'O.a b&c' })).toBe(
    'https://e/logout?p=1&logout_hint=O.a+b%26c',
  );
});

it('goes without a hint where the account has none', () => {
  expect(endSessionUrl({ ...metadata, endSessionEndpoint }, account)).toBe(endSessionEndpoint);
});

it('is none where the tenant has no such endpoint', () => {
  expect(endSessionUrl(metadata, account)).toBeUndefined();
});
