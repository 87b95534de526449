import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  contoso,
  desktopApplication,
  fabrikam,
  singleTenantApplication,
  spaApplication,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { Parameters, TestListener } from './support.ts';
import { makePkce, refusal, requestToken, send, signIn, startRedirectListener, walk } from './support.ts';

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

const grant = { grant_type: 'authorization_code' };
const pkce = makePkce();

/** Gets a code for Alice, with PKCE, and answers what redeems it. */
async function getCode(parameters: Parameters = {}, tenant?: string): Promise<Parameters> {
  const walked = await walk(emulator, listener, {
    ...(tenant === undefined ? {} : { tenant }),
    parameters: { code_challenge: pkce.challenge, code_challenge_method: 'S256', ...parameters },
  });
  return {
    ...grant,
    code: walked.parameters['code'],
    redirect_uri: listener.redirectUri,
    code_verifier: pkce.verifier,
    ...(parameters['client_id'] === undefined ? {} : { client_id: parameters['client_id'] }),
  };
}

describe('the success body of the token endpoint', () => {
  it('has the members in the order of Entra, and numbers for times', async () => {
    const { status, json, headers } = await signIn(emulator, listener, { form: { client_info: '1' } });

    expect(status).toBe(200);
    expect(Object.keys(json)).toEqual([
      'token_type',
      'scope',
      'expires_in',
      'ext_expires_in',
      'access_token',
      'refresh_token',
      'id_token',
      'client_info',
    ]);
    expect(json).toMatchObject({
      token_type: 'Bearer',
      scope: 'email openid profile https://graph.microsoft.com/User.Read',
      expires_in: expect.any(Number),
    });
    expect(json['expires_in']).toBeGreaterThanOrEqual(3599);
    expect(json['expires_in']).toBeLessThanOrEqual(5399);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store, no-cache',
      pragma: 'no-cache',
      expires: '-1',
      'content-type': 'application/json; charset=utf-8',
      'x-ms-clitelem': '1,0,0,,',
      'x-content-type-options': 'nosniff',
      date: 'Mon, 23 Nov 2026 12:00:00 GMT',
    });
    expect(headers.has('access-control-allow-origin')).toBe(false);
  });

  it('has no refresh token without offline_access, no ID token without openid, no client_info unasked', async () => {
    const { json } = await signIn(emulator, listener, { parameters: { scope: 'User.Read' } });

    expect(Object.keys(json)).toEqual(['token_type', 'scope', 'expires_in', 'ext_expires_in', 'access_token']);
  });

  it('has tokens of the real size', async () => {
    const { json } = await signIn(emulator, listener);

    expect(String(json['access_token']).length).toBeGreaterThan(1700);
    expect(String(json['access_token']).length).toBeLessThan(3000);
    expect(String(json['refresh_token']).length).toBeGreaterThan(1100);
  });

  it('has a fixed lifetime where one is set', async () => {
    emulator.setAccessTokenLifetime(600);

    expect((await signIn(emulator, listener)).json).toMatchObject({ expires_in: 600, ext_expires_in: 600 });
  });

  it('keeps OpenID scopes out of the answer for other resources', async () => {
    const scope = 'openid offline_access https://management.azure.com/.default';

    expect((await signIn(emulator, listener, { parameters: { scope } })).json['scope']).toBe(
      'https://management.azure.com/.default https://management.azure.com/user_impersonation',
    );
  });
});

