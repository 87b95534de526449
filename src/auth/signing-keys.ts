import type { JsonWebKey } from 'node:crypto';
import type { Deadline } from './deadline.ts';
import { isRecord } from './json.ts';
import type { RequestContext } from './request.ts';
import { jsonOf, sendRequest, unexpectedAnswer } from './request.ts';

/** A public RSA key of a JWKS (RFC 7517), with the `issuer` that Entra adds to each key. */
export interface SigningKey {
  readonly kid: string;
  /** base64url. */
  readonly modulus: string;
  /** base64url. */
  readonly exponent: string;
  readonly algorithm?: string | undefined;
  /** May hold the `{tenantid}` template. */
  readonly issuer?: string | undefined;
}

const what = 'the signing keys';
// Entra has some ten. They are kept with the account, and a keychain's item holds little.
const mostKeys = 100;

/**
 * Fetches a tenant's signing keys; keys that are not RSA, not for signatures or without `kid` are left out. With
 * `clientId` it asks for the keys of that application too (`?appid=`, for applications with a signing key of their own).
 */
export async function fetchSigningKeys(
  context: RequestContext,
  jwksUri: string,
  clientId: string | undefined,
  deadline: Deadline,
  retries: 0 | 2 = 2,
): Promise<SigningKey[]> {
  const url = new URL(jwksUri);
  if (clientId !== undefined) url.searchParams.set('appid', clientId);
  const init = { headers: { accept: 'application/json' } };
  const answer = await sendRequest(context, url.href, init, { what, retries, deadline });
  const { keys } = jsonOf(answer, what);
  if (answer.status !== 200 || !Array.isArray(keys)) {
    throw unexpectedAnswer(what, `hold no keys (HTTP ${answer.status})`);
  }
  return keys
    .slice(0, mostKeys)
    .map(readKey)
    .filter((key) => key !== undefined);
}

function readKey(key: unknown): SigningKey | undefined {
  if (!isRecord(key)) return undefined;
  const { kty, use, kid, n, e, alg, issuer } = key;
  if (kty !== 'RSA' || (use !== undefined && use !== 'sig')) return undefined;
  if (typeof kid !== 'string' || typeof n !== 'string' || typeof e !== 'string') return undefined;
  return {
    kid,
    modulus: n,
    exponent: e,
    algorithm: typeof alg === 'string' ? alg : undefined,
    issuer: typeof issuer === 'string' ? issuer : undefined,
  };
}

/** Answers the key in the form node:crypto imports. */
export function toJsonWebKey(key: SigningKey): JsonWebKey {
  return { kty: 'RSA', n: key.modulus, e: key.exponent };
}
