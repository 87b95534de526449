import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  alice,
  bob,
  carol,
  dave,
  desktopApplication,
  fabrikam,
  singleTenantApplication,
  spaApplication,
  unconsentedApplication,
  webApplication,
} from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { Parameters, TestListener } from './support.ts';
import { authorizeUrl, makePkce, send, signIn, startRedirectListener, walk } from './support.ts';

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

/** Asks with a redirect URI that is good. */
const authorize = async (parameters: Parameters, tenant?: string): ReturnType<typeof send> =>
  await send(authorizeUrl(emulator, { redirect_uri: listener.redirectUri, ...parameters }, tenant));

describe('what is wrong with tenant, application or redirect URI', () => {
  it.each<[number, string, Parameters, string?]>([
    [90002, 'an unknown tenant', {}, 'nobody.example.com'],
    [900144, 'no client ID', { client_id: undefined }],
    [700016, 'an unknown client ID', { client_id: '00000000-0000-4000-8000-000000000000' }],
    [700016, "another tenant's application", { client_id: singleTenantApplication.clientId }, fabrikam.id],
    [50194, 'a single-tenant application on common', { client_id: singleTenantApplication.clientId }, 'common'],
    [9002332, 'a work application on consumers', { client_id: webApplication.clientId }, 'consumers'],
    [50011, 'another path', { redirect_uri: 'http://localhost:5000/Callback' }],
    [50011, 'a slash at the end', { redirect_uri: 'http://localhost:5000/callback/' }],
    [50011, 'another scheme', { redirect_uri: 'https://localhost:5000/callback' }],
    [50011, 'another host', { redirect_uri: 'http://example.com:5000/callback' }],
    [50011, 'a query', { redirect_uri: 'http://localhost:5000/callback?a=b' }],
    [90102, 'a redirect URI that is none', { redirect_uri: 'callback' }],
    [500119, 'a urn: redirect URI', { redirect_uri: 'urn:ietf:wg:oauth:2.0:oob' }],
  ])('is told on a page, with no redirect: %i for %s', async (code, _what, parameters, tenant) => {
    const { status, headers, text } = await authorize(parameters, tenant);

    expect({ status, location: headers.get('location') }).toEqual({ status: 400, location: null });
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain(`AADSTS${code}: `);
    for (const detail of ['Trace ID', 'Correlation ID', 'Timestamp']) expect(text).toContain(detail);
    expect(text).toContain(headers.get('x-ms-request-id'));
  });

  it('is 500113 where no redirect URI is registered, 900971 where none is given either', async () => {
    emulator.updateApplication(desktopApplication.clientId, { redirectUris: {} });

    expect((await authorize({})).text).toContain('AADSTS500113');
    expect((await authorize({ redirect_uri: undefined })).text).toContain('AADSTS900971');
  });

  it('shows markup that came in as text', async () => {
    const { text } = await authorize({ redirect_uri: 'http://localhost/"><script>alert(1)</script>' });

    expect(text).toContain('&lt;script&gt;alert(1)');
    expect(text).not.toContain('<script>');
  });
});

describe('redirect URIs', () => {
  it.each([
    ['http://localhost:1/callback'],
    ['http://LOCALHOST/callback'],
    ['http://localhost:65535'],
    ['http://localhost:8080/'],
    ['http://127.0.0.1:49152/callback'],
  ])('match whatever the port of the loopback host: %s', async (redirectUri) => {
    expect((await authorize({ redirect_uri: redirectUri })).status).toBe(200);
  });

  it('tell the two ways to write an empty path apart', async () => {
    emulator.updateApplication(desktopApplication.clientId, { redirectUris: { publicClient: ['http://localhost'] } });

    expect((await authorize({ redirect_uri: 'http://localhost:1234' })).status).toBe(200);
    expect((await authorize({ redirect_uri: 'http://localhost:1234/' })).text).toContain('AADSTS50011');
  });
});

