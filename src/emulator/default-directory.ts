import type { ApiResource, Application, DirectoryContents, Tenant, User } from './directory.ts';
import { consumersTenantId } from './directory.ts';
import { graphResourceId } from './scopes.ts';
import { clientCertificate } from './test-keys.ts';
import type { ManagedIdentity } from './managed-identity.ts';
import { azurePipelinesTrust, githubTrust } from './workload-tokens.ts';

/** The tenant that most of the directory belongs to. */
export const contoso: Tenant = {
  id: '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b',
  name: 'Contoso',
  domains: ['contoso.com', 'contoso.onmicrosoft.com'],
  region: 'EU',
};

/** Another company. */
export const fabrikam: Tenant = {
  id: 'b7e4f2a1-6d38-4e90-8c1b-2f3a4b5c6d7e',
  name: 'Fabrikam',
  domains: ['fabrikam.com', 'fabrikam.onmicrosoft.com'],
  region: 'NA',
};

/** The tenant of personal Microsoft accounts. */
export const consumers: Tenant = {
  id: consumersTenantId,
  name: 'Microsoft Accounts',
  domains: ['live.com'],
  region: 'WW',
};

/** A member of Contoso. */
export const alice: User = {
  username: 'alice@contoso.com',
  name: 'Alice Anders',
  givenName: 'Alice',
  familyName: 'Anders',
  email: 'alice@contoso.com',
  tenantId: contoso.id,
  objectId: 'a11ce000-1111-4111-8111-111111111111',
};

/** A member of Contoso with roles, directory roles and more groups than fit into a token. */
export const dave: User = {
  username: 'dave@contoso.com',
  name: 'Dave Dünser <admin>',
  givenName: 'Dave',
  familyName: 'Dünser',
  tenantId: contoso.id,
  objectId: 'da7e0000-4444-4444-8444-444444444444',
  extraClaims: {
    roles: ['Task.Admin'],
    wids: ['62e90394-69f5-4237-9190-012177145e10', 'b79fbf4d-3ef9-4689-8143-76b194e85509'],
    _claim_names: { groups: 'src1' },
    _claim_sources: {
      src1: {
        endpoint: `https://graph.windows.net/${contoso.id}/users/da7e0000-4444-4444-8444-444444444444/getMemberObjects`,
      },
    },
  },
};

/** A member of Fabrikam and a guest in Contoso, by another object ID there. */
export const bob: User = {
  username: 'bob@fabrikam.com',
  name: 'Bob Brown',
  givenName: 'Bob',
  familyName: 'Brown',
  email: 'bob@fabrikam.com',
  tenantId: fabrikam.id,
  objectId: 'b0b00000-2222-4222-8222-222222222222',
  guestOf: [{ tenantId: contoso.id, objectId: 'b0b0c000-2323-4232-8232-232323232323' }],
};

/** The holder of a personal Microsoft account. */
export const carol: User = {
  username: 'carol@outlook.com',
  name: 'Carol Clark',
  givenName: 'Carol',
  familyName: 'Clark',
  email: 'carol@outlook.com',
  tenantId: consumers.id,
  objectId: '00000000-0000-0000-ca40-333333333333',
};

/** Microsoft Graph. */
export const graph: ApiResource = {
  appId: graphResourceId,
  name: 'Microsoft Graph',
  identifierUris: ['https://graph.microsoft.com', 'https://graph.microsoft.us', 'https://dod-graph.microsoft.us'],
  scopes: 'any',
  tokenVersion: 1,
};

/** Azure Resource Manager. */
export const azureResourceManager: ApiResource = {
  appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013',
  name: 'Windows Azure Service Management API',
  identifierUris: ['https://management.azure.com/', 'https://management.core.windows.net/'],
  scopes: ['user_impersonation'],
  tokenVersion: 1,
};

/** Azure DevOps, known by its GUID. */
export const azureDevOps: ApiResource = {
  appId: '499b84ac-1321-427f-aa17-267ca6975798',
  name: 'Azure DevOps',
  identifierUris: ['https://app.vssps.visualstudio.com'],
  scopes: ['user_impersonation', 'vso.code', 'vso.code_write', 'vso.profile'],
  tokenVersion: 1,
};

