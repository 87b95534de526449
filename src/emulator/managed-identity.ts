import { signAppToken } from './access-token.ts';
import type { Application } from './directory.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { jsonReply, parameter } from './exchange.ts';
import { findResource } from './scopes.ts';
import type { EmulatorState } from './state.ts';

/** An identity that Azure gives to a machine. */
export interface ManagedIdentity {
  readonly clientId: string;
  readonly objectId: string;
  /** Its Azure resource ID; `undefined` for a system-assigned one. */
  readonly resourceId: string | undefined;
  readonly tenantId: string;
}

/** The path of IMDS, below `AZURE_POD_IDENTITY_AUTHORITY_HOST`. */
export const imdsPath = '/metadata/identity/oauth2/token';

/** The path of App Service's endpoint: `IDENTITY_ENDPOINT`. */
export const appServicePath = '/app-service/msi/token';

/** The path of Azure Arc's endpoint: `IDENTITY_ENDPOINT`. */
export const arcPath = '/arc/metadata/identity/oauth2/token';

// Like real ones, these tokens live a day.
const lifetime = 86_400;

/** Answers IMDS (entra.md 6.4): no `Metadata: true`, no answer, since browsers and proxies cannot send it. */
export function answerImds(state: EmulatorState, request: EmulatorRequest): Reply {
  if (request.headers['metadata'] !== 'true' || request.headers['x-forwarded-for'] !== undefined) {
    return refuse(400, 'Required metadata header not specified');
  }
  return answerFor(state, request, '2018-02-01', 'msi_res_id');
}

/** Answers App Service (entra.md 6.4): the secret header proves that the caller runs there. */
export function answerAppService(state: EmulatorState, request: EmulatorRequest): Reply {
  if (request.headers['x-identity-header'] !== state.workload.identityHeader) return refuse(401, 'Unauthorized');
  return answerFor(state, request, '2019-08-01', 'mi_res_id');
}

/** Answers Azure Arc (entra.md 6.4): first a challenge that names a file, then a token for who could read it. */
export function answerArc(state: EmulatorState, request: EmulatorRequest): Reply {
  const { arcKey } = state.workload;
  if (request.headers['metadata'] !== 'true') return refuse(400, 'Required metadata header not specified');
  if (request.headers.authorization !== `Basic ${arcKey.content}`) {
    return { ...refuse(401, 'Unauthorized'), headers: { 'WWW-Authenticate': `Basic realm=${arcKey.path}` } };
  }
  return answerFor(state, request, '2020-06-01', 'msi_res_id');
}

function answerFor(state: EmulatorState, request: EmulatorRequest, apiVersion: string, resourceIdName: string): Reply {
  const { query } = request;
  if (parameter(query, 'api-version') !== apiVersion) return refuse(400, 'Invalid api-version');
  const identifier = parameter(query, 'resource');
  const resource = identifier === undefined ? undefined : findResource(state.directory, identifier);
  if (identifier === undefined || resource === undefined) return refuse(400, `Invalid resource ${identifier ?? ''}`);
  const identity = findIdentity(state, query, resourceIdName);
  if (identity === undefined) return refuse(400, 'Identity not found');
  const accessToken = signAppToken(
    state,
    asApplication(identity),
    resource,
    identifier,
    identity.tenantId,
    'certificate',
    lifetime,
  );
  const now = Math.floor(state.now().getTime() / 1000);
  // Numbers are strings here, as in version 1 of the token endpoint.
  return jsonReply(200, {
    access_token: accessToken,
    client_id: identity.clientId,
    expires_in: String(lifetime),
    expires_on: String(now + lifetime),
    ext_expires_in: String(lifetime),
    not_before: String(now),
    resource: identifier,
    token_type: 'Bearer',
  });
}

function findIdentity(
  state: EmulatorState,
  query: URLSearchParams,
  resourceIdName: string,
): ManagedIdentity | undefined {
  const { managedIdentities } = state.workload;
  const [clientId, objectId, resourceId] = ['client_id', 'object_id', resourceIdName].map((name) =>
    parameter(query, name),
  );
  if (clientId !== undefined) return managedIdentities.find((identity) => identity.clientId === clientId);
  if (objectId !== undefined) return managedIdentities.find((identity) => identity.objectId === objectId);
  return managedIdentities.find((identity) => identity.resourceId === resourceId);
}

function asApplication({ clientId, objectId, tenantId }: ManagedIdentity): Application {
  return {
    clientId,
    name: 'Managed identity',
    tenantId,
    audience: 'single_tenant',
    redirectUris: {},
    permissions: [],
    consent: 'granted',
    servicePrincipalId: objectId,
  };
}

function refuse(status: number, description: string): Reply {
  return jsonReply(status, {
    error: status === 401 ? 'unauthorized' : 'invalid_request',
    error_description: description,
  });
}
