import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deadline } from '../../src/auth/deadline.ts';
import { startDeadline } from '../../src/auth/deadline.ts';
import type { SecretStore } from '../../src/context.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';
import type { AccessTokenRequest } from '../../src/tokens/access-token.ts';
import { getAccessToken } from '../../src/tokens/access-token.ts';
import type { KeptAccessToken, KeptSignIn } from '../../src/tokens/kept-profile.ts';
import { readProfile, writeProfile } from '../../src/tokens/token-store.ts';
import { graphToken, inAnHour, now, signIn } from './kept.ts';

let store: SecretStore;
let deadline: Deadline;
let sent: { readonly url: string; readonly form: Record<string, string> }[];
beforeEach(() => {
  store = openMemoryStore();
  sent = [];
  deadline = startDeadline(new AbortController().signal, 30_000, () => new EntraLoginError('timeout', 'late'));
});
afterEach(() => deadline.end());

const keep = (accessTokens: readonly KeptAccessToken[], changes: Partial<KeptSignIn> = {}): Promise<void> =>
  writeProfile(store, 'work', { signIn: { ...signIn, ...changes }, accessTokens }, now);
const renewed = {
  access_token: 'NEW',
  token_type: 'Bearer',
  expires_in: 3600,
  scope: 'User.Read',
  refresh_token: 'R2',
};

/** Asks for a token of an Entra that answers so; gives the token, or the error in words. */
async function get(
  changes: Partial<AccessTokenRequest> = {},
  answer: (form: Record<string, string>) => Response | Promise<Response> = () => Response.json(renewed),
): Promise<unknown> {
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const form = Object.fromEntries(new URLSearchParams(await request.text()));
    sent.push({ url: request.url, form });
    return await answer(form);
  };
  const context = {
    fetch: send,
    now: (): Date => now,
    takeLock: () => Promise.reject(new Error('memory needs no lock')),
    signal: new AbortController().signal,
  };
  const request: AccessTokenRequest = {
    profile: 'work',
    scopes: [],
    clientId: 'C',
    authorityHost: 'https://entra.test',
    clientSecret: undefined,
    ...changes,
  };
  return await getAccessToken(context, store, request, deadline).then(
    ({ token, warning }) => (warning === undefined ? token.accessToken : `${token.accessToken}, ${warning}`),
    (error: unknown) =>
      error instanceof EntraLoginError ? { code: error.code, message: error.message, hint: error.hint } : error,
  );
}

describe('a kept access token', () => {
  it('is answered without a request, for the scopes of the sign-in or fewer of them', async () => {
    await keep([graphToken]);
    expect([await get(), await get({ scopes: ['user.read'] }), await get({ scopes: ['email'] })]).toEqual([
      'A',
      'A',
      'A',
    ]);
    expect(sent).toEqual([]);
  });

  it.each<[string, Partial<KeptAccessToken>]>([
    ['kind', { kind: 'application' }],
    ['kind', { kind: 'managed_identity' }],
    ['authority host', { authorityHost: 'https://other.test' }],
    ['tenant', { tenant: 'T2' }],
    ['client', { clientId: 'C2' }],
    ['resource', { resource: 'https://a.example' }],
    ['scope', { asked: ['Mail.Read'], scopes: ['Mail.Read'] }],
    ['time that is left', { expiresAt: new Date(now.getTime() + 300_000) }],
  ])('of another %s never answers', async (_what, changes) => {
    await keep([{ ...graphToken, ...changes }]);
    expect(await get({ scopes: ['User.Read'] })).toBe('NEW');
    expect(sent).toHaveLength(1);
  });

  it('of a guest answers for that tenant, and no other', async () => {
    await keep([graphToken, { ...graphToken, tenant: 'T2', accessToken: 'GUEST' }]);
    expect([await get({ tenant: 'fabrikam.com' }), await get({ tenant: 'T2' }), await get({ tenant: 'T' })]).toEqual([
      'GUEST',
      'GUEST',
      'A',
    ]);
    expect(sent).toEqual([]);
  });

  it('stands in, with a warning, where Entra cannot be reached', async () => {
    await keep([{ ...graphToken, expiresAt: new Date(now.getTime() + 60_000) }]);
    const down = (): Response => new Response('', { status: 503, headers: { 'retry-after': '600' } });
    expect(await get({}, down)).toMatch(/^A, The access token could not be renewed: Entra cannot serve/);
    expect(await get({ refresh: true }, down)).toMatchObject({ code: 'entra_unavailable' });
  });
});

