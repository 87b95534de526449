import { randomBytes } from 'node:crypto';
import { declaresChallenges } from './claims-parameter.ts';
import type { ApiResource, Application, User } from './directory.ts';
import { isPersonal, objectIdIn } from './directory.ts';
import { signJwt, signJwtForGraph } from './jws.ts';
import { pairwiseSubject } from './id-token.ts';
import { graphResourceId } from './scopes.ts';
import type { EmulatorState, Grant } from './state.ts';
import { issueOpaque } from './state.ts';

/** What an access token of a person says. */
export interface AccessTokenOrder {
  readonly application: Application;
  readonly user: User;
  readonly grant: Grant;
  readonly resource: ApiResource;
  readonly scopes: readonly string[];
  readonly expiresIn: number;
  readonly claims: string | undefined;
}

/** Makes an access token of about the real size and remembers what it is good for. */
export function signAccessToken(state: EmulatorState, order: AccessTokenOrder): string {
  const { user, resource } = order;
  const graph = resource.appId === graphResourceId;
  // Microsoft encrypts the tokens of personal accounts: nobody can look into them.
  const token = graph && isPersonal(user) ? issueOpaque(state, 'access_token', 1100) : makeJwt(state, order, graph);
  state.accessTokens.set(token, {
    userId: user.objectId,
    tenantId: order.grant.tenantId,
    clientId: order.application.clientId,
    resourceId: resource.appId,
    scopes: order.scopes,
    serial: (state.serial += 1),
    expiresAt: new Date(state.now().getTime() + order.expiresIn * 1000),
    takesChallenges: declaresChallenges(order.claims),
  });
  return token;
}

/** Makes the access token of an application itself. */
export function signAppToken(
  state: EmulatorState,
  application: Application,
  resource: ApiResource,
  audience: string,
  tenantId: string,
  credential: 'secret' | 'certificate',
  lifetime = 3599,
): string {
  const now = startOf(state);
  const payload = {
    aud: resource.tokenVersion === 2 ? resource.appId : audience,
    iss: issuerOf(state, resource, tenantId),
    iat: now,
    nbf: now,
    exp: now + 300 + lifetime,
    aio: randomBytes(30).toString('base64'),
    ...clientClaims(application, resource, credential === 'secret' ? '1' : '2'),
    idp: `https://sts.windows.net/${tenantId}/`,
    idtyp: 'app',
    oid: application.servicePrincipalId ?? application.clientId,
    rh: `1.A${randomBytes(40).toString('base64url')}.`,
    roles: application.appRoles?.[resource.appId] ?? [],
    sub: application.servicePrincipalId ?? application.clientId,
    tid: tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: `${resource.tokenVersion}.0`,
  };
  const token = sealJwt(state, payload, resource.appId === graphResourceId);
  return token;
}

function makeJwt(
  state: EmulatorState,
  { application, user, grant, resource, scopes, expiresIn, claims }: AccessTokenOrder,
  graph: boolean,
): string {
  const now = startOf(state);
  const names = scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1)).filter((name) => name !== '.default');
  const payload = {
    aud: resource.tokenVersion === 2 ? resource.appId : (resource.identifierUris[0] ?? resource.appId),
    iss: issuerOf(state, resource, grant.tenantId),
    iat: now,
    nbf: now,
    exp: now + 300 + expiresIn,
    acct: user.tenantId === grant.tenantId ? 0 : 1,
    acr: '1',
    aio: randomBytes(60).toString('base64'),
    amr: grant.mfa ? ['pwd', 'mfa'] : ['pwd'],
    ...clientClaims(application, resource, grant.clientType === 'web' ? '1' : '0'),
    family_name: user.familyName,
    given_name: user.givenName,
    idtyp: 'user',
    ipaddr: '203.0.113.7',
    name: user.name,
    oid: objectIdIn(user, grant.tenantId),
    // Real tokens carry about as much in claims of Microsoft's own.
    platf: '8',
    puid: `1003${randomBytes(6).toString('hex').toUpperCase()}`,
    rh: `1.A${randomBytes(60).toString('base64url')}.`,
    scp: names.join(' '),
    sid: grant.userId,
    sub: pairwiseSubject(resource.appId, user, grant.tenantId),
    tenant_region_scope: state.directory.tenants.get(grant.tenantId)?.region,
    tid: grant.tenantId,
    unique_name: user.username,
    upn: user.username,
    uti: randomBytes(16).toString('base64url'),
    ver: `${resource.tokenVersion}.0`,
    wids: user.extraClaims?.['wids'] ?? ['b79fbf4d-3ef9-4689-8143-76b194e85509'],
    xms_cc: declaresChallenges(claims) ? ['cp1'] : undefined,
    xms_ftd: randomBytes(64).toString('base64url'),
    xms_idrel: '1 16',
    xms_st: { sub: pairwiseSubject(application.clientId, user, grant.tenantId) },
    xms_tcdt: 1_400_000_000,
  };
  return sealJwt(state, payload, graph);
}

function sealJwt(state: EmulatorState, payload: Record<string, unknown>, graph: boolean): string {
  const key = state.keys.signing();
  const header = { typ: 'JWT', nonce: randomBytes(32).toString('base64url'), alg: 'RS256', x5t: key.kid, kid: key.kid };
  const { nonce: _, ...plainHeader } = header;
  const token = graph
    ? signJwtForGraph(header, payload, key.privateKey)
    : signJwt(plainHeader, payload, key.privateKey);
  state.issued.push({ kind: 'access_token', value: token });
  return token;
}

function clientClaims(
  application: Application,
  resource: ApiResource,
  method: '0' | '1' | '2',
): Record<string, unknown> {
  if (resource.tokenVersion === 2) return { azp: application.clientId, azpacr: method };
  return { app_displayname: application.name, appid: application.clientId, appidacr: method };
}

function issuerOf(state: EmulatorState, resource: ApiResource, tenantId: string): string {
  return resource.tokenVersion === 2 ? `${state.origin}/${tenantId}/v2.0` : `https://sts.windows.net/${tenantId}/`;
}

// Like ID tokens, access tokens begin five minutes in the past.
function startOf(state: EmulatorState): number {
  return Math.floor(state.now().getTime() / 1000) - 300;
}
