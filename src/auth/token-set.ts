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
  const expiresAt = expiryAfter(response.expires_in, now);
  if (expiresAt === undefined) {
    throw unexpectedAnswer('the token endpoint', 'does not say how long the access token lives');
  }
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

// Entra's longest is 28 hours. A number without measure would make a date that cannot be written.
const longestLifetime = 366 * 86_400;

/** Answers when a token expires that lives that many seconds, a year at most; `undefined` if it does not live one. */
export function expiryAfter(seconds: number | undefined, now: Date): Date | undefined {
  if (seconds === undefined || !(seconds >= 1)) return undefined;
  return new Date(now.getTime() + Math.min(seconds, longestLifetime) * 1000);
}