describe('what is wrong with the rest of the request', () => {
  it.each<[string, number, Parameters]>([
    ['invalid_request', 900144, { response_type: undefined }],
    ['unsupported_response_type', 700054, { response_type: 'id_token' }],
    ['unsupported_response_type', 70005, { response_type: 'device' }],
    ['invalid_request', 70007, { response_mode: 'web_message' }],
    ['invalid_request', 900144, { scope: undefined }],
    ['invalid_scope', 70011, { scope: 'openid a,b' }],
    [
      'invalid_scope',
      70011,
      { scope: 'https://management.azure.com/.default https://management.azure.com/user_impersonation' },
    ],
    ['invalid_resource', 500011, { scope: 'api://nobody/read' }],
    ['invalid_client', 650053, { scope: 'https://management.azure.com/no_such_scope' }],
    ['invalid_request', 901002, { resource: 'https://graph.microsoft.com' }],
    ['invalid_request', 90023, { prompt: 'maybe' }],
    ['invalid_request', 90023, { claims: 'not json' }],
    ['invalid_request', 501491, { code_challenge: 'too-short', code_challenge_method: 'S256' }],
    ['invalid_request', 50147, { code_challenge_method: 'S256' }],
    ['invalid_request', 90023, { code_challenge: 'a'.repeat(43), code_challenge_method: 'S512' }],
    ['invalid_request', 9002325, { client_id: spaApplication.clientId }],
  ])('goes back to the application: %s %i', async (error, code, parameters) => {
    const { status, headers } = await authorize({ response_mode: 'query', ...parameters });

    expect(status).toBe(302);
    const location = new URL(headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(listener.redirectUri);
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      error,
      error_description: expect.stringMatching(
        new RegExp(`^AADSTS${code}: .* Trace ID: \\S{36} Correlation ID: \\S{36} Timestamp: \\S{10} \\S{8}Z$`),
      ),
      state: 'a-state',
    });
  });

  it('is 650057 for .default of a resource that the registration does not list', async () => {
    emulator.updateApplication(desktopApplication.clientId, { permissions: [] });
    const { headers } = await authorize({ response_mode: 'query', scope: 'https://management.azure.com/.default' });

    expect(headers.get('location')).toContain('AADSTS650057');
  });

  it('names the correlation ID that the client chose', async () => {
    const id = '11111111-2222-4333-8444-555555555555';
    const { headers } = await authorize({ response_mode: 'query', response_type: 'x', 'client-request-id': id });

    expect(new URL(headers.get('location') ?? '').searchParams.get('error_description')).toContain(
      `Correlation ID: ${id}`,
    );
  });
});

describe('the answer to the redirect URI', () => {
  it('comes by form_post as a form, from the origin of the emulator', async () => {
    const { delivered, parameters, pages } = await walk(emulator, listener);

    expect({ delivered, pages }).toEqual({
      delivered: true,
      pages: [expect.stringMatching(/^Pick an account/), 'Working...'],
    });
    const delivery = listener.deliveries.at(-1);
    expect(delivery).toMatchObject({ method: 'POST', url: '/callback' });
    expect(delivery?.headers).toMatchObject({
      'content-type': expect.stringContaining('application/x-www-form-urlencoded'),
      origin: emulator.origin,
    });
    expect(Object.fromEntries(new URLSearchParams(delivery?.body))).toEqual(parameters);
    expect(parameters).toEqual({
      code: expect.stringMatching(/^1\.A[\w-]{1000,2000}$/),
      state: 'a-state',
      session_state: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
  });

  it('has a script whose hash the policy of the page allows, and a button for those without script', async () => {
    const { text, headers } = await authorize({ login_hint: alice.username });

    const [, script = ''] = /<script>(.*)<\/script>/s.exec(text) ?? [];
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script));
    expect(headers.get('content-security-policy')).toContain(`'sha256-${Buffer.from(digest).toString('base64')}'`);
    expect(text).toMatch(/<title>Working\.\.\.<\/title>[^]*<noscript\s*>[^]*type="submit"/);
  });

  it('comes by query and by fragment, with a slash where the redirect URI has no path', async () => {
    const redirectUri = listener.origin;
    const byQuery = await authorize({
      response_mode: undefined,
      redirect_uri: redirectUri,
      login_hint: alice.username,
    });
    const byFragment = await authorize({
      response_mode: 'fragment',
      redirect_uri: redirectUri,
      login_hint: alice.username,
    });

    expect(byQuery.headers.get('location')).toMatch(
      new RegExp(`^${redirectUri}/\\?code=.*&state=a-state&session_state=`),
    );
    expect(byFragment.headers.get('location')).toMatch(
      new RegExp(`^${redirectUri}/#code=.*&state=a-state&session_state=`),
    );
  });

  it('has client_info when asked', async () => {
    const { parameters } = await walk(emulator, listener, {
      parameters: { client_info: '1' },
      person: { username: bob.username },
    });

    const info = Buffer.from(parameters['client_info'] ?? '', 'base64url').toString();
    expect(JSON.parse(info)).toEqual({ uid: bob.objectId, utid: fabrikam.id });
  });

  it('says access_denied and cancel when the person declines', async () => {
    const { parameters } = await walk(emulator, listener, { person: { decline: true } });

    expect(parameters).toMatchObject({
      error: 'access_denied',
      error_subcode: 'cancel',
      error_description: expect.stringMatching(/^AADSTS65004: /),
      error_uri: `${emulator.origin}/error?code=65004`,
      state: 'a-state',
    });
  });
});

