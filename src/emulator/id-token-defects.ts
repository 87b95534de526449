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
const strangerId = '00000000-dead-4bad-8bad-0000000000ad';

/** Makes an ID token with exactly one thing wrong. */
export function spoilIdToken(
  state: EmulatorState,
  defect: Exclude<IdTokenDefect, 'missing'>,
  sound: SoundIdToken,
): string {
  const { header, payload, key } = sound;
  const { stranger } = state.keys;
  const changed = (changes: Record<string, unknown>): string =>
    signJwt(header, { ...payload, ...changes }, key.privateKey);
  const now = Math.floor(state.now().getTime() / 1000);
  const tenantId = String(payload['tid']);
  const issuerOf = (id: string): string => `${state.origin}/${id}/v2.0`;
  const spoilers: Readonly<Record<typeof defect, () => string>> = {
    bad_signature: () => breakSignature(changed({})),
    signed_by_stranger: () => signJwt(header, payload, stranger.privateKey),
    alg_none: () => `${signingInput({ ...header, alg: 'none' }, payload)}.`,
    hs256_with_public_key: () => signJwtWithHmac({ ...header, alg: 'HS256' }, payload, key.publicKeyPem),
    unknown_kid: () => signJwt({ ...header, kid: stranger.kid }, payload, stranger.privateKey),
    foreign_key_issuer: () => signWithForeignKey(state, sound, tenantId),
    not_a_jwt: () => 'this-is-not-a-jwt',
    wrong_issuer: () => changed({ iss: `https://login.example.org/${tenantId}/v2.0` }),
    issuer_of_other_tenant: () => changed({ iss: issuerOf(strangerId) }),
    wrong_audience: () => changed({ aud: strangerId }),
    audience_array: () => changed({ aud: [payload['aud'], strangerId] }),
    expired: () => changed({ iat: now - 7800, nbf: now - 7800, exp: now - 3900 }),
    not_yet_valid: () => changed({ iat: now + 3600, nbf: now + 3600, exp: now + 7500 }),
    wrong_nonce: () => changed({ nonce: 'a-nonce-of-somebody-else' }),
    missing_nonce: () => changed({ nonce: undefined }),
    missing_tid: () => changed({ tid: undefined }),
    tid_not_a_guid: () => changed({ tid: 'contoso.com', iss: issuerOf('contoso.com') }),
    tid_differs_from_issuer: () => changed({ tid: strangerId }),
    missing_sub: () => changed({ sub: undefined }),
    missing_oid: () => changed({ oid: undefined }),
    other_oid: () => changed({ oid: strangerId }),
    other_tid: () => changed({ tid: strangerId, iss: issuerOf(strangerId) }),
    other_sub: () => changed({ sub: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAsubOfSomebodyElse' }),
  };
  return spoilers[defect]();
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