describe('a code', () => {
  it('is good once', async () => {
    const form = await getCode();

    expect((await requestToken(emulator, form)).status).toBe(200);
    expect(refusal(await requestToken(emulator, form))).toEqual({ status: 400, error: 'invalid_grant', aadsts: 54005 });
  });

  it('is good for ten minutes', async () => {
    const form = await getCode();
    now = new Date(now.getTime() + 600_001);

    expect(refusal(await requestToken(emulator, form))).toEqual({ status: 400, error: 'invalid_grant', aadsts: 70008 });
  });

  it('is good in its own tenant, and where no tenant is named', async () => {
    const [form, other] = [await getCode(), await getCode({}, 'organizations')];

    expect(refusal(await requestToken(emulator, form, { tenant: fabrikam.id }))).toMatchObject({ aadsts: 700005 });
    expect((await requestToken(emulator, form, { tenant: 'contoso.com' })).status).toBe(200);
    expect((await requestToken(emulator, other, { tenant: 'organizations' })).status).toBe(200);
  });

  it.each<[string, number, Parameters, number?]>([
    ['invalid_grant', 9002313, { code: 'something-else' }],
    ['invalid_request', 900144, { code: undefined }],
    ['invalid_request', 900144, { grant_type: undefined }],
    ['unsupported_grant_type', 70003, { grant_type: 'password' }],
    ['invalid_request', 900144, { client_id: undefined }],
    ['unauthorized_client', 700016, { client_id: '00000000-0000-4000-8000-000000000000' }],
    ['invalid_grant', 70000, { client_id: singleTenantApplication.clientId }],
    ['invalid_client', 500112, { redirect_uri: 'http://localhost/callback' }],
    ['invalid_grant', 501481, { code_verifier: 'wrong-verifier-wrong-verifier-wrong-verifier' }],
    ['invalid_grant', 501481, { code_verifier: undefined }],
    ['invalid_client', 700025, { client_secret: 'public-clients-have-none' }, 401],
    ['invalid_request', 28000, { scope: 'User.Read https://management.azure.com/.default' }],
    ['invalid_resource', 500011, { scope: 'api://nobody/.default' }],
    ['invalid_request', 901002, { resource: 'https://graph.microsoft.com' }],
  ])('is refused with %s %i for a wrong request, which may be mended', async (error, aadsts, wrong, status = 400) => {
    const form = await getCode();

    expect(refusal(await requestToken(emulator, { ...form, ...wrong }))).toEqual({ status, error, aadsts });
    expect((await requestToken(emulator, form)).status).toBe(200);
  });

  it('compares the redirect URI byte for byte', async () => {
    const form = await getCode({ redirect_uri: listener.origin });

    expect(refusal(await requestToken(emulator, { ...form, redirect_uri: `${listener.origin}/` }))).toMatchObject({
      aadsts: 500112,
    });
    expect((await requestToken(emulator, { ...form, redirect_uri: listener.origin })).status).toBe(200);
  });

  it('takes no verifier where no challenge was sent (RFC 9700, 2.1.1)', async () => {
    const form = await getCode({ code_challenge: undefined, code_challenge_method: undefined });

    expect(refusal(await requestToken(emulator, form))).toMatchObject({ aadsts: 501491 });
  });

  it('for what nobody consented to is 65001', async () => {
    const form = await getCode();

    expect(refusal(await requestToken(emulator, { ...form, scope: 'Mail.Read' }))).toEqual({
      status: 400,
      error: 'invalid_grant',
      aadsts: 65001,
      suberror: 'consent_required',
    });
  });

  it('for several resources is redeemed for the first, or the one that is named', async () => {
    const scope = 'openid https://management.azure.com/user_impersonation User.Read';
    const [form, other] = [await getCode({ scope }), await getCode({ scope })];

    expect((await requestToken(emulator, form)).json['scope']).toBe('https://management.azure.com/user_impersonation');
    expect((await requestToken(emulator, { ...other, scope: 'User.Read' })).json['scope']).toBe(
      'openid https://graph.microsoft.com/User.Read',
    );
  });
});

