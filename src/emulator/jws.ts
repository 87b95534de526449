import { createHash, createHmac, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Signs a JWT with RS256. */
export function signJwt(header: Record<string, unknown>, payload: Record<string, unknown>, key: KeyObject): string {
  const input = signingInput(header, payload);
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

/**
 * Signs as Graph's tokens are: over a header whose `nonce` is hashed, so that nobody but Graph can verify them and a
 * client that tries finds the signature wrong.
 */
export function signJwtForGraph(header: { nonce: string }, payload: Record<string, unknown>, key: KeyObject): string {
  const hashed = { ...header, nonce: createHash('sha256').update(header.nonce).digest('base64url') };
  const signature = sign('sha256', Buffer.from(signingInput(hashed, payload)), key).toString('base64url');
  return `${signingInput(header, payload)}.${signature}`;
}

/** Makes a JWT with an HMAC over a public key, the classic confusion of algorithms (RFC 8725, 2.1). */
export function signJwtWithHmac(
  header: Record<string, unknown>,
  payload: Record<string, unknown>,
  secret: string,
): string {
  const input = signingInput(header, payload);
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** Joins header and payload as RFC 7515, 5.1 does. */
export function signingInput(header: Record<string, unknown>, payload: Record<string, unknown>): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode(header)}.${encode(payload)}`;
}

/** Reads header and payload of a JWT without looking at its signature; `undefined` if it is none. */
export function readWithoutVerifying(
  jwt: string,
): { readonly header: Record<string, unknown>; readonly payload: Record<string, unknown> } | undefined {
  const parts = jwt.split('.');
  if (parts.length !== 3) return undefined;
  const [header, payload] = parts.slice(0, 2).map(readPart);
  return header === undefined || payload === undefined ? undefined : { header, payload };
}

function readPart(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
