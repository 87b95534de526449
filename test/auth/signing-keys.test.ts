import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { startDeadline } from '../../src/auth/deadline.ts';
import { fetchSigningKeys, toJsonWebKey } from '../../src/auth/signing-keys.ts';
import { EntraLoginError } from '../../src/errors.ts';

const deadline = startDeadline(new AbortController().signal, 30_000, () => new EntraLoginError('timeout', 'late'));
afterEach(() => deadline.end());

/** Fetches from an endpoint that answers so; gives what came of it and what was asked. */
async function fetchFrom(
  body: unknown,
  status = 200,
  clientId?: string,
): Promise<{ asked: string[]; outcome: unknown }> {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = (url) => {
    asked.push(new Request(url).url);
    return Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }));
  };
  const context = { fetch, now: (): Date => new Date() };
  const outcome: unknown = await fetchSigningKeys(context, 'https://entra.test/keys?p=1', clientId, deadline).catch(
    (error: unknown) => (error instanceof EntraLoginError ? `${error.code}: ${error.message}` : error),
  );
  return { asked, outcome };
}

const key = { kty: 'RSA', use: 'sig', kid: 'K', n: 'N', e: 'AQAB', x5c: ['…'] };

describe('the keys of a tenant', () => {
  it('are those for RSA signatures that have a name; others are left out (RFC 7517)', async () => {
    const keys = [
      { ...key, alg: 'RS256', issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' },
      { ...key, use: undefined, kid: 'without use' },
      { ...key, alg: 7, issuer: null, kid: 'with what is no text' },
      { ...key, use: 'enc' },
      { ...key, kty: 'EC' },
      { ...key, kty: 'oct', k: 'secret' },
      { ...key, kid: undefined },
      { ...key, n: undefined },
      { ...key, e: 65_537 },
      'no key',
      null,
    ];
    expect((await fetchFrom({ keys })).outcome).toEqual([
      {
        kid: 'K',
        modulus: 'N',
        exponent: 'AQAB',
        algorithm: 'RS256',
        issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      },
      { kid: 'without use', modulus: 'N', exponent: 'AQAB' },
      { kid: 'with what is no text', modulus: 'N', exponent: 'AQAB' },
    ]);
  });

  it('are asked for with the application’s own where that is wanted', async () => {
    expect((await fetchFrom({ keys: [] })).asked).toEqual(['https://entra.test/keys?p=1']);
    expect((await fetchFrom({ keys: [] }, 200, 'C')).asked).toEqual(['https://entra.test/keys?p=1&appid=C']);
  });

  it.each([
    [{ keys: 'none' }, 200, 'Unexpected answer: the signing keys hold no keys (HTTP 200).'],
    [{}, 200, 'Unexpected answer: the signing keys hold no keys (HTTP 200).'],
    [{ keys: [key] }, 404, 'Unexpected answer: the signing keys hold no keys (HTTP 404).'],
    ['<html>', 200, 'Unexpected answer: the signing keys gave HTML (HTTP 200).'],
  ])('are not to be had from %j with HTTP %i', async (body, status, message) => {
    expect((await fetchFrom(body, status)).outcome).toBe(`entra_unavailable: ${message}`);
  });
});

it('answers a key in the form node:crypto imports', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const imported = createPublicKey({ key: toJsonWebKey({ kid: 'K', modulus: n, exponent: e }), format: 'jwk' });
  expect(imported.equals(publicKey)).toBe(true);
});
