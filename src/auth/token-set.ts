import type { TokenEndpointResponse } from 'openid-client';
import { unexpectedAnswer } from './request.ts';
import type { IdTokenClaims } from './id-token.ts';
import type { SigningKey } from './signing-keys.ts';

/** What one token response gave. */
export interface TokenSet {
  readonly accessToken: string;
  /** As Entra writes it: `Bearer`. */
  readonly tokenType: string;
  readonly expiresAt: Date;
  /** Scopes granted; those asked for where the answer names none. */
  readonly scopes: readonly string[];
  readonly refreshToken?: string | undefined;
  readonly idToken?: string | undefined;
  /** Of the ID token, verified. */
  readonly claims?: IdTokenClaims | undefined;
  /** The signing keys fetched on the way, if any were. */
  readonly signingKeys?: readonly SigningKey[] | undefined;
}

/** Converts a token answer (snake_case, `expires_in` in seconds) to ours. */
export function toTokenSet(response: TokenEndpointResponse, asked: readonly string[], now: Date): TokenSet {
  if (response.expires_in === undefined || !(response.expires_in > 0)) {
    throw unexpectedAnswer('the token endpoint', 'does not say how long the access token lives');
  }
  const expiresAt = new Date(now.getTime() + response.expires_in * 1000);
  if (Number.isNaN(expiresAt.getTime()))
    throw unexpectedAnswer('the token endpoint', 'gave a lifetime beyond all dates');
  // RFC 6749, A.12, and no space: it is printed, and put into headers, scripts and environments.
  if (!/^[\x21-\x7e]+$/.test(response.access_token)) {
    throw unexpectedAnswer('the token endpoint', 'gave an access token with characters that no token has');
  }
  return {
    accessToken: response.access_token,
    tokenType: 'Bearer',
    expiresAt,
    scopes: response.scope === undefined ? asked : response.scope.split(' ').filter((scope) => scope !== ''),
    refreshToken: response.refresh_token,
    idToken: response.id_token,
  };
}
