import * as openid from 'openid-client';
import type { Deadline } from './deadline.ts';
import type { EntraError } from './entra-errors.ts';
import type { IdTokenExpectations } from './id-token.ts';
import type { RequestContext } from './request.ts';
import { withOpenIdScopes } from './scopes.ts';
import type { EntraClient } from './token-endpoint.ts';
import { requestTokenSet } from './token-endpoint.ts';
import type { TokenSet } from './token-set.ts';

/** A renewal: which refresh token, for which scopes (of one resource), and whose it must be. */
export interface Renewal {
  readonly refreshToken: string;
  readonly scopes: readonly string[];
  readonly identity: IdTokenExpectations['identity'];
  /** A claims request, JSON as text. */
  readonly claims?: string | undefined;
  /** Answers the command to name when Entra wants the person. */
  readonly mend: (error: EntraError) => string;
}

/**
 * Renews with a refresh token (RFC 6749, 6). `scope` is always sent: without it Entra takes the application itself
 * for the resource (AADSTS90009). An answer without a refresh token leaves the old one in force.
 */
export async function refreshTokens(
  context: RequestContext,
  client: EntraClient,
  renewal: Renewal,
  deadline: Deadline,
): Promise<TokenSet> {
  const scopes = withOpenIdScopes(renewal.scopes);
  const parameters = { scope: scopes.join(' '), ...(renewal.claims === undefined ? {} : { claims: renewal.claims }) };
  const tokenSet = await requestTokenSet(context, client, {
    grant: (configuration) => openid.refreshTokenGrant(configuration, renewal.refreshToken, parameters),
    scopes,
    expected: { identity: renewal.identity },
    needsIdToken: false,
    moment: 'renewal',
    mend: renewal.mend,
    retries: 2,
    deadline,
  });
  return { ...tokenSet, refreshToken: tokenSet.refreshToken ?? renewal.refreshToken };
}