describe('who signs in', () => {
  const pageOf = async (parameters: Parameters, tenant?: string): Promise<string> =>
    (await authorize(parameters, tenant)).text;

  it('is picked among the accounts the tenant knows', async () => {
    const names = (page: string): string[] => [...page.matchAll(/value="([^"]+@[^"]+)"/g)].map(([, name = '']) => name);

    expect(names(await pageOf({}))).toEqual([alice.username, bob.username, dave.username]);
    expect(names(await pageOf({}, fabrikam.id))).toEqual([bob.username]);
    expect(names(await pageOf({}, 'common'))).toEqual([alice, bob, carol, dave].map(({ username }) => username));
    expect(names(await pageOf({}, 'organizations'))).toEqual([alice, bob, dave].map(({ username }) => username));
    expect(names(await pageOf({}, 'consumers'))).toEqual([carol.username]);
    expect(names(await pageOf({ domain_hint: 'consumers' }, 'common'))).toEqual([carol.username]);
    expect(names(await pageOf({ domain_hint: 'fabrikam.com' }, 'common'))).toEqual([bob.username]);
  });

  it('may be named by login_hint, which skips the picker', async () => {
    expect((await walk(emulator, listener, { parameters: { login_hint: alice.username } })).pages).toEqual([
      'Working...',
    ]);
  });

  it('is asked for a password after "Use another account" and at prompt=login', async () => {
    const other = await walk(emulator, listener, { tenant: fabrikam.id });
    const login = await walk(emulator, listener, { parameters: { prompt: 'login', login_hint: alice.username } });

    expect(other).toMatchObject({ delivered: false, status: 400 });
    expect(other.body).toContain('AADSTS50020');
    expect(other.pages).toEqual([
      expect.stringMatching(/^Pick/),
      expect.stringMatching(/^Sign in/),
      expect.stringMatching(/^Enter password/),
      expect.stringMatching(/^Sign in/),
    ]);
    expect(login.pages).toEqual([expect.stringMatching(/^Enter password/), 'Working...']);
  });

  it('is asked again when the username is unknown', async () => {
    const { delivered, body } = await walk(emulator, listener, { person: { username: 'nobody@nowhere.example' } });

    expect(delivered).toBe(false);
    expect(body).toContain('find an account with that username');
  });

  it.each<[number, (name: string) => void]>([
    [50057, (name) => emulator.disableUser(name)],
    [50034, (name) => emulator.deleteUser(name)],
    [53003, (name) => emulator.blockByConditionalAccess(name)],
    [50105, () => emulator.updateApplication(desktopApplication.clientId, { assignedUsers: [] })],
  ])('is told on a page why not: %i', async (code, forbid) => {
    forbid(alice.username);
    const { delivered, body } = await walk(emulator, listener, { parameters: { login_hint: alice.username } });

    expect(delivered).toBe(false);
    expect(body).toContain(`AADSTS${code}: `);
  });
});

