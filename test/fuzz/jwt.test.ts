import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { IdTokenExpectations } from '../../src/auth/id-token.ts';
import { verifyIdToken } from '../../src/auth/id-token.ts';
import { decodeWithoutVerifying } from '../../src/auth/jwt.ts';
import type { SigningKey } from '../../src/auth/signing-keys.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { itHolds } from '../support/fuzz.ts';
import { anyCuts, anyJson, anyJsonText, anyText, applyCuts, damaged, foreseen } from '../support/hostile-values.ts';

const now = new Date('2026-11-23T12:00:00Z');
const seconds = now.getTime() / 1000;
const tid = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const { n: modulus = '', e: exponent = '' } = own.publicKey.export({ format: 'jwk' });
const key: SigningKey = { kid: 'k1', modulus, exponent };
const pem = own.publicKey.export({ type: 'spki', format: 'pem' }).toString();

const header = { alg: 'RS256', kid: 'k1', typ: 'JWT' };
const claims = {
  ...{ aud: 'C', iss: `https://entra.test/${tid}/v2.0`, tid, oid: 'o', sub: 's', nonce: 'n' },
  ...{ exp: seconds + 60, nbf: seconds - 60, name: 'Ada' },
};
const expected: IdTokenExpectations = {
  clientId: 'C',
  issuer: 'https://entra.test/{tenantid}/v2.0',
  signingAlgorithms: ['RS256', 'RS384', 'RS512', 'PS256'],
  nonce: 'n',
  identity: { oid: 'o', tid, sub: 's' },
};

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = (part: string, by = own.privateKey): string =>
  `${part}.${sign('sha256', Buffer.from(part), by).toString('base64url')}`;
const sound = signed(`${encode(header)}.${encode(claims)}`);
const [headerPart = '', claimsPart = '', signature = ''] = sound.split('.');

const verify = (token: string, keys: readonly SigningKey[] = [key]): Promise<unknown> =>
  foreseen(() => verifyIdToken(token, expected, (kid) => Promise.resolve(keys.filter((one) => one.kid === kid)), now));

async function expectRefused(token: string, keys?: readonly SigningKey[]): Promise<void> {
  expect(await verify(token, keys)).toMatchObject({ code: 'untrusted_response' });
}

describe('an ID token', () => {
  itHolds(
    'is never accepted when a byte of it has changed',
    500,
    fc.asyncProperty(anyCuts, async (cuts) => {
      const token = applyCuts(sound, cuts);
      fc.pre(token !== sound);
      await expectRefused(token);
    }),
  );

  itHolds(
    'is never accepted with another last character, though base64url has unused bits there',
    60,
    fc.asyncProperty(
      fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')),
      async (last) => {
        const token = `${sound.slice(0, -1)}${last}`;
        fc.pre(token !== sound);
        await expectRefused(token);
      },
    ),
  );

  itHolds(
    'is never accepted with another header or other claims under the signature of a sound one',
    200,
    fc.asyncProperty(damaged(header), damaged(claims), async (one, other) => {
      fc.pre(encode(one) !== headerPart || encode(other) !== claimsPart);
      await expectRefused(`${encode(one)}.${encode(other)}.${signature}`);
    }),
  );

  itHolds(
    "is never accepted without the tenant's signature: none, empty, a stranger's, an HMAC with the public key",
    150,
    fc.asyncProperty(
      fc.oneof(fc.constantFrom('none', 'None', 'HS256', 'RS256', 'RS384', 'PS256', '', 'ES256'), anyText),
      fc.constantFrom('', 'AAAA', 'hmac', 'stranger', 'of the sound one', 'no part'),
      async (alg, how) => {
        const part = `${encode({ ...header, alg })}.${encode(claims)}`;
        fc.pre(how !== 'of the sound one' || alg !== 'RS256');
        const hmac = createHmac('sha256', pem).update(part).digest('base64url');
        const tokens: Record<string, string> = {
          hmac: `${part}.${hmac}`,
          stranger: signed(part, stranger.privateKey),
          'of the sound one': `${part}.${signature}`,
          'no part': part,
        };
        await expectRefused(tokens[how] ?? `${part}.${how}`);
      },
    ),
  );

  itHolds(
    "that is properly signed is accepted only if every claim that counts is the expected one's",
    150,
    fc.asyncProperty(damaged(claims), async (changed) => {
      const read = await verify(signed(`${encode(header)}.${encode(changed)}`));
      const fits = ['aud', 'iss', 'tid', 'oid', 'sub', 'nonce'].every(
        (name) => changed[name] === claims[name as keyof typeof claims],
      );
      const { exp, nbf } = changed;
      const isTimely =
        typeof exp === 'number' &&
        exp + 300 > seconds &&
        (nbf === undefined || (typeof nbf === 'number' && nbf - 300 <= seconds));
      if (fits && isTimely) expect(read).toMatchObject({ tid, sub: 's' });
      else expect(read).toMatchObject({ code: 'untrusted_response' });
    }),
  );

  itHolds(
    'is verified by no key that is damaged, and a damaged key stops nothing',
    200,
    fc.asyncProperty(damaged({ ...key }), async (other) => {
      const odd = { ...other, kid: 'k1' } as unknown as SigningKey;
      fc.pre(
        odd.modulus !== modulus || odd.exponent !== exponent || odd.issuer !== undefined || odd.algorithm !== undefined,
      );
      const read = await verify(sound, [odd]);
      const isSame = odd.modulus === modulus && odd.exponent === exponent && odd.algorithm === 'RS256';
      if (!isSame && read instanceof EntraLoginError) expect(read.code).toBe('untrusted_response');
      expect(
        await verify(sound, [{ ...key, modulus: stranger.publicKey.export({ format: 'jwk' }).n ?? '' }, key]),
      ).toMatchObject({ sub: 's' });
    }),
  );
});

describe('a JWT', () => {
  const parts = fc.oneof(
    anyText,
    anyJsonText,
    anyJson.map((value) => JSON.stringify(value)),
  );

  itHolds(
    'of any bytes is taken apart into objects, or is none',
    500,
    fc.property(
      fc.oneof(
        anyText,
        fc.array(parts.map((text) => Buffer.from(text).toString('base64url'))).map((all) => all.join('.')),
      ),
      (token) => {
        const decoded = decodeWithoutVerifying(token);
        if (decoded === undefined) return;
        // Nothing that is read is too deep to be printed.
        expect(JSON.parse(JSON.stringify(decoded.claims))).toEqual(decoded.claims);
        expect(token.startsWith(`${decoded.signedPart}.`)).toBe(true);
        expect(decoded.signature.toString('base64url')).toBe(token.slice(decoded.signedPart.length + 1));
      },
    ),
  );
});
