import { createPublicKey, verify } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  alice,
  bob,
  carol,
  consumers,
  contoso,
  dave,
  desktopApplication,
  fabrikam,
  singleTenantApplication,
  tasksApi,
} from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { TestListener } from './support.ts';
import { decode, send, signIn, startRedirectListener } from './support.ts';

const now = new Date('2026-11-23T12:00:00Z');
const seconds = now.getTime() / 1000;
let emulator: Emulator;
let listener: TestListener;
beforeAll(async () => {
  listener = await startRedirectListener();
});
afterAll(() => listener.close());
beforeEach(async () => {
  emulator = await startEmulator({ now: () => now });
});
afterEach(() => emulator.close());

/** Verifies a JWT with the published key of its kid; answers the key's own issuer, or "wrong". */
async function issuerOfVerifyingKey(jwt: unknown, query = ''): Promise<unknown> {
  const { json } = await send(`${emulator.origin}/common/discovery/v2.0/keys${query}`);
  const keys = json['keys'] as { kid: string; n: string; e: string; issuer: string }[];
  const key = keys.find(({ kid }) => kid === decode(jwt).header['kid']);
  if (key === undefined) return 'no such key';
  const [header, payload, signature = ''] = String(jwt).split('.');
  const publicKey = createPublicKey({ key: { kty: 'RSA', n: key.n, e: key.e }, format: 'jwk' });
  const good = verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'));
  return good ? key.issuer : 'wrong';
}

