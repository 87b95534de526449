import { randomInt } from 'node:crypto';
import { signAccessToken } from './access-token.ts';
import { declaresChallenges } from './claims-parameter.ts';
import { consentedScopes } from './consent.ts';
import type { ApiResource, Application, User } from './directory.ts';
import { makeIdToken } from './id-token.ts';
import type { RequestedScopes } from './scopes.ts';
import { graphResourceId } from './scopes.ts';
import type { EmulatorState, Grant } from './state.ts';
import { issueOpaque } from './state.ts';

/** What a token answer is made from. */
export interface TokenOrder {
  readonly application: Application;
  readonly user: User;
  readonly grant: Grant;
  /** What the token request, or else the authorization request, asked for. */
  readonly scopes: RequestedScopes;
  readonly resource: ApiResource;
  readonly nonce: string | undefined;
  readonly claims: string | undefined;
  readonly clientInfo: boolean;
  readonly grantType: string;
  /** When the line of refresh tokens began; now for the first. */
  readonly lineBeganAt: Date;
}

/** Issues the tokens of a person and answers the success body, member order included (entra.md 4.2). */
export function issueTokens(state: EmulatorState, order: TokenOrder): Record<string, unknown> {
  const { application, user, grant, resource } = order;
  const openId = [...new Set([...grant.scopes.filter(isOpenIdScope), ...order.scopes.openId])];
  const scopes = grantedScopes(state, order, openId);
  const expiresIn = state.accessTokenLifetime ?? drawLifetime(order);
  const accessToken = signAccessToken(state, {
    application,
    user,
    grant,
    resource,
    scopes,
    expiresIn,
    claims: order.claims,
  });
  const refreshToken = openId.includes('offline_access') ? issueRefreshToken(state, order) : undefined;
  const idToken = openId.includes('openid')
    ? makeIdToken(state, { application, user, grant, openId, nonce: order.nonce, grantType: order.grantType })
    : undefined;
  return {
    token_type: 'Bearer',
    scope: scopes.join(' '),
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    access_token: accessToken,
    refresh_token: refreshToken,
    id_token: idToken,
    client_info: order.clientInfo ? clientInfo(state, user.objectId) : undefined,
  };
}

// entra.md 4.3: 60 to 90 minutes; 20 to 28 hours where access is evaluated continuously.
function drawLifetime({ claims, resource }: TokenOrder): number {
  const continuous = resource.appId === graphResourceId && declaresChallenges(claims);
  return continuous ? randomInt(72_000, 100_801) : randomInt(3599, 5400);
}

/** Answers `client_info`: the home account, from which MSAL makes its `home_account_id`. */
export function clientInfo(state: EmulatorState, userId: string): string {
  const body = { uid: userId, utid: state.directory.users.get(userId)?.tenantId };
  return Buffer.from(JSON.stringify(body)).toString('base64url');
}

// Normalised and extended, as Entra does: everything consented for the resource; OpenID scopes with Graph only.
function grantedScopes(state: EmulatorState, order: TokenOrder, openId: readonly string[]): string[] {
  const { application, user, grant, resource, scopes } = order;
  const consented = consentedScopes(state, application, user, grant.tenantId, resource).map((scope) => scope.full);
  const asked = scopes.ofResources.filter((scope) => scope.resource === resource).map((scope) => scope.full);
  const ofGraph = resource.appId === graphResourceId ? openId.filter((scope) => scope !== 'offline_access') : [];
  return [...ofGraph.toSorted(), ...new Set([...consented, ...asked].toSorted())];
}

function issueRefreshToken(state: EmulatorState, order: TokenOrder): string {
  const token = issueOpaque(state, 'refresh_token');
  state.refreshTokens.set(token, {
    ...order.grant,
    claims: order.claims,
    issuedAt: state.now(),
    serial: (state.serial += 1),
    lineBeganAt: order.lineBeganAt,
    resourceId: order.resource.appId,
    used: false,
  });
  return token;
}

function isOpenIdScope(scope: string): boolean {
  return !scope.includes('/');
}
