import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyIdToken } from '../../src/auth/id-token.ts';
import type { IdTokenExpectations } from '../../src/auth/id-token.ts';
import type { SigningKey } from '../../src/auth/signing-keys.ts';
import type { IdTokenDefect } from '../../src/emulator/faults.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

const clientId = '11111111-2222-3333-4444-555555555555';
const tid = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
const template = 'https://login.example/{tenantid}/v2.0';
const issuer = `https://login.example/${tid}/v2.0`;
const now = new Date('2026-11-23T12:00:00Z');
const seconds = now.getTime() / 1000;

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = keyOf('k1');

function keyOf(kid: string, from = publicKey): SigningKey {
  const { n = '', e = '' } = from.export({ format: 'jwk' });
  return { kid, modulus: n, exponent: e };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function makeToken(claims: object, header: object = {}, hash = 'sha256', signer = privateKey): string {
  const sound = {
    aud: clientId,
    iss: issuer,
    tid,
    oid: 'o',
    sub: 's',
    exp: seconds + 60,
    nbf: seconds - 60,
    nonce: 'n',
  };
  const part = `${encode({ alg: 'RS256', kid: 'k1', ...header })}.${encode({ ...sound, ...claims })}`;
  return `${part}.${sign(hash, Buffer.from(part), signer).toString('base64url')}`;
}

const expected: IdTokenExpectations = { clientId, issuer: template, signingAlgorithms: ['RS256', 'RS512'], nonce: 'n' };
const verify = (token: string, keys: readonly SigningKey[] = [key], more: Partial<IdTokenExpectations> = {}) =>
  verifyIdToken(token, { ...expected, ...more }, (kid) => Promise.resolve(keys.filter((k) => k.kid === kid)), now);

describe('an ID token', () => {
  it('is accepted when everything fits, and answers its claims', async () => {
    expect(await verify(makeToken({ name: 'Ada' }))).toMatchObject({ sub: 's', tid, name: 'Ada' });
  });

  it('is accepted with each algorithm that the tenant lists', async () => {
    expect(await verify(makeToken({}, { alg: 'RS512' }, 'sha512'))).toMatchObject({ sub: 's' });
    await expect(verify(makeToken({}, { alg: 'RS384' }, 'sha384'))).rejects.toThrow('signature algorithm "RS384"');
  });

  it('is accepted with PS256 where the tenant lists it', async () => {
    const part = makeToken({}, { alg: 'PS256' }).split('.').slice(0, 2).join('.');
    const signature = sign('sha256', Buffer.from(part), { key: privateKey, padding: 6, saltLength: -1 });
    const token = `${part}.${signature.toString('base64url')}`;
    expect(await verify(token, [key], { signingAlgorithms: ['PS256'] })).toMatchObject({ sub: 's' });
  });

  it('is accepted within five minutes of its times, and not beyond', async () => {
    expect(await verify(makeToken({ exp: seconds - 299 }))).toMatchObject({ sub: 's' });
    expect(await verify(makeToken({ nbf: seconds + 299 }))).toMatchObject({ sub: 's' });
    await expect(verify(makeToken({ exp: seconds - 300 }))).rejects.toThrow('expired');
    await expect(verify(makeToken({ nbf: seconds + 301 }))).rejects.toThrow('not valid yet');
  });

  it.each([
    ['an exp that is no number', { exp: 'tomorrow' }, '"exp"'],
    ['an nbf that is no number', { nbf: 'now' }, '"nbf"'],
    ['a tid that is no GUID', { tid: 'contoso', iss: 'https://login.example/contoso/v2.0' }, '"tid"'],
    ['another issuer', { iss: 'https://evil.example/v2.0' }, 'issuer'],
    ['the template itself as issuer', { iss: template }, 'issuer'],
    ['another audience', { aud: 'x' }, '"aud"'],
    ['two audiences', { aud: [clientId, 'x'] }, '"aud"'],
    ['another nonce', { nonce: 'm' }, '"nonce"'],
    ['no nonce', { nonce: undefined }, '"nonce"'],
    ['no subject', { sub: '' }, '"sub"'],
  ])('with %s is refused, and the message names it', async (_what, claims, named) => {
    await expect(verify(makeToken(claims))).rejects.toMatchObject({
      code: 'untrusted_response',
      message: expect.stringContaining(named) as string,
    });
  });

  it.each([
    ['a header that demands an extension', { crit: ['b64'] }, 'crit'],
    ['no key ID', { kid: undefined }, '"kid"'],
    ['a key ID that nobody has', { kid: 'k9' }, 'not among'],
    ['alg none', { alg: 'none' }, '"none"'],
    ['HMAC', { alg: 'HS256' }, '"HS256"'],
  ])('with %s is refused', async (_what, header, named) => {
    await expect(verify(makeToken({}, header))).rejects.toThrow(named);
  });

  it('signed by somebody else under the same key ID is refused', async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await expect(verify(makeToken({}, {}, 'sha256', stranger.privateKey))).rejects.toThrow('signature does not fit');
  });

  it('signed with a key of less than 2,048 bits is refused (RFC 7518, 3.3)', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const token = makeToken({}, {}, 'sha256', weak.privateKey);
    await expect(verify(token, [keyOf('k1', weak.publicKey)])).rejects.toThrow('signature does not fit');
  });

  it('signed with a key that is labelled for another algorithm, or is no key at all, is refused', async () => {
    await expect(verify(makeToken({}), [{ ...key, algorithm: 'RS512' }])).rejects.toThrow('signature does not fit');
    await expect(verify(makeToken({}), [{ ...key, modulus: '!', exponent: '' }])).rejects.toThrow('signature does not');
  });

  it('signed with a key of another issuer is refused, with its own issuer or template it is not', async () => {
    const foreign = 'https://login.example/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0';
    await expect(verify(makeToken({}), [{ ...key, issuer: foreign }])).rejects.toThrow('key of another issuer');
    expect(await verify(makeToken({}), [{ ...key, issuer: template }])).toMatchObject({ sub: 's' });
    expect(await verify(makeToken({}), [{ ...key, issuer }])).toMatchObject({ sub: 's' });
  });

  it('at a renewal must name the same account', async () => {
    const identity = { oid: 'o', tid, sub: 's' };
    expect(await verify(makeToken({}), [key], { identity })).toMatchObject({ sub: 's' });
    await expect(verify(makeToken({ oid: 'p' }), [key], { identity })).rejects.toThrow('another account');
    await expect(verify(makeToken({ sub: 't' }), [key], { identity })).rejects.toThrow('another account');
  });

  it.each(['', 'a.b', 'not a token', 'e30.e30.e30.e30', `${'a'.repeat(70_000)}.b.c`])(
    'that is no JWT is refused',
    async (text) => {
      await expect(verify(text)).rejects.toThrow('not a signed JWT');
    },
  );
});