describe('the ID token', () => {
  it('has the claims in the order of Entra, begins five minutes ago and lasts 65', async () => {
    const { json } = await signIn(emulator, listener, { parameters: { nonce: 'a-nonce' } });
    const { header, claims } = decode(json['id_token']);

    expect(Object.keys(header)).toEqual(['typ', 'alg', 'kid']);
    expect(Object.keys(claims)).toEqual(
      'aud iss iat nbf exp aio email name nonce oid preferred_username rh sub tid uti ver'.split(' '),
    );
    expect(claims).toMatchObject({
      aud: desktopApplication.clientId,
      iss: `${emulator.origin}/${contoso.id}/v2.0`,
      iat: seconds - 300,
      nbf: seconds - 300,
      exp: seconds + 3600,
      email: 'alice@contoso.com',
      name: 'Alice Anders',
      nonce: 'a-nonce',
      oid: alice.objectId,
      preferred_username: 'alice@contoso.com',
      tid: contoso.id,
      ver: '2.0',
    });
    expect(await issuerOfVerifyingKey(json['id_token'])).toBe(`${emulator.origin}/{tenantid}/v2.0`);
  });

  it('names a person by another sub in every application, and always by the same in one', async () => {
    const subOf = async (clientId: string): Promise<unknown> =>
      decode((await signIn(emulator, listener, { parameters: { client_id: clientId } })).json['id_token']).claims[
        'sub'
      ];
    const [first, again, other] = [
      await subOf(desktopApplication.clientId),
      await subOf(desktopApplication.clientId),
      await subOf(singleTenantApplication.clientId),
    ];

    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('of a guest has the object ID of the tenant, and the home as idp', async () => {
    const person = { username: bob.username };
    const [guest, home] = [
      await signIn(emulator, listener, { person }),
      await signIn(emulator, listener, { person, tenant: fabrikam.id }),
    ].map(({ json }) => decode(json['id_token']).claims);

    expect(guest).toMatchObject({
      oid: bob.guestOf?.[0]?.objectId,
      tid: contoso.id,
      idp: `https://sts.windows.net/${fabrikam.id}/`,
    });
    expect(home).toMatchObject({ oid: bob.objectId, tid: fabrikam.id });
    expect(home).not.toHaveProperty('idp');
    expect(guest?.['sub']).not.toBe(home?.['sub']);
  });

  it("of a personal account is signed with the key of the consumers' tenant", async () => {
    const { json } = await signIn(emulator, listener, { tenant: 'common', person: { username: carol.username } });

    expect(decode(json['id_token']).claims).toMatchObject({ tid: consumers.id, oid: carol.objectId });
    expect(await issuerOfVerifyingKey(json['id_token'])).toBe(`${emulator.origin}/${consumers.id}/v2.0`);
  });

  it('carries what a person has besides: roles, directory roles, groups overage', async () => {
    const { json } = await signIn(emulator, listener, { person: { username: dave.username } });

    expect(decode(json['id_token']).claims).toMatchObject({ ...dave.extraClaims, name: 'Dave Dünser <admin>' });
    expect(decode(json['id_token']).claims).not.toHaveProperty('email');
  });

  it('has no name, object ID or username without the profile scope', async () => {
    const { json } = await signIn(emulator, listener, { parameters: { scope: 'openid' } });

    expect(Object.keys(decode(json['id_token']).claims)).toEqual(
      'aud iss iat nbf exp aio rh sub tid uti ver'.split(' '),
    );
  });

  it('is signed with a key shown with ?appid= only, for an application with its own', async () => {
    emulator.updateApplication(desktopApplication.clientId, { ownSigningKey: true });
    const { json } = await signIn(emulator, listener);

    expect(await issuerOfVerifyingKey(json['id_token'])).toBe('no such key');
    expect(await issuerOfVerifyingKey(json['id_token'], `?appid=${desktopApplication.clientId}`)).toBe(
      `${emulator.origin}/{tenantid}/v2.0`,
    );
  });

  it('is signed with the new key at once after an emergency', async () => {
    const before = decode((await signIn(emulator, listener)).json['id_token']).header['kid'];
    emulator.rotateKeys({ immediately: true });
    const { json } = await signIn(emulator, listener);

    expect(decode(json['id_token']).header['kid']).not.toBe(before);
    expect(await issuerOfVerifyingKey(json['id_token'])).toBe(`${emulator.origin}/{tenantid}/v2.0`);
  });
});

describe('the access token', () => {
  it('for Graph has a nonce in its header and can be verified by nobody', async () => {
    const token = (await signIn(emulator, listener)).json['access_token'];

    expect(decode(token)).toMatchObject({
      header: { nonce: expect.any(String) },
      claims: {
        aud: 'https://graph.microsoft.com',
        ver: '1.0',
        appid: desktopApplication.clientId,
        scp: 'email openid profile User.Read',
      },
    });
    expect(await issuerOfVerifyingKey(token)).toBe('wrong');
  });

  it('for an API with version 2 tokens can be verified, and names the API by its GUID', async () => {
    const scope = `openid api://${tasksApi.appId}/Tasks.Read`;
    const token = (await signIn(emulator, listener, { parameters: { scope } })).json['access_token'];

    expect(decode(token).claims).toMatchObject({
      aud: tasksApi.appId,
      iss: `${emulator.origin}/${contoso.id}/v2.0`,
      azp: desktopApplication.clientId,
      azpacr: '0',
      scp: 'Tasks.Read access_as_user',
      ver: '2.0',
    });
    expect(await issuerOfVerifyingKey(token)).toBe(`${emulator.origin}/{tenantid}/v2.0`);
  });

  it('of a personal account is opaque', async () => {
    const { json } = await signIn(emulator, listener, { tenant: 'consumers', person: { username: carol.username } });

    expect(String(json['access_token']).split('.')).toHaveLength(2);
  });

  it('lives 20 to 28 hours for clients that take claims challenges', async () => {
    const claims = '{"access_token":{"xms_cc":{"values":["cp1"]}}}';
    const { json } = await signIn(emulator, listener, { parameters: { claims } });

    expect(json['expires_in']).toBeGreaterThanOrEqual(72_000);
    expect(decode(json['access_token']).claims['xms_cc']).toEqual(['cp1']);
  });
});
