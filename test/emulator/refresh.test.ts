import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  alice,
  azureDevOps,
  bob,
  desktopApplication,
  fabrikam,
  spaApplication,
  tasksApi,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { SignInOptions, TestListener } from './support.ts';
import { decode, refusal, renew, signIn, startRedirectListener } from './support.ts';

const day = 86_400_000;
let now: Date;
let emulator: Emulator;
let listener: TestListener;
beforeAll(async () => {
  listener = await startRedirectListener();
});
afterAll(() => listener.close());
beforeEach(async () => {
  now = new Date('2026-11-23T12:00:00Z');
  emulator = await startEmulator({ now: () => now });
});
afterEach(() => emulator.close());

const getRefreshToken = async (options: SignInOptions = {}): Promise<unknown> =>
  (await signIn(emulator, listener, options)).json['refresh_token'];

describe('a refresh token', () => {
  it('brings a new one, while the old one stays good', async () => {
    const first = await getRefreshToken();
    const [once, twice] = [await renew(emulator, first), await renew(emulator, first)];

    expect(once.status).toBe(200);
    expect(twice.status).toBe(200);
    const tokens = [first, once.json['refresh_token'], twice.json['refresh_token']];
    expect(new Set(tokens).size).toBe(3);
    expect((await renew(emulator, once.json['refresh_token'])).status).toBe(200);
  });

  it('is refused the second time by an emulator that is told so', async () => {
    const strict = await startEmulator({ refreshTokenReuse: 'refused' });
    const { json } = await signIn(strict, listener);

    expect((await renew(strict, json['refresh_token'])).status).toBe(200);
    expect(refusal(await renew(strict, json['refresh_token']))).toMatchObject({
      error: 'invalid_grant',
      aadsts: 70000,
    });
    await strict.close();
  });

  it('brings an ID token without nonce, for the same person', async () => {
    const { json } = await signIn(emulator, listener, { parameters: { nonce: 'a-nonce' } });
    const renewed = decode((await renew(emulator, json['refresh_token'])).json['id_token']).claims;

    const { oid, tid, sub } = decode(json['id_token']).claims;
    expect(renewed).toMatchObject({ oid, tid, sub });
    expect(renewed).not.toHaveProperty('nonce');
  });

  it('is good for any resource, one at a time', async () => {
    const token = await getRefreshToken();
    const scopeFor = async (scope: string): Promise<unknown> => (await renew(emulator, token, { scope })).json['scope'];

    expect(await scopeFor('https://management.core.windows.net//.default')).toContain('user_impersonation');
    expect(await scopeFor(`${azureDevOps.appId}/.default`)).toContain(`${azureDevOps.appId}/`);
    expect(refusal(await renew(emulator, token, { scope: 'User.Read api://x/y' }))).toMatchObject({ aadsts: 500011 });
    expect(refusal(await renew(emulator, token, { scope: 'User.Read https://management.azure.com/.default' }))).toEqual(
      { status: 400, error: 'invalid_request', aadsts: 28000 },
    );
  });

  it('without scope means Graph, or 90009 where it was issued for another API', async () => {
    const [graph, tasks] = [
      await getRefreshToken(),
      await getRefreshToken({ parameters: { scope: `offline_access api://${tasksApi.appId}/Tasks.Read` } }),
    ];

    expect((await renew(emulator, graph, { scope: undefined })).json['scope']).toContain('User.Read');
    expect(refusal(await renew(emulator, tasks, { scope: undefined }))).toEqual({
      status: 400,
      error: 'invalid_request',
      aadsts: 90009,
    });
  });

  it('is good in every tenant that knows the account, which has another identity there', async () => {
    const token = await getRefreshToken({ person: { username: bob.username } });
    const { json } = await renew(emulator, token, { client_info: '1' }, { tenant: fabrikam.id });

    expect(decode(json['id_token']).claims).toMatchObject({
      tid: fabrikam.id,
      oid: bob.objectId,
      iss: `${emulator.origin}/${fabrikam.id}/v2.0`,
    });
    const ofAlice = await renew(emulator, await getRefreshToken(), {}, { tenant: fabrikam.id });
    expect(refusal(ofAlice)).toMatchObject({ error: 'invalid_grant', aadsts: 50020 });
  });

  it('of somebody else, or damaged, is refused', async () => {
    const token = await getRefreshToken();

    expect(refusal(await renew(emulator, 'damaged'))).toMatchObject({ error: 'invalid_grant', aadsts: 9002313 });
    expect(
      refusal(await renew(emulator, token, { client_id: webApplication.clientId, client_secret: webSecret })),
    ).toMatchObject({ error: 'invalid_grant', aadsts: 70000 });
  });

  it('lasts 90 days from its last renewal', async () => {
    const token = await getRefreshToken();
    now = new Date(now.getTime() + 89 * day);
    const { json } = await renew(emulator, token);
    now = new Date(now.getTime() + 2 * day);

    expect(refusal(await renew(emulator, token))).toEqual({ status: 400, error: 'invalid_grant', aadsts: 700082 });
    expect((await renew(emulator, json['refresh_token'])).status).toBe(200);
  });

  it('of a single-page application lasts 24 hours, renewed or not', async () => {
    const spa = { client_id: spaApplication.clientId };
    const origin = { headers: { Origin: 'http://localhost:5000' } };
    const { json } = await signIn(emulator, listener, { parameters: spa, ...origin });
    now = new Date(now.getTime() + day - 1);
    const renewed = await renew(emulator, json['refresh_token'], spa, origin);
    now = new Date(now.getTime() + 2);

    expect(renewed.status).toBe(200);
    expect(refusal(await renew(emulator, renewed.json['refresh_token'], spa, origin))).toMatchObject({
      aadsts: 700084,
    });
  });

  it('of a web application wants its secret', async () => {
    const web = { client_id: webApplication.clientId };
    const { json } = await signIn(emulator, listener, { parameters: web, form: { client_secret: webSecret } });

    expect(refusal(await renew(emulator, json['refresh_token'], web))).toMatchObject({ status: 401, aadsts: 7000218 });
    expect((await renew(emulator, json['refresh_token'], { ...web, client_secret: webSecret })).status).toBe(200);
  });
});