describe('a sign-in whose ID token is not to be trusted', () => {
  let world: World;
  beforeEach(async () => {
    world = await startWorld();
  });
  afterEach(() => world.close());

  const defects: readonly IdTokenDefect[] = [
    ...(['bad_signature', 'signed_by_stranger', 'alg_none', 'hs256_with_public_key', 'unknown_kid'] as const),
    ...(['foreign_key_issuer', 'not_a_jwt', 'wrong_issuer', 'issuer_of_other_tenant', 'wrong_audience'] as const),
    ...(['audience_array', 'expired', 'not_yet_valid', 'wrong_nonce', 'missing_nonce', 'missing_tid'] as const),
    ...(['tid_not_a_guid', 'tid_differs_from_issuer', 'missing_sub', 'missing_oid', 'missing'] as const),
  ];

  it.each(defects)('(%s) is exit 4 untrusted_response, says what to do, and leaves nothing behind', async (defect) => {
    for (const tenant of ['organizations', tid]) {
      world.emulator.injectFault({ kind: 'id_token', defect, times: 1 });
      const result = await world.run(['login', '--json', '--tenant', tenant]);
      expect(result).toMatchObject({ exitCode: 4, stdout: '' });
      const { error } = JSON.parse(result.stderr.trim().split('\n').at(-1) ?? '') as { error: Record<string, string> };
      expect(error).toMatchObject({
        code: 'untrusted_response',
        message: expect.stringContaining('ID token') as string,
      });
      expect(error['hint']).toBeTruthy();
      expect(await world.keychain.list()).toEqual([]);
    }
    const pages = await world.signIns();
    expect(pages.map(({ status }) => status)).toEqual([400, 400]);
  });

  it('finds a key published since, and the application’s own key', async () => {
    await world.run(['login']);
    world.emulator.rotateKeys({ immediately: true });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 0 });
  });
});