describe('the kind of registration', () => {
  const web = { client_id: webApplication.clientId };
  const spa = { client_id: spaApplication.clientId };
  const origin = { headers: { Origin: 'http://localhost:5000' } };

  it('"Mobile and desktop" takes no Origin header: 9002326', async () => {
    expect(refusal(await requestToken(emulator, await getCode(), origin))).toEqual({
      status: 400,
      error: 'invalid_request',
      aadsts: 9002326,
    });
  });

  it('"Web" wants its secret, the right one, in the body or as Basic: 7000218, 7000215, 7000222', async () => {
    const form = await getCode(web);
    const basic = Buffer.from(`${webApplication.clientId}:${encodeURIComponent(webSecret)}`).toString('base64');

    expect(refusal(await requestToken(emulator, form))).toEqual({
      status: 401,
      error: 'invalid_client',
      aadsts: 7000218,
    });
    expect(refusal(await requestToken(emulator, { ...form, client_secret: 'wrong' }))).toEqual({
      status: 401,
      error: 'invalid_client',
      aadsts: 7000215,
    });
    expect(
      refusal(await requestToken(emulator, { ...form, client_secret: webApplication.secrets?.[1]?.value })),
    ).toMatchObject({ aadsts: 7000222 });
    const byHeader = { ...form, client_id: undefined };
    expect((await requestToken(emulator, byHeader, { headers: { Authorization: `Basic ${basic}` } })).status).toBe(200);
    expect((await requestToken(emulator, { ...(await getCode(web)), client_secret: webSecret })).status).toBe(200);
  });

  it('"Single-page application" wants an Origin header (9002327) and gets CORS headers', async () => {
    const form = await getCode(spa);

    expect(refusal(await requestToken(emulator, form))).toMatchObject({ error: 'invalid_request', aadsts: 9002327 });
    const { status, headers } = await requestToken(emulator, form, origin);
    expect({ status, allowed: headers.get('access-control-allow-origin') }).toEqual({
      status: 200,
      allowed: 'http://localhost:5000',
    });
  });
});

describe('an error body', () => {
  it('has the members in the order of Entra, and names the request by the same ID as the header', async () => {
    const id = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
    const { headers, json } = await requestToken(emulator, grant, { headers: { 'client-request-id': id } });

    expect(json).toEqual({
      error: 'invalid_request',
      error_description: `AADSTS900144: The request body must contain the following parameter: 'code'. Trace ID: ${headers.get('x-ms-request-id')} Correlation ID: ${id} Timestamp: 2026-11-23 12:00:00Z`,
      error_codes: [900144],
      timestamp: '2026-11-23 12:00:00Z',
      trace_id: headers.get('x-ms-request-id'),
      correlation_id: id,
      error_uri: `${emulator.origin}/error?code=900144`,
    });
    expect(headers.get('x-ms-clitelem')).toBe('1,900144,0,,');
    expect(headers.get('cache-control')).toBe('no-store, no-cache');
  });

  it('comes for a GET, for JSON and for a repeated parameter', async () => {
    const url = `${emulator.origin}/${contoso.id}/oauth2/v2.0/token`;
    const json = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } };

    expect(refusal(await send(url))).toMatchObject({ aadsts: 900561 });
    expect(refusal(await send(url, json))).toMatchObject({ aadsts: 900144 });
    const twice = new URLSearchParams('grant_type=authorization_code&grant_type=authorization_code');
    expect(refusal(await send(url, { method: 'POST', body: twice }))).toMatchObject({ aadsts: 9000411 });
  });

  it('says invalid_request for an unknown tenant', async () => {
    expect(refusal(await requestToken(emulator, grant, { tenant: 'nobody.example.com' }))).toEqual({
      status: 400,
      error: 'invalid_request',
      aadsts: 90002,
    });
  });
});

it('remembers every secret it issued, was registered with or was shown', async () => {
  const { json } = await signIn(emulator, listener, {
    form: { code_verifier: pkce.verifier },
    parameters: { code_challenge: pkce.challenge },
  });
  const kindsOf = (value: unknown): string[] =>
    emulator.issued.filter((secret) => secret.value === value).map(({ kind }) => kind);

  expect(kindsOf(json['access_token'])).toEqual(['access_token']);
  expect(kindsOf(json['refresh_token'])).toEqual(['refresh_token']);
  expect(kindsOf(json['id_token'])).toEqual(['id_token']);
  expect(kindsOf(webSecret)).toEqual(['client_secret']);
  expect(kindsOf(pkce.verifier)).toEqual(['code_verifier']);
  expect(emulator.issued.map(({ kind }) => kind)).toContain('code');
  expect(emulator.requests.map(({ endpoint }) => endpoint)).toEqual(['authorize', 'sign_in', 'token']);
  expect(emulator.requests.at(-1)).toMatchObject({
    method: 'POST',
    path: `/${contoso.id}/oauth2/v2.0/token`,
    form: { client_id: desktopApplication.clientId, grant_type: 'authorization_code' },
    status: 200,
    at: now,
  });
});