describe('a renewal', () => {
  it('is one request with the refresh token and the scope, and keeps what it gets beside the rest', async () => {
    const other = { ...graphToken, resource: 'https://a.example' };
    await keep([graphToken, other]);
    expect(await get({ refresh: true })).toBe('NEW');
    expect(sent).toEqual([
      {
        url: 'https://entra.test/token',
        form: {
          grant_type: 'refresh_token',
          refresh_token: 'R',
          client_id: 'C',
          scope: 'openid User.Read profile offline_access',
        },
      },
    ]);
    expect(await readProfile(store, 'work')).toEqual({
      signIn: { ...signIn, refreshToken: 'R2' },
      accessTokens: [
        { ...graphToken, accessToken: 'NEW', scopes: ['User.Read'], expiresAt: inAnHour, issuedAt: now, usedAt: now },
        other,
      ],
    });
  });

  it('keeps the old refresh token where the answer brings none', async () => {
    await keep([]);
    expect(await get({}, () => Response.json({ ...renewed, refresh_token: undefined }))).toBe('NEW');
    expect((await readProfile(store, 'work')).signIn?.refreshToken).toBe('R');
  });

  it('sends the client secret only where the sign-in had one, and says where it is missing', async () => {
    await keep([]);
    await get({ clientSecret: 'hunter2' });
    expect(sent[0]?.form).not.toHaveProperty('client_secret');
    await keep([], { confidential: true });
    await get({ clientSecret: 'hunter2' });
    expect(sent[1]?.form).toMatchObject({ client_secret: 'hunter2' });
    await keep([], { confidential: true });
    expect(await get()).toEqual({
      code: 'configuration',
      message: 'The application signs in with a client secret, and none is set.',
      hint: 'Set ENTRA_LOGIN_CLIENT_SECRET in the environment.',
    });
  });

  it('is exit 3 with the scopes to ask for where there is no refresh token', async () => {
    await keep([], { refreshToken: undefined });
    expect(await get()).toEqual({
      code: 'sign_in_required',
      message: 'The access token has expired and there is no refresh token.',
      hint: 'entra-login login --profile work --scope "openid profile email offline_access"',
    });
  });

  it('sends no refresh token to a tenant that a project file names', async () => {
    await keep([]);
    expect(await get({ tenant: 'evil.example', isProjectTenant: true })).toEqual({
      code: 'sign_in_required',
      message: 'The project file names the tenant evil.example, which is not that of profile "work".',
      hint: 'entra-login login --profile work --tenant evil.example; or another profile: --profile NAME',
    });
    expect(sent).toEqual([]);
    expect(await get({ tenant: 'contoso.com', isProjectTenant: true })).toBe('NEW');
  });

  it('that a sign-out or another sign-in overtook keeps nothing', async () => {
    for (const overtake of [
      () => store.delete('work'),
      () => keep([], { account: { ...signIn.account, objectId: 'SOMEBODY ELSE' } }),
    ]) {
      await keep([]);
      const answer = async (): Promise<Response> => {
        await overtake();
        return Response.json(renewed);
      };
      expect(await get({}, answer)).toMatchObject({
        code: 'sign_in_required',
        message: 'The account of profile "work" was signed out or replaced meanwhile.',
      });
      expect(await store.read('work')).not.toEqual(expect.stringContaining('NEW'));
    }
  });

  it('that the same account overtook elsewhere keeps both: the newer refresh token, and its own access token', async () => {
    await keep([]);
    const answer = async (): Promise<Response> => {
      await keep([], { refreshToken: 'RENEWED ELSEWHERE' });
      return Response.json(renewed);
    };
    expect(await get({}, answer)).toBe('NEW');
    const kept = await readProfile(store, 'work');
    expect(kept.signIn?.refreshToken).toBe('RENEWED ELSEWHERE');
    expect(kept.accessTokens.map(({ accessToken }) => accessToken)).toEqual(['NEW']);
  });

  it('that Entra refuses names the command that mends it, with scopes, tenant and claims', async () => {
    await keep([]);
    const challenge = '{"access_token":{"acrs":{"value":"c1"}}}';
    const refuse = (): Response =>
      Response.json({ error: 'interaction_required', error_description: 'x', claims: challenge }, { status: 400 });
    expect(await get({ scopes: ['Mail.Read'], tenant: 'T2' }, refuse)).toMatchObject({
      code: 'sign_in_required',
      hint: `entra-login login --profile work --tenant T2 --scope "Mail.Read" --claims ${Buffer.from(challenge).toString('base64')}`,
    });
    const plainly = (): Response => Response.json({ error: 'invalid_grant', error_description: 'x' }, { status: 400 });
    expect(await get({}, plainly)).toMatchObject({ hint: 'entra-login login --profile work' });
  });
});
