import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { readCertificate, signAssertion } from '../../src/auth/client-assertion.ts';
import { decodeWithoutVerifying } from '../../src/auth/jwt.ts';
import { clientCertificate } from '../../src/emulator/test-keys.ts';

const text = clientCertificate.privateKey + clientCertificate.certificate;
const files = {
  readText: () => Promise.resolve(undefined),
  readLimited: () => Promise.resolve({ outcome: 'read', text } as const),
  writeText: () => Promise.reject(new Error('must not be asked')),
  exists: () => Promise.resolve(true),
  isOwnedByUser: () => Promise.resolve(true),
};
const now = new Date('2026-11-23T12:00:00.900Z');
const endpoint = 'https://login.microsoftonline.com/5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b/oauth2/v2.0/token';
const assertion = async (): Promise<string> => {
  const file = { path: 'a.pem', place: '--client-certificate' };
  const certificate = await readCertificate({ files }, { file, password: undefined }, new AbortController().signal);
  return signAssertion(certificate, 'client', endpoint, now);
};

test('an assertion is PS256 with x5t#S256, for the token endpoint alone, for ten minutes (RFC 7523, 3)', async () => {
  const decoded = decodeWithoutVerifying(await assertion());
  const { raw } = new X509Certificate(clientCertificate.certificate);
  expect(decoded?.header).toEqual({
    alg: 'PS256',
    typ: 'JWT',
    'x5t#S256': createHash('sha256').update(raw).digest('base64url'),
  });
  const seconds = Date.parse('2026-11-23T12:00:00Z') / 1000;
  expect(decoded?.claims).toEqual({
    aud: endpoint,
    iss: 'client',
    sub: 'client',
    jti: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
    nbf: seconds,
    iat: seconds,
    exp: seconds + 600,
  });
});

test('its signature is RSASSA-PSS with a salt as long as the digest (RFC 7518, 3.5)', async () => {
  const { signedPart = '', signature = Buffer.alloc(0) } = decodeWithoutVerifying(await assertion()) ?? {};
  const key = {
    key: clientCertificate.certificate,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  expect(verify('sha256', Buffer.from(signedPart), key, signature)).toBe(true);
});

test('no two are the same (jti)', async () => {
  expect(await assertion()).not.toBe(await assertion());
});
