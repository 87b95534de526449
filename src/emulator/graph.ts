import type { EmulatorRequest, Reply } from './exchange.ts';
import { jsonReply } from './exchange.ts';
import { pairwiseSubject } from './id-token.ts';
import { graphResourceId } from './scopes.ts';
import type { AccessGrant, EmulatorState } from './state.ts';
import { momentNow, policyOf } from './state.ts';

/** Answers UserInfo (OpenID Connect Core, 5.3; entra.md 7.5): for a Graph token with `openid` only. */
export function answerUserInfo(state: EmulatorState, request: EmulatorRequest): Reply {
  const found = findAccess(state, request);
  if ('reply' in found) return found.reply;
  const { access } = found;
  const user = state.directory.users.get(access.userId);
  if (user === undefined || !access.scopes.includes('openid'))
    return unauthorized('Access token lacks the openid scope.');
  const profile = access.scopes.includes('profile');
  return jsonReply(200, {
    sub: pairwiseSubject(access.clientId, user, access.tenantId),
    name: profile ? user.name : undefined,
    family_name: profile ? user.familyName : undefined,
    given_name: profile ? user.givenName : undefined,
    picture: profile ? 'https://graph.microsoft.com/v1.0/me/photo/$value' : undefined,
    email: access.scopes.includes('email') ? user.email : undefined,
  });
}

/** Answers Graph's revokeSignInSessions: every refresh token issued so far becomes void, in all applications. */
export function answerRevokeSignInSessions(state: EmulatorState, request: EmulatorRequest): Reply {
  if (request.method !== 'POST') {
    return jsonReply(405, graphError('Request_BadRequest', `Unsupported method ${request.method}.`), { Allow: 'POST' });
  }
  const found = findAccess(state, request);
  if ('reply' in found) return found.reply;
  const { access } = found;
  if (!access.scopes.some((scope) => /\/(User\.RevokeSessions\.All|User\.ReadWrite\.All)$/.test(scope))) {
    return jsonReply(
      403,
      graphError('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
    );
  }
  const user = state.directory.users.get(access.userId);
  // Not for guests: the home tenant revokes.
  if (user?.tenantId !== access.tenantId) {
    return jsonReply(
      403,
      graphError('Authorization_RequestDenied', 'External users are revoked by their home tenant.'),
    );
  }
  revokeSessions(state, access.userId);
  return jsonReply(200, { '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean', value: true });
}

/** Makes every refresh token and browser session of a person void from now on. */
export function revokeSessions(state: EmulatorState, userId: string): void {
  state.accountPolicies.set(userId, { ...policyOf(state, userId), tokensValidFrom: momentNow(state) });
  for (const session of state.sessions.values()) session.accounts.delete(userId);
}

function findAccess(
  state: EmulatorState,
  request: EmulatorRequest,
): { readonly access: AccessGrant } | { readonly reply: Reply } {
  const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) return { reply: unauthorized('Access token is empty.') };
  const access = state.accessTokens.get(token);
  if (access === undefined) return { reply: unauthorized('CompactToken validation failed.') };
  if (access.resourceId !== graphResourceId)
    return { reply: unauthorized('Access token validation failure. Invalid audience.') };
  if (access.expiresAt <= state.now())
    return { reply: unauthorized('Lifetime validation failed, the token is expired.') };
  const { tokensValidFrom } = policyOf(state, access.userId);
  if (access.takesChallenges && tokensValidFrom !== undefined && access.serial <= tokensValidFrom.serial) {
    return { reply: claimsChallenge(state, tokensValidFrom.at) };
  }
  return { access };
}

// entra.md 8: continuous access evaluation, for clients that declared `cp1`.
function claimsChallenge(state: EmulatorState, validFrom: Date): Reply {
  const nbf = String(Math.ceil(validFrom.getTime() / 1000));
  const claims = Buffer.from(JSON.stringify({ access_token: { nbf: { essential: true, value: nbf } } })).toString(
    'base64',
  );
  const challenge = `Bearer realm="", authorization_uri="${state.origin}/common/oauth2/authorize", client_id="${graphResourceId}", error="insufficient_claims", claims="${claims}"`;
  const message =
    'Continuous access evaluation resulted in claims challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp';
  return jsonReply(401, graphError('InvalidAuthenticationToken', message), { 'WWW-Authenticate': challenge });
}

function unauthorized(message: string): Reply {
  return jsonReply(401, graphError('InvalidAuthenticationToken', message), {
    'WWW-Authenticate': 'Bearer realm="", error="invalid_token"',
  });
}

function graphError(code: string, message: string): unknown {
  return { error: { code, message } };
}
