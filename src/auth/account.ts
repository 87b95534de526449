import { EntraLoginError } from '../errors.ts';
import type { IdTokenClaims } from './id-token.ts';

/** Who is signed in. Its key is `objectId` with `tenantId`; the rest is for display (Entra: "claims validation"). */
export interface Account {
  readonly username: string;
  readonly name: string;
  readonly objectId: string;
  readonly tenantId: string;
  /** The `login_hint` claim where the application asks for it: what `logout_hint` wants. */
  readonly loginHint?: string | undefined;
}

/**
 * Reads the account from verified claims. `oid` needs the scope `profile`, which every request asks for; without it
 * the token is no account's: `untrusted_response`.
 */
export function accountOf(claims: IdTokenClaims): Account {
  const text = (...names: string[]): string | undefined =>
    names.map((name) => claims[name]).find((value): value is string => typeof value === 'string' && value !== '');
  const objectId = text('oid');
  if (objectId === undefined) {
    throw new EntraLoginError('untrusted_response', 'The ID token names no account (it has no "oid").', {
      hint: 'Ask for the scope "profile": entra-login login --scope "openid profile email offline_access"',
    });
  }
  const username = text('preferred_username', 'upn', 'email', 'name') ?? objectId;
  return { username, name: text('name') ?? username, objectId, tenantId: claims.tid, loginHint: text('login_hint') };
}