/** An API of Contoso's own, with version 2 tokens. */
export const tasksApi: ApiResource = {
  appId: 'c0de0a91-5c3e-4f7b-9b5d-8a7f6e5d4c3b',
  name: 'Tasks API',
  identifierUris: ['api://c0de0a91-5c3e-4f7b-9b5d-8a7f6e5d4c3b'],
  scopes: ['access_as_user', 'Tasks.Read', 'Tasks.Write'],
  tokenVersion: 2,
};

const tasksUri = 'api://c0de0a91-5c3e-4f7b-9b5d-8a7f6e5d4c3b';

const everyPermission = [
  'https://graph.microsoft.com/User.Read',
  'https://management.azure.com/user_impersonation',
  `${azureDevOps.appId}/user_impersonation`,
  `${tasksUri}/access_as_user`,
  `${tasksUri}/Tasks.Read`,
];

/** "Mobile and desktop", for any tenant and personal accounts: the right registration for a command-line tool. */
export const desktopApplication: Application = {
  clientId: 'de5c7090-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  name: 'Contoso CLI',
  tenantId: contoso.id,
  audience: 'multi_tenant_and_personal',
  redirectUris: {
    publicClient: [
      'http://localhost',
      'http://localhost/',
      'http://localhost:5000/callback',
      'http://127.0.0.1/callback',
    ],
  },
  allowPublicClientFlows: true,
  permissions: everyPermission,
  consent: 'granted',
};

/** As the desktop application, but for Contoso alone. */
export const singleTenantApplication: Application = {
  ...desktopApplication,
  clientId: '51091e00-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
  name: 'Contoso internal CLI',
  audience: 'single_tenant',
};

/** As the desktop application, but nobody has consented yet and device code is not allowed. */
export const unconsentedApplication: Application = {
  ...desktopApplication,
  clientId: 'c0255e27-cccc-4ccc-8ccc-cccccccccccc',
  name: 'Unconsented CLI',
  allowPublicClientFlows: false,
  consent: 'asked',
};

/** The secret of the web application. */
export const webSecret = 'emu8Q~this-secret-of-the-emulator-protects-nothing';

/** "Web": confidential, with a secret, a certificate and a federated credential. */
export const webApplication: Application = {
  clientId: '0eb00000-dddd-4ddd-8ddd-dddddddddddd',
  name: 'Contoso Web',
  tenantId: contoso.id,
  audience: 'multi_tenant',
  redirectUris: { web: ['http://localhost:5000/callback'] },
  secrets: [
    { value: webSecret },
    { value: 'emu8Q~this-one-expired-long-ago', expiresAt: new Date('2020-01-01T00:00:00Z') },
  ],
  certificates: [clientCertificate.certificate],
  federatedCredentials: [githubTrust, azurePipelinesTrust],
  permissions: everyPermission,
  appRoles: {
    [graph.appId]: ['User.Read.All'],
    [tasksApi.appId]: ['Tasks.Read.All'],
  },
  consent: 'granted',
  servicePrincipalId: '0eb05e27-0000-4000-8000-00000000d0d0',
};

/** "Single-page application": redeems its codes from a browser only. */
export const spaApplication: Application = {
  clientId: '59a00000-eeee-4eee-8eee-eeeeeeeeeeee',
  name: 'Contoso SPA',
  tenantId: contoso.id,
  audience: 'multi_tenant',
  redirectUris: { spa: ['http://localhost:5000/callback'] },
  permissions: everyPermission,
  consent: 'granted',
};

/** The identity a machine has of its own. */
export const systemAssignedIdentity: ManagedIdentity = {
  clientId: '5e11f000-1010-4010-8010-101010101010',
  objectId: '5e11f0b1-1010-4010-8010-101010101010',
  resourceId: undefined,
  tenantId: contoso.id,
};

/** An identity that was given to the machine. */
export const userAssignedIdentity: ManagedIdentity = {
  clientId: 'a551a2ed-2020-4020-8020-202020202020',
  objectId: 'a551a20b-2020-4020-8020-202020202020',
  resourceId:
    '/subscriptions/0a0b0c0d-0000-4000-8000-000000000000/resourcegroups/app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ci',
  tenantId: contoso.id,
};

/** What the emulator knows if it is told nothing else. */
export const defaultDirectory: DirectoryContents = {
  tenants: [contoso, fabrikam, consumers],
  applications: [desktopApplication, singleTenantApplication, unconsentedApplication, webApplication, spaApplication],
  users: [alice, bob, carol, dave],
  resources: [graph, azureResourceManager, azureDevOps, tasksApi],
};
