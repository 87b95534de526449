import { createPublicKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consumers, contoso, desktopApplication, fabrikam } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { send } from './support.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

const discoveryOf = (tenant: string, query = ''): string =>
  `${emulator.origin}/${tenant}/v2.0/.well-known/openid-configuration${query}`;

const keysOf = async (query = ''): Promise<Record<string, unknown>[]> => {
  const { json } = await send(`${emulator.origin}/${contoso.id}/discovery/v2.0/keys${query}`);
  return json['keys'] as Record<string, unknown>[];
};

describe('discovery', () => {
  it('lists the members in the order Entra does, and nothing Entra leaves out', async () => {
    const { json, status, headers } = await send(discoveryOf(contoso.id));

    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('max-age=86400, private');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(Object.keys(json)).toEqual([
      'token_endpoint',
      'token_endpoint_auth_methods_supported',
      'jwks_uri',
      'response_modes_supported',
      'subject_types_supported',
      'id_token_signing_alg_values_supported',
      'response_types_supported',
      'scopes_supported',
      'issuer',
      'request_uri_parameter_supported',
      'userinfo_endpoint',
      'authorization_endpoint',
      'device_authorization_endpoint',
      'http_logout_supported',
      'frontchannel_logout_supported',
      'end_session_endpoint',
      'claims_supported',
      'kerberos_endpoint',
      'tenant_region_scope',
      'cloud_instance_name',
      'cloud_graph_host_name',
      'msgraph_host',
      'rbac_url',
    ]);
  });

  it.each([
    [contoso.id, contoso.id, contoso.id, 'EU'],
    ['contoso.com', contoso.id, contoso.id, 'EU'],
    ['CONTOSO.onmicrosoft.com', contoso.id, contoso.id, 'EU'],
    ['fabrikam.com', fabrikam.id, fabrikam.id, 'NA'],
    ['organizations', '{tenantid}', 'organizations', null],
    ['common', '{tenantid}', 'common', null],
    ['consumers', consumers.id, 'consumers', 'WW'],
  ])('names for %s the issuer of %s and endpoints of %s', async (tenant, issuer, endpoints, region) => {
    const { json } = await send(discoveryOf(tenant));

    expect(json).toMatchObject({
      issuer: `${emulator.origin}/${issuer}/v2.0`,
      token_endpoint: `${emulator.origin}/${endpoints}/oauth2/v2.0/token`,
      authorization_endpoint: `${emulator.origin}/${endpoints}/oauth2/v2.0/authorize`,
      jwks_uri: `${emulator.origin}/${endpoints}/discovery/v2.0/keys`,
      userinfo_endpoint: `${emulator.origin}/oidc/userinfo`,
      tenant_region_scope: region,
    });
  });

  it('refuses an unknown tenant with 400 and lets even that be cached', async () => {
    const { status, headers, json } = await send(discoveryOf('nobody.example.com'));

    expect(status).toBe(400);
    expect(headers.get('cache-control')).toBe('max-age=86400, private');
    expect(Object.keys(json)).toEqual([
      'error',
      'error_description',
      'error_codes',
      'timestamp',
      'trace_id',
      'correlation_id',
      'error_uri',
    ]);
    expect(json).toMatchObject({
      error: 'invalid_tenant',
      error_codes: [90002],
      error_description: expect.stringMatching(/^AADSTS90002: Tenant 'nobody\.example\.com' not found\./),
    });
  });

  it('refuses what cannot be a tenant', async () => {
    expect((await send(discoveryOf('no_tenant'))).json).toMatchObject({
      error: 'invalid_tenant',
      error_codes: [900023],
    });
  });

  it('answers instance discovery, and refuses foreign instances', async () => {
    const ask = async (endpoint: string): Promise<Record<string, unknown>> => {
      const query = `api-version=1.1&authorization_endpoint=${encodeURIComponent(endpoint)}`;
      return (await send(`${emulator.origin}/common/discovery/instance?${query}`)).json;
    };

    expect(await ask(`${emulator.origin}/contoso.com/oauth2/v2.0/authorize`)).toEqual({
      tenant_discovery_endpoint: discoveryOf(contoso.id),
      'api-version': '1.1',
      metadata: [expect.objectContaining({ aliases: [new URL(emulator.origin).host] })],
    });
    expect(await ask('https://evil.example/common')).toMatchObject({ error: 'invalid_instance', error_codes: [50049] });
  });
});

describe('the keys', () => {
  it('have kid equal to x5t, a certificate, an issuer each, and no alg', async () => {
    const keys = await keysOf();

    expect(keys.length).toBeGreaterThanOrEqual(3);
    for (const key of keys) {
      expect(Object.keys(key)).toEqual(['kty', 'use', 'kid', 'x5t', 'n', 'e', 'x5c', 'issuer']);
      expect(key['kid']).toBe(key['x5t']);
      const [der] = key['x5c'] as string[];
      const certificate = new X509Certificate(Buffer.from(der ?? '', 'base64'));
      const jwk = { kty: 'RSA', n: String(key['n']), e: String(key['e']) };
      expect(certificate.publicKey.equals(createPublicKey({ key: jwk, format: 'jwk' }))).toBe(true);
    }
    expect(keys.map((key) => key['issuer'])).toEqual([
      `${emulator.origin}/{tenantid}/v2.0`,
      `${emulator.origin}/{tenantid}/v2.0`,
      `${emulator.origin}/${consumers.id}/v2.0`,
    ]);
  });

  it('of an application with a key of its own are shown with ?appid= only', async () => {
    emulator.updateApplication(desktopApplication.clientId, { ownSigningKey: true });
    const [without, withId] = [await keysOf(), await keysOf(`?appid=${desktopApplication.clientId}`)];
    const { json } = await send(discoveryOf(contoso.id, `?appid=${desktopApplication.clientId}`));

    expect(withId).toHaveLength(without.length + 1);
    expect(json['jwks_uri']).toMatch(/keys\?appid=/);
  });

  it('stay published when they are rotated in time, and vanish in an emergency', async () => {
    const before = (await keysOf()).map((key) => key['kid']);
    emulator.rotateKeys();
    const rotated = (await keysOf()).map((key) => key['kid']);
    emulator.rotateKeys({ immediately: true });
    const replaced = (await keysOf()).map((key) => key['kid']);

    expect(rotated).toEqual(expect.arrayContaining(before));
    expect(replaced.slice(0, 1)).not.toEqual(before.slice(0, 1));
    expect(replaced).not.toContain(rotated[0]);
    expect(replaced).not.toContain(rotated[1]);
  });
});
