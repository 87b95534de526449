import type { KeptAccessToken, KeptIdentity, KeptSignIn } from '../../src/tokens/kept-profile.ts';

export const now = new Date('2026-11-23T12:00:00Z');
export const inAnHour = new Date('2026-11-23T13:00:00Z');

const metadata = {
  issuer: 'https://entra.test/{tenantid}/v2.0',
  authorizationEndpoint: 'https://entra.test/authorize',
  tokenEndpoint: 'https://entra.test/token',
  jwksUri: 'https://entra.test/keys',
  deviceAuthorizationEndpoint: 'https://entra.test/devicecode',
  endSessionEndpoint: 'https://entra.test/logout',
  userInfoEndpoint: 'https://entra.test/userinfo',
  signingAlgorithms: ['RS256'],
};

/** Who alice is as a guest of another tenant. */
export const guest: KeptIdentity = {
  tenant: 'fabrikam.com',
  account: { username: 'alice@contoso.com', name: 'Alice', objectId: 'O2', tenantId: 'T2', loginHint: undefined },
  subject: 'S2',
  metadata,
  signingKeys: [],
};

/** A whole sign-in as it is kept; the ID token is none that anybody verifies. */
export const signIn: KeptSignIn = {
  tenant: 'contoso.com',
  account: { username: 'alice@contoso.com', name: 'Alice', objectId: 'O', tenantId: 'T', loginHint: 'H' },
  subject: 'S',
  metadata,
  signingKeys: [{ kid: 'K', modulus: 'N', exponent: 'AQAB', algorithm: 'RS256', issuer: metadata.issuer }],
  authorityHost: 'https://entra.test',
  clientId: 'C',
  redirectUri: 'http://localhost:5000/callback',
  scopes: ['openid', 'User.Read'],
  confidential: false,
  idToken: `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${Buffer.from('{"name":"Alice"}').toString('base64url')}.c2ln`,
  refreshToken: 'R',
  otherTenants: [guest],
};

/** An access token for Microsoft Graph that lives another hour. */
export const graphToken: KeptAccessToken = {
  kind: 'person',
  authorityHost: 'https://entra.test',
  tenant: 'T',
  clientId: 'C',
  resource: 'https://graph.microsoft.com',
  asked: ['openid', 'User.Read'],
  scopes: ['openid', 'User.Read', 'email'],
  accessToken: 'A',
  expiresAt: inAnHour,
  issuedAt: new Date('2026-11-23T11:59:00Z'),
  usedAt: new Date('2026-11-23T11:59:00Z'),
};
