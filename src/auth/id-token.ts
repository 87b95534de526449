import { constants, createPublicKey, verify } from 'node:crypto';
import { EntraLoginError } from '../errors.ts';
import { expectedIssuer, isGuid } from './issuer.ts';
import { decodeWithoutVerifying } from './jwt.ts';
import type { SigningKey } from './signing-keys.ts';
import { toJsonWebKey } from './signing-keys.ts';

/** Claims of a verified ID token: those that are always there by name, and all as they stand. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly tid: string;
  readonly exp: number;
  readonly [claim: string]: unknown;
}

/** What an ID token must fit. */
export interface IdTokenExpectations {
  readonly clientId: string;
  /** The discovery document's, possibly with `{tenantid}`. */
  readonly issuer: string;
  readonly signingAlgorithms: readonly string[];
  /** The nonce of a browser sign-in; without one the claim is not looked at. */
  readonly nonce?: string | undefined;
  /** At a renewal in the same tenant: who it must still be. */
  readonly identity?: { readonly oid: unknown; readonly tid: string; readonly sub: string } | undefined;
}

/** The contract's tolerance for times, in seconds: Entra dates tokens five minutes back itself, and clocks drift. */
export const toleranceSeconds = 300;

/**
 * Verifies an ID token in full: signature by a key of the tenant, `iss` by Entra's rule, the key's own `issuer`, `aud`,
 * `exp`, `nbf`, `nonce`, `tid`, and at a renewal the identity (OpenID Connect Core 3.1.3.7; Entra "claims validation").
 * `findKeys` answers the keys with a `kid`; `clockSkew` is the seconds by which the server's clock is ahead. Throws
 * `untrusted_response`, whose message names what did not fit.
 */
export async function verifyIdToken(
  token: string,
  expected: IdTokenExpectations,
  findKeys: (kid: string) => Promise<readonly SigningKey[]>,
  now: Date,
  clockSkew?: number,
): Promise<IdTokenClaims> {
  const decoded = decodeWithoutVerifying(token);
  if (decoded === undefined) throw refuse('it is not a signed JWT');
  const { header, claims } = decoded;
  const algorithm = header['alg'];
  if (typeof algorithm !== 'string' || !expected.signingAlgorithms.includes(algorithm)) {
    throw refuse(`its signature algorithm ${JSON.stringify(algorithm)} is not among the tenant's`);
  }
  if (header['crit'] !== undefined) throw refuse('its header demands an extension ("crit")');
  const kid = header['kid'];
  if (typeof kid !== 'string') throw refuse('it names no signing key ("kid")');
  const keys = await findKeys(kid);
  if (keys.length === 0) throw refuse("its signing key is not among the tenant's keys");
  const key = keys.find((candidate) => isSignedBy(decoded.signedPart, decoded.signature, algorithm, candidate));
  if (key === undefined) throw refuse("its signature does not fit the tenant's key");
  return checkClaims(claims, key, expected, now, clockHint(now, clockSkew));
}

/** Tells whether the key made the signature, with an algorithm already found among the tenant's (RFC 7518, 3.3 and 3.5). */
export function isSignedBy(signedPart: string, signature: Buffer, algorithm: string, key: SigningKey): boolean {
  if (key.algorithm !== undefined && key.algorithm !== algorithm) return false;
  try {
    const publicKey = createPublicKey({ key: toJsonWebKey(key), format: 'jwk' });
    // RFC 7518, 3.3: 2,048 bits or more.
    if ((publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return false;
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const verifier = algorithm.startsWith('PS') ? { key: publicKey, ...pss } : publicKey;
    return verify(`sha${algorithm.slice(2)}`, Buffer.from(signedPart), verifier, signature);
  } catch {
    return false; // a mislabelled or malformed key verifies nothing
  }
}

function checkClaims(
  claims: Record<string, unknown>,
  key: SigningKey,
  expected: IdTokenExpectations,
  now: Date,
  hint: string,
): IdTokenClaims {
  const { iss, sub, tid, aud, exp, nbf, nonce, oid } = claims;
  if (typeof tid !== 'string' || !isGuid(tid)) throw refuse('its "tid" is not a tenant ID');
  if (typeof iss !== 'string' || iss !== expectedIssuer(expected.issuer, tid)) {
    throw refuse(`its issuer is not the tenant's (${expectedIssuer(expected.issuer, tid)})`);
  }
  if (key.issuer !== undefined && expectedIssuer(key.issuer, tid) !== iss) {
    throw refuse('it is signed with a key of another issuer');
  }
  if (aud !== expected.clientId) throw refuse('it was issued for another application ("aud")');
  if (typeof sub !== 'string' || sub === '') throw refuse('it names no subject ("sub")');
  const seconds = now.getTime() / 1000;
  if (typeof exp !== 'number') throw refuse('it has no expiry ("exp")');
  if (exp + toleranceSeconds <= seconds) throw refuse('it has expired ("exp")', hint);
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf - toleranceSeconds > seconds)) {
    throw refuse('it is not valid yet ("nbf")', hint);
  }
  if (expected.nonce !== undefined && nonce !== expected.nonce) {
    throw refuse('it does not belong to this sign-in ("nonce")');
  }
  const identity = expected.identity;
  if (identity !== undefined && (identity.oid !== oid || identity.tid !== tid || identity.sub !== sub)) {
    throw refuse('it names another account than the one signed in ("oid", "tid", "sub")');
  }
  return { ...claims, iss, sub, tid, exp };
}

// Whose clock is wrong nobody can tell; Entra's hardly ever is.
function clockHint(now: Date, skew = 0): string {
  const mend = 'Check the clock of this machine: it must be right within five minutes.';
  const minutes = Math.round(Math.abs(skew) / 60);
  if (minutes <= toleranceSeconds / 60) return mend;
  const difference = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  const serverTime = new Date(now.getTime() + skew * 1000).toISOString().slice(0, 16).replace('T', ' ');
  return `${mend} It is ${difference} ${skew > 0 ? 'behind' : 'ahead of'} Entra's (${serverTime} UTC).`;
}

function refuse(reason: string, hint = 'Nothing new is kept. Sign in again: entra-login login'): EntraLoginError {
  return new EntraLoginError('untrusted_response', `The ID token failed verification: ${reason}.`, { hint });
}
