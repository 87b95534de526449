import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { expect, it } from 'vitest';
import { EntraLoginError } from '../../src/errors.ts';
import type { Layout } from '../../src/render/claims.ts';
import type { ProfileStatus } from '../../src/render/status.ts';
import { renderStatus } from '../../src/render/status.ts';

const now = new Date(2026, 10, 23, 12, 0, 0);
const layoutOf = (columns: number, level: 0 | 3 = 0): Layout => ({ colors: new Chalk({ level }), columns, now });
const tenant = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
const signIn: ProfileStatus['signIn'] = {
  tenant: 'contoso.com',
  account: { username: 'alice@contoso.com', name: 'Alice \u001b[2JAnders', objectId: 'o', tenantId: tenant },
  subject: 's',
  metadata: { issuer: 'i', authorizationEndpoint: 'a', tokenEndpoint: 't', jwksUri: 'j', signingAlgorithms: [] },
  signingKeys: [],
  authorityHost: 'https://login.microsoftonline.com',
  clientId: 'c',
  redirectUri: 'http://localhost',
  scopes: ['openid'],
  confidential: false,
  idToken: 'secret',
  refreshToken: 'secret',
  otherTenants: [],
};
const working: ProfileStatus = {
  profile: 'work',
  current: true,
  signIn,
  tenant,
  clientId: 'de5c7090-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  scopes: Array.from({ length: 8 }, (_, index) => `https://graph.microsoft.com/Scope.${index}`),
  expiresAt: new Date(2026, 10, 23, 13, 0, 0),
  store: 'file',
  storeReason: 'environment ENTRA_LOGIN_STORE',
  elsewhere: ['keychain'],
  isProved: true,
  failure: undefined,
};
const failing: ProfileStatus = {
  ...working,
  profile: 'lab',
  current: false,
  scopes: ['openid'],
  expiresAt: undefined,
  elsewhere: [],
  isProved: false,
  failure: new EntraLoginError('sign_in_required', 'The sign-in was revoked, or the password changed.', {
    hint: 'entra-login login --profile lab',
    aadsts: 'AADSTS50173',
  }),
};

it('lays out each profile within 80 columns, foreign text made harmless', () => {
  expect(renderStatus([working, failing], layoutOf(80))).toBe(`work (in use)
  ✓ Signed in as alice@contoso.com (Alice \\u{1b}[2JAnders)
  - Tenant: ${tenant} (contoso.com)
  - Client ID: de5c7090-aaaa-4aaa-8aaa-aaaaaaaaaaaa
  - Scopes: https://graph.microsoft.com/Scope.0
    https://graph.microsoft.com/Scope.1 https://graph.microsoft.com/Scope.2
    https://graph.microsoft.com/Scope.3 https://graph.microsoft.com/Scope.4
    https://graph.microsoft.com/Scope.5 https://graph.microsoft.com/Scope.6
    https://graph.microsoft.com/Scope.7
  - Access token: expires in 60 minutes (2026-11-23 13:00:00)
  - Refresh token: works, it was just used
  - Store: file (ENTRA_LOGIN_STORE)
  - Something is kept in keychain too: --store keychain uses it

lab
  - Signed in as alice@contoso.com (Alice \\u{1b}[2JAnders)
  X The sign-in was revoked, or the password changed. (AADSTS50173)
  - Tenant: ${tenant} (contoso.com)
  - Client ID: de5c7090-aaaa-4aaa-8aaa-aaaaaaaaaaaa
  - Scopes: openid
  - Access token: none, got when asked for
  - Refresh token: kept
  - Store: file (ENTRA_LOGIN_STORE)
  - Try: entra-login login --profile lab
`);
});

it('is the same in colours, less the escapes, and keeps to the width', () => {
  for (const columns of [40, 80, 200]) {
    const plain = renderStatus([working, failing], layoutOf(columns));
    const colored = renderStatus([working, failing], layoutOf(columns, 3));
    expect(colored).toContain('\u001b[');
    expect(stripVTControlCharacters(colored)).toBe(plain);
    expect(plain.split('\n').filter(({ length }) => length > columns)).toEqual([]);
  }
});
