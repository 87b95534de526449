import { consumersTenantId } from './directory.ts';
import type { IdTokenDefect } from './faults.ts';
import { signingInput, signJwt, signJwtWithHmac } from './jws.ts';
import type { SigningKey } from './key-ring.ts';
import type { EmulatorState } from './state.ts';

/** The sound token that a defect is made from. */
export interface SoundIdToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly key: SigningKey;
}

/** An identity that is nobody's. */
const strangerId = '00000000-dead-4bad-8bad-000000000bad';

/** Makes an ID token with exactly one thing wrong; `undefined` where the token itself is left out. */
export function spoilIdToken(state: EmulatorState, defect: IdTokenDefect, sound: SoundIdToken): string | undefined {
  const { header, payload, key } = sound;
  const changed = (changes: Record<string, unknown>): string =>
    signJwt(header, { ...payload, ...changes }, key.privateKey);
  const start = Math.floor(state.now().getTime() / 1000);
  const tenantId = String(payload['tid']);
  const issuerOf = (id: string): string => `${state.origin}/${id}/v2.0`;
  switch (defect) {
    case 'bad_signature':
      return breakSignature(changed({}));
    case 'signed_by_stranger':
      return signJwt(header, payload, state.keys.stranger.privateKey);
    case 'alg_none':
      return `${signingInput({ ...header, alg: 'none' }, payload)}.`;
    case 'hs256_with_public_key':
      return signJwtWithHmac({ ...header, alg: 'HS256' }, payload, key.publicKeyPem);
    case 'unknown_kid':
      return signJwt({ ...header, kid: state.keys.stranger.kid }, payload, state.keys.stranger.privateKey);
    case 'foreign_key_issuer':
      return signWithForeignKey(state, sound, tenantId);
    case 'not_a_jwt':
      return 'this-is-not-a-jwt';
    case 'wrong_issuer':
      return changed({ iss: `https://login.example.org/${tenantId}/v2.0` });
    case 'issuer_of_other_tenant':
      return changed({ iss: issuerOf(strangerId) });
    case 'wrong_audience':
      return changed({ aud: strangerId });
    case 'audience_array':
      return changed({ aud: [payload['aud'], strangerId] });
    case 'expired':
      return changed({ iat: start - 7800, nbf: start - 7800, exp: start - 3900 });
    case 'not_yet_valid':
      return changed({ iat: start + 3600, nbf: start + 3600, exp: start + 7500 });
    case 'wrong_nonce':
      return changed({ nonce: 'a-nonce-of-somebody-else' });
    case 'missing_nonce':
      return changed({ nonce: undefined });
    case 'missing_tid':
      return changed({ tid: undefined });
    case 'tid_not_a_guid':
      return changed({ tid: 'contoso.com', iss: issuerOf('contoso.com') });
    case 'tid_differs_from_issuer':
      return changed({ tid: strangerId });
    case 'missing_sub':
      return changed({ sub: undefined });
    case 'missing_oid':
      return changed({ oid: undefined });
    case 'other_oid':
      return changed({ oid: strangerId });
    case 'other_tid':
      return changed({ tid: strangerId, iss: issuerOf(strangerId) });
    case 'other_sub':
      return changed({ sub: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAsubOfSomebodyElse' });
    case 'missing':
      return undefined;
  }
}

// A key of the JWKS whose own `issuer` is not that of the token (entra.md 7.4, rule 6).
function signWithForeignKey(state: EmulatorState, { header, payload }: SoundIdToken, tenantId: string): string {
  const foreign = tenantId === consumersTenantId ? state.keys.application : state.keys.personal;
  return signJwt({ ...header, kid: foreign.kid }, payload, foreign.privateKey);
}

function breakSignature(jwt: string): string {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return `${header}.${payload}.${bytes.toString('base64url')}`;
}
