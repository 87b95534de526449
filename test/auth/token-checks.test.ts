import { describe, expect, it } from 'vitest';
import { decodeWithoutVerifying } from '../../src/auth/jwt.ts';
import type { SigningKey } from '../../src/auth/signing-keys.ts';
import type { TokenExpectations } from '../../src/auth/token-checks.ts';
import { checkToken } from '../../src/auth/token-checks.ts';
import { signJwt, signJwtForGraph } from '../../src/emulator/jws.ts';
import { makeKeyRing } from '../../src/emulator/key-ring.ts';

const ring = makeKeyRing();
const key = ring.signing();
const tid = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
const otherTenant = 'b7e4f2a1-6d38-4e90-8c1b-2f3a4b5c6d7e';
const host = 'https://login.microsoftonline.com';
const now = new Date('2026-11-23T12:00:00Z');
const seconds = now.getTime() / 1000;
const jwk = key.certificate.publicKey.export({ format: 'jwk' });
const published: SigningKey = {
  kid: key.kid,
  modulus: jwk.n ?? '',
  exponent: jwk.e ?? '',
  issuer: `${host}/{tenantid}/v2.0`,
};
const header = { typ: 'JWT', alg: 'RS256', kid: key.kid };
const v2 = { iss: `${host}/${tid}/v2.0`, tid, ver: '2.0', aud: 'ours', exp: seconds + 3600, nbf: seconds - 300 };
const v1 = { ...v2, iss: `https://sts.windows.net/${tid}/`, ver: '1.0' };
const expected: TokenExpectations = {
  metadata: { issuer: `${host}/${tid}/v2.0`, signingAlgorithms: ['RS256'] },
  clientId: 'ours',
  findKeys: (kid) => Promise.resolve(kid === key.kid ? [published] : []),
  now,
};

async function outcomesOf(token: string, changes: Partial<TokenExpectations> = {}): Promise<Record<string, string>> {
  const decoded = decodeWithoutVerifying(token);
  if (decoded === undefined) throw new Error('No JWT.');
  const checks = await checkToken(decoded, { ...expected, ...changes });
  return Object.fromEntries(checks.map(({ name, outcome }) => [name, outcome]));
}
const sign = (claims: Record<string, unknown>, head: Record<string, unknown> = header): string =>
  signJwt(head, claims, key.privateKey);
const allPassed = {
  signature: 'passed',
  key: 'passed',
  issuer: 'passed',
  expiry: 'passed',
  start: 'passed',
  audience: 'passed',
};

describe('checkToken', () => {
  it.each([
    ['v2.0', v2],
    ['v1.0', v1],
    ['v1.0 of China', { ...v1, iss: `https://sts.chinacloudapi.cn/${tid}/` }],
  ])('passes a token of the tenant, %s', async (_version, claims) => {
    expect(await outcomesOf(sign(claims))).toEqual(allPassed);
    // Where the tenant was named as organizations or by a domain of another.
    const template = { ...expected.metadata, issuer: `${host}/{tenantid}/v2.0` };
    expect(await outcomesOf(sign(claims), { metadata: template })).toEqual(allPassed);
  });

  it.each([
    ['the time is over', { exp: seconds - 301 }, { expiry: 'failed' }],
    ['the time is over, within the tolerance', { exp: seconds - 299 }, {}],
    ['there is no time', { exp: undefined }, { expiry: 'failed' }],
    ['the time has not come', { nbf: seconds + 301 }, { start: 'failed' }],
    ['the issuer is another', { iss: 'https://evil.example/' }, { issuer: 'failed' }],
    ['the issuer is that of v1.0', { iss: v1.iss }, { issuer: 'failed' }],
    ['the tenant is no GUID', { tid: 'contoso.com' }, { issuer: 'failed', key: 'failed' }],
    ['it is for another', { aud: 'theirs' }, { audience: 'not judged' }],
    ['it is for several', { aud: ['ours', 'theirs'] }, { audience: 'not judged' }],
  ])('judges each point by itself: %s', async (_what, changes, outcomes) => {
    expect(await outcomesOf(sign({ ...v2, ...changes }))).toEqual({ ...allPassed, ...outcomes });
  });

  it.each([
    ['v2.0', { ...v2, tid: otherTenant, iss: `${host}/${otherTenant}/v2.0` }],
    ['v1.0', { ...v1, tid: otherTenant, iss: `https://sts.windows.net/${otherTenant}/` }],
  ])('fails a token of another tenant than the one asked, %s', async (_version, claims) => {
    expect(await outcomesOf(sign(claims))).toMatchObject({ signature: 'passed', issuer: 'failed' });
  });

  it('fails a key that may not sign for the tenant, and does not judge one that names no issuer', async () => {
    const withIssuer = (issuer: string | undefined): Partial<TokenExpectations> => ({
      findKeys: () => Promise.resolve([{ ...published, issuer }]),
    });
    expect(await outcomesOf(sign(v2), withIssuer(`${host}/${otherTenant}/v2.0`))).toMatchObject({ key: 'failed' });
    expect(await outcomesOf(sign(v2), withIssuer(undefined))).toMatchObject({ key: 'not judged' });
  });

  it.each([
    ['is none', `${sign(v2).split('.').slice(0, 2).join('.')}.`],
    ['is of other claims', `${sign(v2).split('.').slice(0, 2).join('.')}.${sign(v1).split('.')[2]}`],
    ['is made with a strange key', signJwt(header, v2, ring.stranger.privateKey)],
    ['is made with an unknown key', sign(v2, { ...header, kid: 'unknown' })],
    ['names no key', sign(v2, { alg: 'RS256' })],
    ['is made with no algorithm of the tenant', sign(v2, { ...header, alg: 'none' })],
    ['demands an extension', sign(v2, { ...header, crit: ['exp'] })],
    ['is Graph’s', signJwtForGraph({ ...header, nonce: 'n' }, v1, key.privateKey)],
  ])('fails a signature that %s, and judges the rest', async (_what, token) => {
    expect(await outcomesOf(token)).toMatchObject({ signature: 'failed', issuer: 'passed', expiry: 'passed' });
    expect(await outcomesOf(token)).not.toHaveProperty('key');
  });
});
