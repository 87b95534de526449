import { EntraLoginError } from '../errors.ts';
import { isRecord, parseJsonObject } from './json.ts';

/**
 * Reads a claims request (OpenID Connect Core, 5.5) given as JSON, as base64 or base64url of it, or as a whole
 * `WWW-Authenticate` value that holds one (`claims="…"`, the challenge of continuous access evaluation), and answers it
 * as compact JSON. Throws `usage` for anything else.
 */
export function readClaimsRequest(given: string): string {
  const text = /\bclaims\s*=\s*"([^"]+)"/i.exec(given)?.[1] ?? given;
  const value = parseJsonObject(text) ?? parseJsonObject(Buffer.from(text, 'base64').toString('utf8'));
  if (isRecord(value)) return JSON.stringify(value);
  throw new EntraLoginError('usage', 'The value of --claims is neither a JSON object nor base64 of one.', {
    hint: 'Quote it for the shell, e.g. --claims \'{"id_token":{"auth_time":null}}\'',
  });
}
