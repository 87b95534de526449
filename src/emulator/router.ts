import { answerAuthorize } from './authorize.ts';
import { answerDeviceCode } from './device-code.ts';
import { answerDevicePage } from './device-page.ts';
import { devicePath } from './device-response.ts';
import { answerDiscovery, answerInstanceDiscovery, answerKeys, cachedHeaders } from './discovery.ts';
import type { EmulatorRequest, EndpointName, Reply } from './exchange.ts';
import { answerRevokeSignInSessions, answerUserInfo } from './graph.ts';
import { answerErrorLookUp, answerFrontPage } from './information-pages.ts';
import { answerLogout } from './logout.ts';
import { answerAppService, answerArc, answerImds, appServicePath, arcPath, imdsPath } from './managed-identity.ts';
import { Refusal } from './refusals.ts';
import { refusalPage, refusalReply } from './refusal-body.ts';
import { answerSignInForm } from './sign-in.ts';
import { signInPath } from './sign-in-pages.ts';
import type { EmulatorState } from './state.ts';
import { answerToken } from './token.ts';
import { tokenHeaders } from './token-request.ts';
import {
  answerAzurePipelinesToken,
  answerGithubToken,
  azurePipelinesTokenPath,
  githubTokenPath,
} from './workload-tokens.ts';

/** An endpoint: what it is called, how it answers, and how it says no. */
export interface Endpoint {
  readonly name: EndpointName;
  readonly answer: (state: EmulatorState, request: EmulatorRequest) => Reply;
  readonly refusesBy: 'json' | 'cached_json' | 'page';
}

// Whole paths first; then those below a tenant.
const endpointsByPath: Readonly<Record<string, Endpoint>> = {
  '/common/discovery/instance': {
    name: 'instance_discovery',
    answer: answerInstanceDiscovery,
    refusesBy: 'cached_json',
  },
  '/oidc/userinfo': { name: 'userinfo', answer: answerUserInfo, refusesBy: 'json' },
  '/v1.0/me/revokeSignInSessions': {
    name: 'revoke_sign_in_sessions',
    answer: answerRevokeSignInSessions,
    refusesBy: 'json',
  },
  '/': { name: 'other', answer: answerFrontPage, refusesBy: 'page' },
  '/error': { name: 'other', answer: answerErrorLookUp, refusesBy: 'page' },
  [githubTokenPath]: { name: 'github_oidc', answer: answerGithubToken, refusesBy: 'json' },
  [azurePipelinesTokenPath]: { name: 'azure_pipelines_oidc', answer: answerAzurePipelinesToken, refusesBy: 'json' },
  [imdsPath]: { name: 'imds', answer: answerImds, refusesBy: 'json' },
  [appServicePath]: { name: 'app_service', answer: answerAppService, refusesBy: 'json' },
  [arcPath]: { name: 'arc', answer: answerArc, refusesBy: 'json' },
  [signInPath]: { name: 'sign_in', answer: answerSignInForm, refusesBy: 'page' },
  [devicePath]: { name: 'device', answer: answerDevicePage, refusesBy: 'page' },
};

const endpointsOfTenant: Readonly<Record<string, Endpoint>> = {
  '/v2.0/.well-known/openid-configuration': { name: 'discovery', answer: answerDiscovery, refusesBy: 'cached_json' },
  '/discovery/v2.0/keys': { name: 'keys', answer: answerKeys, refusesBy: 'cached_json' },
  '/oauth2/v2.0/authorize': { name: 'authorize', answer: answerAuthorize, refusesBy: 'page' },
  '/oauth2/v2.0/token': { name: 'token', answer: answerToken, refusesBy: 'json' },
  '/oauth2/v2.0/devicecode': { name: 'devicecode', answer: answerDeviceCode, refusesBy: 'json' },
  '/oauth2/v2.0/logout': { name: 'logout', answer: answerLogout, refusesBy: 'page' },
};

const nothing: Endpoint = {
  name: 'other',
  answer: () => ({ status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: 'Not Found' }),
  refusesBy: 'json',
};

/** Finds the endpoint of a path, and the tenant in it. */
export function findEndpoint(path: string): { readonly endpoint: Endpoint; readonly tenantSegment: string } {
  const whole = endpointsByPath[path];
  if (whole !== undefined) return { endpoint: whole, tenantSegment: '' };
  const [, segment = '', rest = ''] = /^\/([^/]+)(\/.+)$/.exec(path) ?? [];
  return { endpoint: endpointsOfTenant[rest] ?? nothing, tenantSegment: decodeSegment(segment) };
}

/** Answers a request; refusals become what the endpoint says no with. */
export function answerRequest(state: EmulatorState, endpoint: Endpoint, request: EmulatorRequest): Reply {
  try {
    return endpoint.answer(state, request);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return renderRefusal(state, endpoint, request, error);
  }
}

function renderRefusal(state: EmulatorState, endpoint: Endpoint, request: EmulatorRequest, refusal: Refusal): Reply {
  const { traceId, correlationId } = request;
  const place = { origin: state.origin, traceId, correlationId, now: state.now() };
  if (endpoint.refusesBy === 'page') return refusalPage(refusal, place);
  if (endpoint.refusesBy === 'json') {
    return refusalReply(refusal, place, { ...tokenHeaders, 'x-ms-clitelem': `1,${refusal.number},0,,` });
  }
  // Discovery has a name of its own for unknown tenants, and its errors may be cached as well (entra.md 1.3).
  const ofTenant = refusal.number === 90002 || refusal.number === 900023;
  const named = ofTenant ? new Refusal(refusal.number, 'invalid_tenant', refusal.message) : refusal;
  return refusalReply(named, place, cachedHeaders);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
