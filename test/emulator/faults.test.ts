import { createPublicKey, verify } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso, desktopApplication } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { IdTokenDefect } from '../../src/emulator/faults.ts';
import type { TestListener } from './support.ts';
import { decode, renew, send, signIn, startRedirectListener } from './support.ts';

let emulator: Emulator;
let listener: TestListener;
beforeAll(async () => {
  listener = await startRedirectListener();
});
afterAll(() => listener.close());
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

const discoveryUrl = (): string => `${emulator.origin}/${contoso.id}/v2.0/.well-known/openid-configuration`;

describe('a fault', () => {
  it('meets the endpoint it names, as often as it says, and can be mended before', async () => {
    const statuses = async (): Promise<number[]> => [
      (await send(discoveryUrl())).status,
      (await send(discoveryUrl())).status,
      (await send(`${emulator.origin}/common/discovery/v2.0/keys`)).status,
    ];
    emulator.injectFault({ endpoint: 'discovery', times: 1, kind: 'server_error', status: 503 });
    expect(await statuses()).toEqual([503, 200, 200]);
    const mend = emulator.injectFault({ endpoint: 'any', kind: 'server_error', status: 500 });
    expect(await statuses()).toEqual([500, 500, 500]);
    mend();
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  it('can be for one kind of grant', async () => {
    emulator.injectFault({ endpoint: 'token', grantType: 'refresh_token', kind: 'server_error', status: 500 });
    const { status, json } = await signIn(emulator, listener);

    expect([status, (await renew(emulator, json['refresh_token'])).status]).toEqual([200, 500]);
  });

  it('throttles with plain text, with or without Retry-After', async () => {
    emulator.injectFault({ endpoint: 'discovery', times: 1, kind: 'throttled', retryAfter: 7 });
    emulator.injectFault({ endpoint: 'discovery', times: 1, kind: 'throttled' });
    const [first, second] = [await send(discoveryUrl()), await send(discoveryUrl())];

    expect(first).toMatchObject({ status: 429, text: 'Too Many Requests' });
    expect(first.headers.get('content-type')).toBe('text/plain');
    expect([first, second].map(({ headers }) => headers.get('retry-after'))).toEqual(['7', null]);
  });

  it('answers with what is no JSON', async () => {
    const readWith = async (
      fault: Parameters<Emulator['injectFault']>[0],
    ): Promise<[number, string | null, string]> => {
      emulator.injectFault({ ...fault, times: 1 });
      const response = await fetch(discoveryUrl(), { redirect: 'manual' });
      return [response.status, response.headers.get('content-type'), await response.text()];
    };
    const json = 'application/json; charset=utf-8';
    const broken = (text: string): void => expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);

    const [status, type, truncated] = await readWith({ endpoint: 'discovery', kind: 'truncated_json' });
    expect([status, type]).toEqual([200, json]);
    broken(truncated);
    broken((await readWith({ endpoint: 'discovery', kind: 'malformed_json' }))[2]);
    expect(await readWith({ endpoint: 'discovery', kind: 'html_page' })).toEqual([
      200,
      'text/html',
      expect.stringMatching(/^<!doctype/),
    ]);
    expect(await readWith({ endpoint: 'discovery', kind: 'empty_body' })).toEqual([200, json, '']);
    expect(await readWith({ endpoint: 'discovery', kind: 'wrong_content_type', contentType: 'text/plain' })).toEqual([
      200,
      'text/plain',
      expect.stringMatching(/^\{/),
    ]);
    expect(await readWith({ endpoint: 'discovery', kind: 'server_error', status: 502 })).toEqual([
      502,
      'text/html',
      expect.stringContaining('502'),
    ]);
    expect((await readWith({ endpoint: 'discovery', kind: 'redirect', location: 'https://evil.example/' }))[0]).toBe(
      302,
    );
  });

  it('streams more than anybody should read', async () => {
    emulator.injectFault({ endpoint: 'discovery', times: 1, kind: 'huge_body', bytes: 5_000_000 });

    expect((await (await fetch(discoveryUrl())).text()).length).toBeGreaterThan(5_000_000);
  });

  it('changes or removes members of the answer', async () => {
    emulator.injectFault({
      endpoint: 'token',
      kind: 'changed_members',
      members: { refresh_token: undefined, expires_in: '7' },
    });
    const { json } = await signIn(emulator, listener);

    expect(json).toMatchObject({ expires_in: '7', access_token: expect.any(String) });
    expect(json).not.toHaveProperty('refresh_token');
  });

  it('refuses as Entra would', async () => {
    emulator.injectFault({
      endpoint: 'token',
      kind: 'refused',
      error: 'temporarily_unavailable',
      aadsts: 90033,
      status: 503,
    });
    const { status, json } = await signIn(emulator, listener);

    expect({ status, json }).toEqual({
      status: 503,
      json: expect.objectContaining({ error: 'temporarily_unavailable', error_codes: [90033] }),
    });
  });

  it.each(['before', 'after', 'in_body'] as const)('drops the connection: %s', async (when) => {
    const { json } = await signIn(emulator, listener);
    emulator.injectFault({ endpoint: 'token', times: 1, kind: 'connection_dropped', when });
    const issuedBefore = emulator.issued.length;

    await expect(renew(emulator, json['refresh_token'])).rejects.toThrow(TypeError);
    expect(emulator.issued.length > issuedBefore).toBe(when !== 'before');
    expect(emulator.requests.at(-1)).toMatchObject({ endpoint: 'token', status: when === 'in_body' ? 200 : undefined });
  });

  it('delays, or never answers, and the emulator closes all the same', async () => {
    emulator.injectFault({ endpoint: 'discovery', times: 1, kind: 'latency', milliseconds: 20 });
    const start = performance.now();
    await send(discoveryUrl());
    expect(performance.now() - start).toBeGreaterThanOrEqual(19);
    emulator.injectFault({ endpoint: 'discovery', times: 1, kind: 'never_answers' });
    emulator.injectFault({ endpoint: 'discovery', times: 1, kind: 'latency', milliseconds: 3_600_000 });
    const asked = Promise.allSettled([send(discoveryUrl()), send(discoveryUrl())]);
    while (emulator.requests.length < 3) await new Promise((resolve) => setImmediate(resolve));
    await emulator.close();

    expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

/** Which of the checks of a careful client an ID token fails. */
async function failedChecks(jwt: unknown, nonce: string | undefined): Promise<string[]> {
  if (typeof jwt !== 'string') return ['missing'];
  if (jwt.split('.').length !== 3) return ['format'];
  const { header, claims } = decode(jwt);
  const now = Date.now() / 1000;
  const { json } = await send(`${emulator.origin}/${contoso.id}/discovery/v2.0/keys`);
  const keys = json['keys'] as { kid: string; n: string; e: string; issuer: string }[];
  const key = keys.find(({ kid }) => kid === header['kid']);
  const expectedIssuer = `${emulator.origin}/${contoso.id}/v2.0`;
  const failed: string[] = [];
  if (header['alg'] !== 'RS256') failed.push('alg');
  else if (key === undefined) failed.push('kid');
  else {
    const [head, payload, signature = ''] = jwt.split('.');
    const publicKey = createPublicKey({ key: { kty: 'RSA', n: key.n, e: key.e }, format: 'jwk' });
    const good = verify('sha256', Buffer.from(`${head}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
    if (!good) failed.push('signature');
    if (key.issuer.replace('{tenantid}', contoso.id) !== expectedIssuer) failed.push('key issuer');
  }
  if (claims['iss'] !== expectedIssuer) failed.push('iss');
  if (claims['aud'] !== desktopApplication.clientId) failed.push('aud');
  if (Number(claims['exp']) < now) failed.push('exp');
  if (Number(claims['nbf']) > now) failed.push('nbf');
  if (claims['nonce'] !== nonce) failed.push('nonce');
  if (claims['tid'] !== contoso.id) failed.push('tid');
  if (claims['sub'] === undefined) failed.push('no sub');
  if (claims['oid'] === undefined) failed.push('no oid');
  return failed;
}

describe('an ID token fault', () => {
  it.each<[IdTokenDefect, string[]]>([
    ['bad_signature', ['signature']],
    ['signed_by_stranger', ['signature']],
    ['alg_none', ['alg']],
    ['hs256_with_public_key', ['alg']],
    ['unknown_kid', ['kid']],
    ['foreign_key_issuer', ['key issuer']],
    ['not_a_jwt', ['format']],
    ['wrong_issuer', ['iss']],
    ['issuer_of_other_tenant', ['iss']],
    ['wrong_audience', ['aud']],
    ['audience_array', ['aud']],
    ['expired', ['exp']],
    ['not_yet_valid', ['nbf']],
    ['wrong_nonce', ['nonce']],
    ['missing_nonce', ['nonce']],
    ['missing_tid', ['tid']],
    ['tid_not_a_guid', ['iss', 'tid']],
    ['tid_differs_from_issuer', ['tid']],
    ['missing_sub', ['no sub']],
    ['missing_oid', ['no oid']],
    ['other_tid', ['iss', 'tid']],
    ['missing', ['missing']],
  ])('%s fails exactly one check: %j', async (defect, failed) => {
    emulator.injectFault({ kind: 'id_token', defect, times: 1 });
    const [spoilt, sound] = [
      await signIn(emulator, listener, { parameters: { nonce: 'n' } }),
      await signIn(emulator, listener, { parameters: { nonce: 'n' } }),
    ];

    expect(await failedChecks(spoilt.json['id_token'], 'n')).toEqual(failed);
    expect(await failedChecks(sound.json['id_token'], 'n')).toEqual([]);
  });

  it.each<[IdTokenDefect, string]>([
    ['other_oid', 'oid'],
    ['other_sub', 'sub'],
    ['other_tid', 'tid'],
  ])('%s at the renewal names another account', async (defect, claim) => {
    emulator.injectFault({ kind: 'id_token', defect, grantType: 'refresh_token' });
    const { json } = await signIn(emulator, listener);
    const renewed = await renew(emulator, json['refresh_token']);

    const [before, after] = [json, renewed.json].map((body) => decode(body['id_token']).claims);
    expect(after?.[claim]).toBeTypeOf('string');
    expect(after?.[claim]).not.toBe(before?.[claim]);
    expect(before).toMatchObject({ oid: alice.objectId, tid: contoso.id });
  });
});
