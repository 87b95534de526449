import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob, contoso } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { Answer, SignInOptions, TestListener } from './support.ts';
import { decode, refusal, renew, send, signIn, startRedirectListener, walk } from './support.ts';

let now: Date;
let emulator: Emulator;
let listener: TestListener;
beforeAll(async () => {
  listener = await startRedirectListener();
});
afterAll(() => listener.close());
beforeEach(async () => {
  now = new Date();
  emulator = await startEmulator({ now: () => now });
});
afterEach(() => emulator.close());

const ask = async (path: string, token: unknown, method = 'GET'): Promise<Answer> =>
  await send(`${emulator.origin}${path}`, { method, headers: { Authorization: `Bearer ${String(token)}` } });

const revoke = async (options: SignInOptions): Promise<{ answer: Answer; tokens: Answer }> => {
  const tokens = await signIn(emulator, listener, options);
  return { tokens, answer: await ask('/v1.0/me/revokeSignInSessions', tokens.json['access_token'], 'POST') };
};

describe('UserInfo', () => {
  it('answers a Graph token with openid, by GET and POST, with the sub of the ID token', async () => {
    const { json } = await signIn(emulator, listener);

    const { sub } = decode(json['id_token']).claims;
    for (const method of ['GET', 'POST']) {
      expect((await ask('/oidc/userinfo', json['access_token'], method)).json).toEqual({
        sub,
        name: 'Alice Anders',
        family_name: 'Anders',
        given_name: 'Alice',
        picture: 'https://graph.microsoft.com/v1.0/me/photo/$value',
        email: 'alice@contoso.com',
      });
    }
  });

  it.each([
    ['for another API', 'openid https://management.azure.com/.default'],
    ['without openid', 'User.Read'],
  ])('refuses a token %s', async (_what, scope) => {
    const { json } = await signIn(emulator, listener, { parameters: { scope } });
    const { status, headers } = await ask('/oidc/userinfo', json['access_token']);

    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({
      status: 401,
      challenge: expect.stringMatching(/^Bearer /),
    });
  });

  it('refuses a token that has expired, a damaged one, and none', async () => {
    emulator.setAccessTokenLifetime(60);
    const { json } = await signIn(emulator, listener);
    now = new Date(now.getTime() + 60_000);

    expect((await ask('/oidc/userinfo', json['access_token'])).status).toBe(401);
    expect((await ask('/oidc/userinfo', 'damaged')).status).toBe(401);
    expect((await send(`${emulator.origin}/oidc/userinfo`)).status).toBe(401);
  });

  it('challenges a client that declared cp1 when its person was revoked, and nobody else', async () => {
    const claims = '{"access_token":{"xms_cc":{"values":["cp1"]}}}';
    const [plain, capable] = [
      await signIn(emulator, listener),
      await signIn(emulator, listener, { parameters: { claims } }),
    ];
    emulator.revokeUser(alice.username);

    expect((await ask('/oidc/userinfo', plain.json['access_token'])).status).toBe(200);
    const { status, headers } = await ask('/oidc/userinfo', capable.json['access_token']);
    expect(status).toBe(401);
    const [, challenge = ''] =
      /error="insufficient_claims", claims="([^"]+)"/.exec(headers.get('www-authenticate') ?? '') ?? [];
    expect(JSON.parse(Buffer.from(challenge, 'base64').toString())).toEqual({
      access_token: { nbf: { essential: true, value: String(Math.ceil(now.getTime() / 1000)) } },
    });
  });
});

describe('revokeSignInSessions', () => {
  it('voids refresh tokens and sessions', async () => {
    const cookies = new Map<string, string>();
    const { answer, tokens } = await revoke({
      parameters: { scope: 'openid profile offline_access User.RevokeSessions.All' },
      person: { cookies },
    });

    expect(answer.json).toEqual({
      '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#Edm.Boolean',
      value: true,
    });
    expect(refusal(await renew(emulator, tokens.json['refresh_token']))).toMatchObject({ aadsts: 50173 });
    expect((await walk(emulator, listener, { person: { cookies } })).pages[0]).toMatch(/^Pick/);
  });

  it('is not for guests, nor for tokens without the permission', async () => {
    const guest = { parameters: { scope: 'User.RevokeSessions.All' }, person: { username: bob.username } };

    expect((await revoke(guest)).answer.status).toBe(403);
    expect((await revoke({})).answer.status).toBe(403);
  });
});

describe('the end-session endpoint', () => {
  const logout = async (query: string): Promise<Answer> =>
    await send(`${emulator.origin}/${contoso.id}/oauth2/v2.0/logout?${query}`);

  it('goes on to a registered redirect URI, with the state', async () => {
    const target = encodeURIComponent(listener.redirectUri);
    const { status, headers } = await logout(
      `post_logout_redirect_uri=${target}&state=s&logout_hint=${alice.username}`,
    );

    expect({ status, location: headers.get('location') }).toEqual({
      status: 302,
      location: `${listener.redirectUri}?state=s`,
    });
  });

  it('shows its own page for any other', async () => {
    const { status, headers, text } = await logout('post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F');

    expect({ status, location: headers.get('location') }).toEqual({ status: 200, location: null });
    expect(text).toContain('You signed out of your account');
  });

  it('signs out the hinted account alone, and leaves refresh tokens as they are', async () => {
    const cookies = new Map<string, string>();
    const { json } = await signIn(emulator, listener, { person: { cookies } });
    await walk(emulator, listener, {
      parameters: { prompt: 'select_account' },
      person: { cookies, username: bob.username },
    });
    const Cookie = [...cookies].map(([key, value]) => `${key.split(' ')[1]}=${value}`).join('; ');
    await send(`${emulator.origin}/common/oauth2/v2.0/logout?logout_hint=${alice.username}`, { headers: { Cookie } });

    const silent = await walk(emulator, listener, { parameters: { prompt: 'none' }, person: { cookies } });
    const tokens = silent.parameters['code'];
    expect(tokens).toBeDefined();
    expect((await renew(emulator, json['refresh_token'])).status).toBe(200);
  });
});
