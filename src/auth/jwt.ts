import { parseJsonObject } from './json.ts';

/** A JWT in its parts; nothing of it is proved. */
export interface DecodedJwt {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  /** What the signature is over: header and payload as they stand in the token. */
  readonly signedPart: string;
  readonly signature: Buffer;
}

// A token of Entra's is 1 to 5 kB.
const tokenLimit = 64 * 1024;

/** Takes a compact JWS apart (RFC 7515, 3.1) without verifying anything; `undefined` if it is none. */
export function decodeWithoutVerifying(token: string): DecodedJwt | undefined {
  if (token.length > tokenLimit || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) return undefined;
  const [headerPart = '', payloadPart = '', signaturePart = ''] = token.split('.');
  const header = parsePart(headerPart);
  const claims = parsePart(payloadPart);
  if (header === undefined || claims === undefined) return undefined;
  const signature = Buffer.from(signaturePart, 'base64url');
  // Unused bits at the end (RFC 4648, 3.5): another text of the same bytes would be another token with this signature.
  if (signature.toString('base64url') !== signaturePart) return undefined;
  return { header, claims, signedPart: `${headerPart}.${payloadPart}`, signature };
}

function parsePart(part: string): Record<string, unknown> | undefined {
  return parseJsonObject(Buffer.from(part, 'base64url').toString('utf8'));
}
