import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  alice,
  bob,
  contoso,
  desktopApplication,
  fabrikam,
  singleTenantApplication,
  unconsentedApplication,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { ScriptedPersonOptions, ScriptedSignIn } from '../../src/emulator/scripted-person.ts';
import type { Answer, Parameters } from './support.ts';
import { decode, post, refusal, renew, requestToken } from './support.ts';

let now: Date;
let emulator: Emulator;
beforeEach(async () => {
  now = new Date('2026-11-23T12:00:00Z');
  emulator = await startEmulator({ now: () => now });
});
afterEach(() => emulator.close());

const scope = 'openid profile offline_access User.Read';

const begin = async (form: Parameters = {}, tenant: string = contoso.id): Promise<Answer> =>
  await post(`${emulator.origin}/${tenant}/oauth2/v2.0/devicecode`, {
    client_id: desktopApplication.clientId,
    scope,
    ...form,
  });

const poll = async (device: Answer, form: Parameters = {}): Promise<Answer> =>
  await requestToken(emulator, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: String(device.json['device_code']),
    ...form,
  });

const enterCode = async (device: Answer, person: Partial<ScriptedPersonOptions> = {}): Promise<ScriptedSignIn> =>
  await signInAsScriptedPerson(String(device.json['verification_uri']), {
    username: alice.username,
    userCode: String(device.json['user_code']),
    ...person,
  });

describe('the device authorization endpoint', () => {
  it('answers with the members in the order of Entra, and no verification_uri_complete', async () => {
    const { json } = await begin();

    expect(Object.keys(json)).toEqual([
      'user_code',
      'device_code',
      'verification_uri',
      'expires_in',
      'interval',
      'message',
    ]);
    expect(json).toMatchObject({
      user_code: expect.stringMatching(/^[A-Z0-9]{9}$/),
      verification_uri: `${emulator.origin}/device`,
      expires_in: 900,
      interval: 5,
      message: `To sign in, use a web browser to open the page ${emulator.origin}/device and enter the code ${String(json['user_code'])} to authenticate.`,
    });
    expect(emulator.issued).toContainEqual({ kind: 'device_code', value: json['device_code'] });
  });

  it.each<[number, Parameters, string?]>([
    [50059, { client_id: singleTenantApplication.clientId }, 'common'],
    [700016, { client_id: '00000000-0000-4000-8000-000000000000' }],
    [900144, { client_id: undefined }],
    [900144, { scope: undefined }],
    [90002, {}, 'nobody.example.com'],
    [500011, { scope: 'api://nobody/read' }],
  ])('refuses with %i', async (aadsts, form, tenant) => {
    expect(refusal(await begin(form, tenant))).toMatchObject({ status: 400, aadsts });
  });
});

describe('a device code', () => {
  it('is pending, then brings tokens, then is used up', async () => {
    const device = await begin();
    const pending = await poll(device);
    const page = await enterCode(device);
    const { status, json } = await poll(device);

    expect(refusal(pending)).toEqual({ status: 400, error: 'authorization_pending', aadsts: 70016 });
    expect(page).toMatchObject({ delivered: false, status: 200 });
    expect(page.body).toContain('You have signed in to Contoso CLI on your device');
    expect(status).toBe(200);
    expect(decode(json['id_token']).claims).toMatchObject({ oid: alice.objectId, tid: contoso.id });
    expect(refusal(await poll(device))).toMatchObject({ error: 'invalid_grant', aadsts: 54005 });
  });

  it('signs a person in to the home tenant on organizations', async () => {
    const device = await begin({}, 'organizations');
    await enterCode(device, { username: bob.username });

    expect(decode((await poll(device)).json['id_token']).claims).toMatchObject({ tid: fabrikam.id, oid: bob.objectId });
  });

  it('is authorization_declined when the person says no', async () => {
    const device = await begin();
    expect((await enterCode(device, { decline: true })).body).toContain('You declined');

    expect(refusal(await poll(device))).toMatchObject({ status: 400, error: 'authorization_declined' });
  });

  it('is expired_token after 15 minutes, at the page too', async () => {
    const device = await begin();
    now = new Date(now.getTime() + 900_000);

    expect(refusal(await poll(device))).toEqual({ status: 400, error: 'expired_token', aadsts: 70020 });
    expect((await enterCode(device)).body).toContain("That code didn't work");
  });

  it('is bad_verification_code when nobody issued it', async () => {
    const device = await begin();

    expect(refusal(await poll(device, { device_code: 'foreign' }))).toMatchObject({ error: 'bad_verification_code' });
  });

  it('wants a secret where public client flows are not allowed: 7000218', async () => {
    const unconsented = { client_id: unconsentedApplication.clientId };
    const web = { client_id: webApplication.clientId };
    const ofWeb = await begin(web);

    expect(refusal(await poll(await begin(unconsented), unconsented))).toMatchObject({ status: 401, aadsts: 7000218 });
    expect(refusal(await poll(ofWeb, { ...web, client_secret: webSecret }))).toMatchObject({ aadsts: 70016 });
  });

  it('polled in a loop is 50196; at its own pace it is not', async () => {
    const [patient, hasty] = [await begin(), await begin()];
    const last = async (device: Answer, seconds: number): Promise<unknown> => {
      let answer = await poll(device);
      for (let count = 1; count < 60; count += 1) {
        now = new Date(now.getTime() + seconds * 1000);
        answer = await poll(device);
      }
      return refusal(answer);
    };

    expect(await last(patient, 5)).toMatchObject({ error: 'authorization_pending' });
    expect(await last(hasty, 1)).toMatchObject({ error: 'invalid_grant', aadsts: 50196 });
  });
});

it('Conditional Access that blocks device code voids refresh tokens born of it: 530036', async () => {
  const device = await begin();
  await enterCode(device);
  const { json } = await poll(device);
  const before = await renew(emulator, json['refresh_token']);
  emulator.blockDeviceCodeFlow();

  expect(before.status).toBe(200);
  const after = await renew(emulator, before.json['refresh_token']);
  expect(refusal(after)).toMatchObject({ error: 'invalid_grant', aadsts: 530036 });
});
