import { jsonReply, parameter, parseUrl } from './exchange.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { publishedKeys } from './key-ring.ts';
import { refusals } from './refusals.ts';
import type { EmulatorState } from './state.ts';
import type { TenantSegment } from './tenant-segment.ts';
import { resolveSegment } from './tenant-segment.ts';

/** Headers of everything that may be cached for a day, errors included (entra.md 1.3, 1.9). */
export const cachedHeaders = {
  'Cache-Control': 'max-age=86400, private',
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, OPTIONS',
} as const;

/** Answers the discovery document of a tenant, member order included (entra.md 1.2). */
export function answerDiscovery(state: EmulatorState, request: EmulatorRequest): Reply {
  const segment = resolveSegment(state.directory, request.tenantSegment);
  return jsonReply(200, discoveryDocument(state.origin, segment, parameter(request.query, 'appid')), cachedHeaders);
}

/** Answers the keys, with `?appid=` also the one that only this application's tokens are signed with. */
export function answerKeys(state: EmulatorState, request: EmulatorRequest): Reply {
  resolveSegment(state.directory, request.tenantSegment);
  const application = state.directory.applications.get(parameter(request.query, 'appid') ?? '');
  const keys = publishedKeys(state.keys, state.origin, application?.ownSigningKey === true);
  return jsonReply(200, { keys }, cachedHeaders);
}

/** Answers instance discovery (entra.md 1.4) for authorization endpoints at the emulator. */
export function answerInstanceDiscovery(state: EmulatorState, request: EmulatorRequest): Reply {
  const endpoint = parseUrl(parameter(request.query, 'authorization_endpoint') ?? '');
  if (endpoint?.origin !== state.origin) throw refusals.unknownInstance();
  const segment = resolveSegment(state.directory, endpoint.pathname.split('/')[1] ?? '');
  const { host } = new URL(state.origin);
  const document = {
    tenant_discovery_endpoint: `${state.origin}/${segment.name}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
  return jsonReply(200, document, cachedHeaders);
}

function discoveryDocument(
  origin: string,
  { name, tenant }: TenantSegment,
  applicationId: string | undefined,
): Record<string, unknown> {
  const base = `${origin}/${name}`;
  const keys = `${base}/discovery/v2.0/keys`;
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: applicationId === undefined ? keys : `${keys}?appid=${encodeURIComponent(applicationId)}`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${origin}/${tenant?.id ?? '{tenantid}'}/v2.0`,
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${origin}/oidc/userinfo`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: claimsSupported,
    kerberos_endpoint: `${base}/kerberos`,
    tenant_region_scope: tenant?.region ?? null,
    cloud_instance_name: 'microsoftonline.com',
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: 'graph.microsoft.com',
    rbac_url: 'https://pas.windows.net',
  };
}

const claimsSupported = [
  'sub',
  'iss',
  'cloud_instance_name',
  'cloud_instance_host_name',
  'cloud_graph_host_name',
  'msgraph_host',
  'aud',
  'exp',
  'iat',
  'auth_time',
  'acr',
  'nonce',
  'preferred_username',
  'name',
  'tid',
  'ver',
  'at_hash',
  'c_hash',
  'email',
];
