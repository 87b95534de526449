import type { IncomingHttpHeaders } from 'node:http';

/** The emulator's endpoints, as faults and the journal name them. */
export type EndpointName =
  | 'discovery'
  | 'keys'
  | 'instance_discovery'
  | 'authorize'
  /** The sign-in pages behind the authorization endpoint. */
  | 'sign_in'
  | 'token'
  | 'devicecode'
  /** The page where a person types the user code. */
  | 'device'
  | 'logout'
  | 'userinfo'
  | 'revoke_sign_in_sessions'
  | 'github_oidc'
  | 'azure_pipelines_oidc'
  | 'imds'
  | 'app_service'
  | 'arc'
  | 'other';

/** A request as an endpoint sees it. */
export interface EmulatorRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Empty unless the body is `application/x-www-form-urlencoded`. */
  readonly form: URLSearchParams;
  readonly cookies: ReadonlyMap<string, string>;
  /** The first part of the path where the endpoint has a tenant in it, else empty. */
  readonly tenantSegment: string;
  /** `x-ms-request-id` of the answer and `trace_id` in error bodies. */
  readonly traceId: string;
  /** What the client sent as `client-request-id`, else made up. */
  readonly correlationId: string;
}

/** What an endpoint answers; the server adds Date and the headers that every answer of Entra carries. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

/** Answers JSON. */
export function jsonReply(status: number, body: unknown, headers: Reply['headers'] = {}): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(body),
  };
}

/** Answers a redirect (302, as Entra does). */
export function redirectReply(location: string, headers: Reply['headers'] = {}): Reply {
  return { status: 302, headers: { Location: location, 'Cache-Control': 'no-store, no-cache', ...headers }, body: '' };
}

/** Answers a parameter of query or form; empty counts as absent, as Entra treats it. */
export function parameter(parameters: URLSearchParams, name: string): string | undefined {
  const value = parameters.get(name);
  return value === null || value === '' ? undefined : value;
}

/** Finds a parameter given twice (RFC 6749, 3.1: must not be). */
export function repeatedParameter(parameters: URLSearchParams): string | undefined {
  const names = [...parameters.keys()];
  return names.find((name, index) => names.indexOf(name) !== index);
}

/** Reads an absolute URL; `undefined` if it is none. */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
