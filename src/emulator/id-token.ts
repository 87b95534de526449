import { createHash, randomBytes } from 'node:crypto';
import type { Application, User } from './directory.ts';
import { consumersTenantId, isPersonal, objectIdIn } from './directory.ts';
import { takeIdTokenDefect } from './fault-matching.ts';
import { spoilIdToken } from './id-token-defects.ts';
import { signJwt } from './jws.ts';
import type { EmulatorState, Grant } from './state.ts';

/** What an ID token says. */
export interface IdTokenOrder {
  readonly application: Application;
  readonly user: User;
  readonly grant: Grant;
  readonly openId: readonly string[];
  readonly nonce: string | undefined;
  readonly grantType: string;
}

/** Makes an ID token, member order included (entra.md 7.1), spoilt if a fault says so; `undefined` if it is left out. */
export function makeIdToken(state: EmulatorState, order: IdTokenOrder): string | undefined {
  const key =
    order.application.ownSigningKey === true
      ? state.keys.application
      : order.grant.tenantId === consumersTenantId
        ? state.keys.personal
        : state.keys.signing();
  const header = { typ: 'JWT', alg: 'RS256', kid: key.kid };
  const payload = idTokenClaims(state, order);
  const defect = takeIdTokenDefect(state, order.grantType);
  if (defect === 'missing') return undefined;
  const token =
    defect === undefined
      ? signJwt(header, payload, key.privateKey)
      : spoilIdToken(state, defect, { header, payload, key });
  state.issued.push({ kind: 'id_token', value: token });
  return token;
}

/** Answers `sub`: one person has another in every application (OpenID Connect Core, 8.1). */
export function pairwiseSubject(clientId: string, user: User, tenantId: string): string {
  return createHash('sha256')
    .update(`${clientId} ${tenantId} ${objectIdIn(user, tenantId)}`)
    .digest('base64url');
}

function idTokenClaims(
  state: EmulatorState,
  { application, user, grant, openId, nonce }: IdTokenOrder,
): Record<string, unknown> {
  // Entra sets the start five minutes back, for clocks that are behind, and adds them to the hour (entra.md 12.2).
  const start = Math.floor(state.now().getTime() / 1000) - 300;
  const profile = openId.includes('profile');
  const guest = user.tenantId !== grant.tenantId;
  const home = isPersonal(user) ? 'live.com' : `https://sts.windows.net/${user.tenantId}/`;
  const claims = {
    aud: application.clientId,
    iss: `${state.origin}/${grant.tenantId}/v2.0`,
    iat: start,
    nbf: start,
    exp: start + 3900,
    aio: randomBytes(60).toString('base64'),
    email: openId.includes('email') ? user.email : undefined,
    idp: guest ? home : undefined,
    name: profile ? user.name : undefined,
    nonce,
    oid: profile ? objectIdIn(user, grant.tenantId) : undefined,
    preferred_username: profile ? user.username : undefined,
    rh: `1.A${randomBytes(40).toString('base64url')}.`,
    sub: pairwiseSubject(application.clientId, user, grant.tenantId),
    tid: grant.tenantId,
    uti: randomBytes(16).toString('base64url'),
    ver: '2.0',
    ...user.extraClaims,
  };
  return claims;
}
