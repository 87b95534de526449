import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  contoso,
  systemAssignedIdentity,
  userAssignedIdentity,
  webApplication,
} from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import type { Answer } from './support.ts';
import { decode, requestToken, send } from './support.ts';

const now = new Date('2026-11-23T12:00:00Z');
let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator({ now: () => now });
});
afterEach(() => emulator.close());

const exchange = async (assertion: unknown): Promise<Answer> =>
  await requestToken(emulator, {
    grant_type: 'client_credentials',
    client_id: webApplication.clientId,
    scope: 'https://graph.microsoft.com/.default',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: String(assertion),
  });

describe('a GitHub Actions job', () => {
  const ask = async (token?: string): Promise<Answer> => {
    const env = emulator.hostEnvironments.githubActions;
    const url = `${env['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=api%3A%2F%2FAzureADTokenExchange`;
    return await send(url, { headers: { Authorization: `bearer ${token ?? env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}` } });
  };

  it('gets a token that the web application trusts', async () => {
    const { json } = await ask();

    expect(decode(json['value']).claims).toMatchObject({
      aud: 'api://AzureADTokenExchange',
      sub: 'repo:contoso/app:ref:refs/heads/main',
      exp: now.getTime() / 1000 + 300,
    });
    expect((await exchange(json['value'])).status).toBe(200);
    expect((await ask('wrong')).status).toBe(401);
    expect(emulator.issued).toContainEqual({ kind: 'federated_token', value: json['value'] });
  });
});

describe('an Azure Pipelines job', () => {
  const ask = async (headers: Record<string, string>, connection?: string): Promise<Answer> => {
    const env = emulator.hostEnvironments.azurePipelines;
    const id = connection ?? env['AZURESUBSCRIPTION_SERVICE_CONNECTION_ID'];
    const url = `${env['SYSTEM_OIDCREQUESTURI']}?api-version=7.1&serviceConnectionId=${id}`;
    const authorization = { Authorization: `Bearer ${env['SYSTEM_ACCESSTOKEN']}` };
    return await send(url, { method: 'POST', headers: { ...authorization, ...headers } });
  };

  it('gets a token that the web application trusts', async () => {
    const { json } = await ask({ 'X-TFS-FedAuthRedirect': 'Suppress' });

    expect((await exchange(json['oidcToken'])).status).toBe(200);
  });

  it('is redirected without a good token, unless it says not to', async () => {
    const Authorization = 'Bearer wrong';

    expect((await ask({ Authorization })).status).toBe(302);
    expect((await ask({ Authorization, 'X-TFS-FedAuthRedirect': 'Suppress' })).status).toBe(401);
    expect((await ask({}, 'unknown')).status).toBe(404);
  });
});

describe('a managed identity', () => {
  const resource = 'https://management.azure.com/';
  const ask = async (url: string, query: Record<string, string>, headers: Record<string, string>): Promise<Answer> =>
    await send(`${url}?${new URLSearchParams({ resource, ...query }).toString()}`, { headers });
  const imds = async (
    query: Record<string, string> = {},
    headers: Record<string, string> = { Metadata: 'true' },
  ): Promise<Answer> =>
    await ask(
      `${emulator.hostEnvironments.virtualMachine['AZURE_POD_IDENTITY_AUTHORITY_HOST']}/metadata/identity/oauth2/token`,
      { 'api-version': '2018-02-01', ...query },
      headers,
    );

  it('of a virtual machine comes from IMDS, with times as strings', async () => {
    const { status, json } = await imds();

    expect({ status, json }).toEqual({
      status: 200,
      json: {
        access_token: expect.any(String),
        client_id: systemAssignedIdentity.clientId,
        expires_in: '86400',
        expires_on: String(now.getTime() / 1000 + 86_400),
        ext_expires_in: '86400',
        not_before: String(now.getTime() / 1000),
        resource,
        token_type: 'Bearer',
      },
    });
    expect(decode(json['access_token']).claims).toMatchObject({
      aud: resource,
      oid: systemAssignedIdentity.objectId,
      tid: contoso.id,
      exp: now.getTime() / 1000 + 86_400,
    });
  });

  it('can be one of several', async () => {
    const { clientId, objectId, resourceId = '' } = userAssignedIdentity;

    const queries: Record<string, string>[] = [
      { client_id: clientId },
      { object_id: objectId },
      { msi_res_id: resourceId },
    ];
    for (const query of queries) {
      expect((await imds(query)).json['client_id']).toBe(clientId);
    }
    expect((await imds({ client_id: 'unknown' })).json['error_description']).toBe('Identity not found');
  });

  it('is refused without the Metadata header, with another version, for an unknown resource', async () => {
    expect((await imds({}, {})).status).toBe(400);
    expect((await imds({ 'api-version': '2017-01-01' })).status).toBe(400);
    expect((await imds({ resource: 'api://nobody' })).status).toBe(400);
  });

  it('of an App Service wants its secret header', async () => {
    const { IDENTITY_ENDPOINT: url = '', IDENTITY_HEADER: secret = '' } = emulator.hostEnvironments.appService;
    const query = { 'api-version': '2019-08-01' };

    expect((await ask(url, query, { 'X-IDENTITY-HEADER': secret })).json).toMatchObject({ token_type: 'Bearer' });
    expect((await ask(url, query, {})).status).toBe(401);
  });

  it('of Azure Arc challenges with a file, and wants what stands in it', async () => {
    emulator.setArcKey({ path: '/var/opt/azcmagent/tokens/a.key', content: 'file-content' });
    const { IDENTITY_ENDPOINT: url = '' } = emulator.hostEnvironments.arc;
    const askArc = async (headers: Record<string, string>): Promise<Answer> =>
      await ask(url, { 'api-version': '2020-06-01' }, { Metadata: 'true', ...headers });
    const { status, headers } = await askArc({});

    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({
      status: 401,
      challenge: 'Basic realm=/var/opt/azcmagent/tokens/a.key',
    });
    expect((await askArc({ Authorization: 'Basic file-content' })).status).toBe(200);
  });
});
