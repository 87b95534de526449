import { constants, createHash, randomUUID, sign, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contoso, graph, tasksApi, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { readSigningKey } from '../../src/emulator/key-ring.ts';
import { clientCertificate, strangerKey, workloadIssuerKey } from '../../src/emulator/test-keys.ts';
import type { TestKey } from '../../src/emulator/test-keys.ts';
import type { Answer, Parameters } from './support.ts';
import { decode, refusal, requestToken } from './support.ts';

const now = new Date('2026-11-23T12:00:00Z');
let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator({ now: () => now });
});
afterEach(() => emulator.close());

const authenticate = async (form: Parameters, tenant: string = contoso.id): Promise<Answer> =>
  await requestToken(
    emulator,
    {
      grant_type: 'client_credentials',
      client_id: webApplication.clientId,
      scope: 'https://graph.microsoft.com/.default',
      ...form,
    },
    { tenant },
  );

interface AssertionOptions {
  readonly claims?: Record<string, unknown>;
  readonly alg?: 'PS256' | 'RS256';
  readonly key?: TestKey;
}

/** Makes a client assertion as entra.md 6.2 has it. */
function makeAssertion({ claims = {}, alg = 'PS256', key = clientCertificate }: AssertionOptions = {}): string {
  const der = new X509Certificate(key.certificate).raw;
  const digest = (name: string): string => createHash(name).update(der).digest('base64url');
  const thumbprint = alg === 'PS256' ? { 'x5t#S256': digest('sha256') } : { x5t: digest('sha1') };
  const issuedAt = now.getTime() / 1000;
  const payload = {
    aud: `${emulator.origin}/${contoso.id}/oauth2/v2.0/token`,
    iss: webApplication.clientId,
    sub: webApplication.clientId,
    jti: randomUUID(),
    nbf: issuedAt,
    iat: issuedAt,
    exp: issuedAt + 600,
    ...claims,
  };
  const input = [{ alg, typ: 'JWT', ...thumbprint }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const padding = alg === 'PS256' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  const signature = sign('sha256', Buffer.from(input), {
    key: key.privateKey,
    padding,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
  return `${input}.${signature.toString('base64url')}`;
}

const assertionForm = (assertion: string): Parameters => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
});

describe('client credentials', () => {
  it('bring an access token and nothing else', async () => {
    const { status, json } = await authenticate({ client_secret: webSecret });

    expect(status).toBe(200);
    expect(Object.keys(json)).toEqual(['token_type', 'expires_in', 'ext_expires_in', 'access_token']);
    expect(json).toMatchObject({ expires_in: 3599, ext_expires_in: 3599 });
    expect(decode(json['access_token']).claims).toMatchObject({
      aud: 'https://graph.microsoft.com',
      appid: webApplication.clientId,
      appidacr: '1',
      idtyp: 'app',
      oid: webApplication.servicePrincipalId,
      roles: webApplication.appRoles?.[graph.appId],
      tid: contoso.id,
    });
  });

  it('for an API with version 2 tokens name it by its GUID', async () => {
    const { json } = await authenticate({ client_secret: webSecret, scope: `api://${tasksApi.appId}/.default` });

    expect(decode(json['access_token']).claims).toMatchObject({ aud: tasksApi.appId, azp: webApplication.clientId });
  });

  it.each<[number, number, Parameters, string?]>([
    [401, 7000218, {}],
    [401, 7000215, { client_secret: 'wrong' }],
    [400, 1002012, { client_secret: webSecret, scope: 'User.Read' }],
    [400, 1002012, { client_secret: webSecret, scope: 'https://graph.microsoft.com/.default api://x/.default' }],
    [400, 500011, { client_secret: webSecret, scope: 'api://nobody/.default' }],
    [400, 900144, { client_secret: webSecret, scope: undefined }],
    [400, 9001023, { client_secret: webSecret }, 'common'],
  ])('are refused: %i %i', async (status, aadsts, form, tenant) => {
    expect(refusal(await authenticate(form, tenant))).toMatchObject({ status, aadsts });
  });
});

describe('a certificate assertion', () => {
  it.each(['PS256', 'RS256'] as const)('is taken with %s', async (alg) => {
    const { status, json } = await authenticate(assertionForm(makeAssertion({ alg })));

    expect(status).toBe(200);
    expect(decode(json['access_token']).claims).toMatchObject({ appidacr: '2' });
  });

  const seconds = now.getTime() / 1000;
  it.each<[number, AssertionOptions]>([
    [700027, { key: strangerKey }],
    [50048, { claims: { sub: 'somebody-else' } }],
    [700023, { claims: { aud: 'https://login.example.org/token' } }],
    [5002741, { claims: { aud: ['https://a.example', 'https://b.example'] } }],
    [700024, { claims: { exp: seconds - 301 } }],
    [700024, { claims: { nbf: seconds + 301 } }],
    [700024, { claims: { exp: undefined } }],
  ])('is refused with %i', async (aadsts, options) => {
    expect(refusal(await authenticate(assertionForm(makeAssertion(options))))).toEqual({
      status: 401,
      error: 'invalid_client',
      aadsts,
    });
  });

  it('is refused with 700027 when it was tampered with, 50027 when it is none', async () => {
    const [header = '', , signature = ''] = makeAssertion().split('.');
    const [, otherPayload = ''] = makeAssertion().split('.');

    expect(refusal(await authenticate(assertionForm(`${header}.${otherPayload}.${signature}`)))).toMatchObject({
      aadsts: 700027,
    });
    expect(refusal(await authenticate(assertionForm('no-jwt')))).toMatchObject({ aadsts: 50027 });
  });
});

describe('a federated assertion', () => {
  const trust = {
    issuer: 'https://issuer.example',
    subject: 'repo:Octo/App:ref:refs/heads/main',
    audience: 'api://AzureADTokenExchange',
  };
  const claims = { iss: trust.issuer, sub: trust.subject, aud: trust.audience };

  const exchange = async (options: AssertionOptions): Promise<Answer> => {
    const { publicKeyPem } = readSigningKey(workloadIssuerKey);
    emulator.updateApplication(webApplication.clientId, {
      federatedCredentials: [{ ...trust, publicKey: publicKeyPem }],
    });
    const assertion = makeAssertion({ key: workloadIssuerKey, alg: 'RS256', ...options });
    return await authenticate(assertionForm(assertion));
  };

  it('is taken from a trusted issuer', async () => {
    expect((await exchange({ claims })).status).toBe(200);
    expect(emulator.issued.map(({ kind }) => kind)).toContain('client_assertion');
  });

  it.each<[number, AssertionOptions]>([
    [700211, { claims: { ...claims, iss: 'https://ISSUER.example' } }],
    [700212, { claims: { ...claims, aud: 'api://azureadtokenexchange' } }],
    [700213, { claims: { ...claims, sub: 'repo:octo/app:ref:refs/heads/main' } }],
    [5002741, { claims: { ...claims, aud: [trust.audience, 'another'] } }],
    [700024, { claims: { ...claims, exp: now.getTime() / 1000 - 301 } }],
    [700027, { claims, key: strangerKey }],
  ])('is refused with %i, letter case counting', async (aadsts, options) => {
    expect(refusal(await exchange(options))).toEqual({ status: 401, error: 'invalid_client', aadsts });
  });
});