describe('what happens to a person or a tenant shows at the renewal', () => {
  it.each<[string, unknown, () => void]>([
    [
      'revoked',
      { error: 'invalid_grant', aadsts: 50173, suberror: 'bad_token' },
      () => emulator.revokeUser(alice.username),
    ],
    ['inactive', { error: 'invalid_grant', aadsts: 700082 }, () => emulator.expireRefreshTokens()],
    [
      'signed in too long ago',
      { error: 'invalid_grant', aadsts: 70043, suberror: 'token_expired' },
      () => emulator.expireRefreshTokens('sign_in_frequency'),
    ],
    [
      'without consent',
      { error: 'invalid_grant', aadsts: 65001, suberror: 'consent_required' },
      () => emulator.revokeConsent(desktopApplication.clientId),
    ],
    [
      'due for a second factor',
      { error: 'invalid_grant', aadsts: 50076, suberror: 'basic_action' },
      () => emulator.requireMfa(alice.username),
    ],
    [
      'blocked',
      { error: 'invalid_grant', aadsts: 53003, suberror: 'message_only' },
      () => emulator.blockByConditionalAccess(alice.username),
    ],
    ['disabled', { error: 'invalid_grant', aadsts: 50057 }, () => emulator.disableUser(alice.username)],
    ['deleted', { error: 'invalid_grant', aadsts: 50034 }, () => emulator.deleteUser(alice.username)],
  ])('%s', async (_what, expected, happen) => {
    const token = await getRefreshToken();
    happen();

    expect(refusal(await renew(emulator, token))).toEqual({ status: 400, ...(expected as object) });
  });

  it('and a new sign-in mends what a sign-in can, though the clock stands still', async () => {
    await getRefreshToken();
    emulator.revokeUser(alice.username);
    emulator.expireRefreshTokens();
    emulator.expireRefreshTokens('sign_in_frequency');
    emulator.revokeConsent(desktopApplication.clientId);
    emulator.requireMfa(alice.username);

    // Consent was given for User.Read alone if asked for: the renewal asks for it.
    const token = await getRefreshToken({ parameters: { scope: 'openid profile offline_access User.Read' } });
    expect((await renew(emulator, token)).status).toBe(200);
  });

  it('and what the tenant did can be taken back', async () => {
    const token = await getRefreshToken();
    emulator.blockByConditionalAccess(alice.username, { suberror: 'additional_action' });
    const blocked = refusal(await renew(emulator, token));
    emulator.clearPolicies(alice.username);

    expect(blocked).toMatchObject({ suberror: 'additional_action' });
    expect((await renew(emulator, token)).status).toBe(200);
  });
});

describe('a claims challenge', () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';

  it('comes with the refusal, and is passed by a sign-in that sends it back', async () => {
    const token = await getRefreshToken();
    emulator.requireMfa(alice.username, { claims });
    const challenged = await renew(emulator, token);
    const without = await getRefreshToken();
    const merged = '{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}';
    const withClaims = await getRefreshToken({ parameters: { claims: merged } });

    expect(challenged.json).toMatchObject({ error: 'invalid_grant', suberror: 'basic_action', claims });
    expect(refusal(await renew(emulator, without))).toMatchObject({ aadsts: 50076 });
    expect((await renew(emulator, without, { claims })).status).toBe(200);
    expect((await renew(emulator, withClaims)).status).toBe(200);
    const asked = emulator.requests.filter(({ endpoint }) => endpoint === 'authorize');
    expect(asked.map(({ query }) => query['claims'])).toEqual([undefined, undefined, merged]);
  });
});