describe("the browser's session", () => {
  it('signs in silently, but not with select_account, and not after the sign-out', async () => {
    const cookies = new Map<string, string>();
    const pagesOf = async (parameters: Parameters): Promise<readonly string[]> =>
      (await walk(emulator, listener, { parameters, person: { cookies } })).pages;
    await pagesOf({});

    expect(await pagesOf({})).toEqual(['Working...']);
    expect(await pagesOf({ prompt: 'none' })).toEqual(['Working...']);
    expect(await pagesOf({ prompt: 'select_account' })).toEqual([expect.stringMatching(/^Pick/), 'Working...']);
    const [cookie] = [...cookies].filter(([key]) => key.endsWith('ESTSAUTH')).map(([, value]) => `ESTSAUTH=${value}`);
    const out = await send(`${emulator.origin}/common/oauth2/v2.0/logout`, { headers: { Cookie: cookie ?? '' } });
    expect(out.text).toContain('You signed out of your account');
    expect(out.headers.getSetCookie().join()).toMatch(/ESTSAUTH=; expires=Thu, 01 Jan 1970/);
    expect(await pagesOf({})).toEqual([expect.stringMatching(/^Pick/), 'Working...']);
  });

  it.each<[string, string, number, () => Promise<Map<string, string>>]>([
    ['login_required', 'nobody is signed in', 50058, () => Promise.resolve(new Map())],
    ['interaction_required', 'two accounts are', 16000, () => signInTwo()],
    ['interaction_required', 'a second factor is due', 50076, () => signInAndRequireMfa()],
    ['consent_required', 'consent was taken back', 65001, () => signInAndRevokeConsent()],
  ])('answers prompt=none with %s when %s', async (error, _when, code, prepare) => {
    const cookies = await prepare();
    const { parameters } = await walk(emulator, listener, { parameters: { prompt: 'none' }, person: { cookies } });

    expect(parameters).toMatchObject({
      error,
      error_description: expect.stringMatching(new RegExp(`^AADSTS${code}: `)),
    });
  });

  async function signInTwo(): Promise<Map<string, string>> {
    const cookies = new Map<string, string>();
    for (const { username } of [alice, dave]) {
      await walk(emulator, listener, { parameters: { prompt: 'select_account' }, person: { username, cookies } });
    }
    return cookies;
  }
  async function signInAndRequireMfa(): Promise<Map<string, string>> {
    const cookies = new Map<string, string>();
    await walk(emulator, listener, { person: { cookies } });
    emulator.requireMfa(alice.username);
    return cookies;
  }
  async function signInAndRevokeConsent(): Promise<Map<string, string>> {
    const cookies = new Map<string, string>();
    await walk(emulator, listener, { person: { cookies } });
    emulator.revokeConsent(desktopApplication.clientId);
    return cookies;
  }
});

describe('consent', () => {
  const unconsented = { client_id: unconsentedApplication.clientId };
  const consentPage = expect.stringMatching(/^Permissions requested/) as string;

  it('is asked for once, and again for more', async () => {
    const pagesOf = async (scope: string): Promise<readonly string[]> =>
      (await walk(emulator, listener, { parameters: { ...unconsented, scope, login_hint: alice.username } })).pages;

    expect(await pagesOf('openid')).toEqual([consentPage, 'Working...']);
    expect(await pagesOf('openid')).toEqual(['Working...']);
    expect(await pagesOf('openid Mail.Read')).toEqual([consentPage, 'Working...']);
    expect(await pagesOf('openid Mail.Read')).toEqual(['Working...']);
  });

  it('is asked for at prompt=consent though it was given', async () => {
    const parameters = { prompt: 'consent', login_hint: alice.username };

    expect((await walk(emulator, listener, { parameters })).pages).toEqual([consentPage, 'Working...']);
  });

  it('is access_denied when refused', async () => {
    const { parameters } = await walk(emulator, listener, { parameters: unconsented, person: { consent: false } });

    expect(parameters).toMatchObject({ error: 'access_denied', error_subcode: 'cancel' });
  });

  it('can be for administrators only: 90094 on a page', async () => {
    emulator.updateApplication(unconsentedApplication.clientId, { consent: 'admin_only' });

    expect((await walk(emulator, listener, { parameters: unconsented })).body).toContain('AADSTS90094');
  });
});

describe('a second factor', () => {
  it('is asked for where it is required, and remembered by the session', async () => {
    emulator.requireMfa(alice.username);
    const cookies = new Map<string, string>();
    const options = { parameters: { login_hint: alice.username }, person: { cookies } };

    expect((await walk(emulator, listener, options)).pages).toEqual([expect.stringMatching(/^Approve/), 'Working...']);
    expect((await walk(emulator, listener, options)).pages).toEqual(['Working...']);
  });
});

describe('PKCE', () => {
  it('takes a plain challenge, which is also what no method means (RFC 7636, 4.3)', async () => {
    const { verifier } = makePkce();
    const answer = await signIn(emulator, listener, {
      parameters: { code_challenge: verifier, code_challenge_method: undefined },
      form: { code_verifier: verifier },
    });

    expect(answer.status).toBe(200);
  });
});

it('takes the authorization request as a POST too', async () => {
  const url = new URL(authorizeUrl(emulator, { redirect_uri: listener.redirectUri }));
  const { status, text } = await send(url.origin + url.pathname, { method: 'POST', body: url.searchParams });

  expect({ status, picker: text.includes('Pick an account') }).toEqual({ status: 200, picker: true });
  expect(emulator.requests.at(-1)).toMatchObject({ endpoint: 'authorize', method: 'POST', form: { state: 'a-state' } });
});

it('refuses a parameter given twice (RFC 6749, 3.1)', async () => {
  const url = `${authorizeUrl(emulator, { redirect_uri: listener.redirectUri })}&state=b`;

  expect((await send(url)).text).toContain('AADSTS9000411');
});
