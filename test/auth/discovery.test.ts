import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDeadline } from '../../src/auth/deadline.ts';
import type { TenantMetadata } from '../../src/auth/discovery.ts';
import { discoverTenant } from '../../src/auth/discovery.ts';
import { EntraLoginError } from '../../src/errors.ts';

let document: unknown;
let status = 200;
const paths: string[] = [];
const server = createServer((request, response) => {
  paths.push(request.url ?? '');
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
});
let origin = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const sound = (): Record<string, unknown> => ({
  issuer: `${origin}/{tenantid}/v2.0`,
  authorization_endpoint: `${origin}/t/oauth2/v2.0/authorize`,
  token_endpoint: `${origin}/t/oauth2/v2.0/token`,
  jwks_uri: `${origin}/t/discovery/v2.0/keys`,
  userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
  id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none', 'PS256'],
});
beforeEach(() => {
  status = 200;
  document = sound();
  paths.length = 0;
});

// Another host's document, answered by our server: what a real authority host would answer.
const discoverAt = (host: string, tenant = 't'): Promise<TenantMetadata> => {
  const deadline = startDeadline(new AbortController().signal, 5000, () => new EntraLoginError('timeout', 'late'));
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return globalThis.fetch(`${origin}${url.pathname}`, init);
  };
  return discoverTenant({ fetch, now: () => new Date() }, { host, tenant }, deadline).finally(() => deadline.end());
};
const discover = (tenant = 't'): Promise<TenantMetadata> => discoverAt(origin, tenant);

describe('discovery', () => {
  it('reads what the document tells, and accepts no HMAC and no "none" among the algorithms', async () => {
    expect(await discover()).toEqual({
      issuer: `${origin}/{tenantid}/v2.0`,
      authorizationEndpoint: `${origin}/t/oauth2/v2.0/authorize`,
      tokenEndpoint: `${origin}/t/oauth2/v2.0/token`,
      jwksUri: `${origin}/t/discovery/v2.0/keys`,
      deviceAuthorizationEndpoint: undefined,
      endSessionEndpoint: undefined,
      userInfoEndpoint: 'https://graph.microsoft.com/oidc/userinfo',
      signingAlgorithms: ['RS256', 'PS256'],
    });
    expect(paths).toEqual(['/t/v2.0/.well-known/openid-configuration']);
  });

  it('takes RS256 where the document lists no algorithm we accept', async () => {
    document = { ...sound(), id_token_signing_alg_values_supported: ['ES256'] };
    expect((await discover()).signingAlgorithms).toEqual(['RS256']);
  });

  it.each([
    'https://evil.example/{tenantid}/v2.0',
    'https://login.microsoftonline.com/{tenantid}/v2.0',
    'https://user@evil.example/v2.0',
    'not a URL',
  ])('refuses the issuer %s, which is not the authority’s own', async (issuer) => {
    document = { ...sound(), issuer };
    await expect(discover()).rejects.toMatchObject({ code: 'untrusted_response' });
  });

  it.each([
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'device_authorization_endpoint',
    'end_session_endpoint',
    'userinfo_endpoint',
  ])('refuses a %s on another host: codes, secrets and tokens would go there', async (name) => {
    for (const value of ['https://evil.example/x', 'http://127.0.0.1:1/x', 'not a URL']) {
      document = { ...sound(), [name]: value };
      await expect(discover()).rejects.toMatchObject({
        code: 'untrusted_response',
        message: expect.stringContaining(name) as string,
      });
    }
  });

  it('accepts the hosts of the same cloud, and no other cloud’s', async () => {
    const host = 'https://login.microsoftonline.us';
    const at = (login: string): Record<string, string> => ({
      issuer: `https://${login}/{tenantid}/v2.0`,
      authorization_endpoint: `https://${login}/t/oauth2/v2.0/authorize`,
      token_endpoint: `https://${login}/t/oauth2/v2.0/token`,
      jwks_uri: `https://${login}/t/discovery/v2.0/keys`,
      userinfo_endpoint: 'https://graph.microsoft.us/oidc/userinfo',
    });
    document = at('login.microsoftonline.us');
    expect(await discoverAt(host)).toMatchObject({ issuer: 'https://login.microsoftonline.us/{tenantid}/v2.0' });
    document = at('login.usgovcloudapi.net');
    expect(await discoverAt(host)).toMatchObject({ issuer: 'https://login.usgovcloudapi.net/{tenantid}/v2.0' });
    document = at('login.microsoftonline.com');
    await expect(discoverAt(host)).rejects.toMatchObject({ code: 'untrusted_response' });
  });

  it('accepts External ID, whose issuer has the tenant’s GUID for a host', async () => {
    const guid = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
    const own = (path: string): string => `https://contoso.ciamlogin.com/t/${path}`;
    document = {
      issuer: `https://${guid}.ciamlogin.com/${guid}/v2.0`,
      authorization_endpoint: own('authorize'),
      token_endpoint: own('token'),
      jwks_uri: `https://${guid}.ciamlogin.com/keys`,
    };
    expect(await discoverAt('https://contoso.ciamlogin.com')).toMatchObject({ tokenEndpoint: own('token') });
    document = { ...(document as object), issuer: `https://${guid}.ciamlogin.com/${tid2}/v2.0` };
    await expect(discoverAt('https://contoso.ciamlogin.com')).rejects.toMatchObject({ code: 'untrusted_response' });
  });
  const tid2 = '00000000-0000-0000-0000-000000000002';

  it('is a configuration error for a tenant that is not there, with Entra’s code and how to find the right one', async () => {
    status = 400;
    document = {
      error: 'invalid_tenant',
      error_description: "AADSTS90002: Tenant 'x' not found. Trace ID: 11111111-1111-1111-1111-111111111111",
      correlation_id: '22222222-2222-2222-2222-222222222222',
    };
    await expect(discover('x')).rejects.toMatchObject({
      code: 'configuration',
      aadsts: 'AADSTS90002',
      correlationId: '22222222-2222-2222-2222-222222222222',
      message: expect.stringContaining('"x"') as string,
    });
    document = {};
    await expect(discover('x')).rejects.toMatchObject({ code: 'configuration' });
  });

  it.each([
    ['no issuer', { issuer: undefined }],
    ['no token endpoint', { token_endpoint: undefined }],
    ['an empty jwks_uri', { jwks_uri: '' }],
  ])('is entra_unavailable for a document with %s', async (_what, change) => {
    document = { ...sound(), ...change };
    await expect(discover()).rejects.toMatchObject({ code: 'entra_unavailable' });
  });

  it('is entra_unavailable for an answer that is no document', async () => {
    document = ['x'];
    await expect(discover()).rejects.toMatchObject({ code: 'entra_unavailable' });
    status = 418;
    document = {};
    await expect(discover()).rejects.toMatchObject({ code: 'entra_unavailable' });
  });
});
