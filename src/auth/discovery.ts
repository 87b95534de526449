import { EntraLoginError } from '../errors.ts';
import { findCloudOf, isGraphHost } from './clouds.ts';
import type { Deadline } from './deadline.ts';
import { entraRefusal, readEntraError } from './entra-errors.ts';
import { isIssuerOfAuthority } from './issuer.ts';
import type { RequestContext } from './request.ts';
import { jsonOf, sendRequest, unexpectedAnswer } from './request.ts';

/** Where a tenant is found: the authority host (an origin) and the tenant as the person named it. */
export interface Authority {
  /** E.g. `https://login.microsoftonline.com`, no slash at the end. */
  readonly host: string;
  /** A GUID, a domain, `organizations`, `common` or `consumers`. */
  readonly tenant: string;
}

/** What the discovery document tells, as far as it is used; kept with the account so that a renewal is one request. */
export interface TenantMetadata {
  /** May hold the `{tenantid}` template. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly deviceAuthorizationEndpoint?: string | undefined;
  readonly endSessionEndpoint?: string | undefined;
  readonly userInfoEndpoint?: string | undefined;
  /** The ID token signature algorithms that the document lists and we accept. */
  readonly signingAlgorithms: readonly string[];
}

const what = 'the discovery document';
// The contract's list: never `none`, never HMAC.
const acceptedAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256'];

/**
 * Fetches and checks a tenant's discovery document (OpenID Connect Discovery 1.0, section 4; Entra's path is
 * `/{tenant}/v2.0/.well-known/openid-configuration`). Errors: `configuration` for a tenant that does not exist,
 * `untrusted_response` for an issuer or endpoint that is not the authority's own, `network`, `entra_unavailable`.
 */
export async function discoverTenant(
  context: RequestContext,
  authority: Authority,
  deadline: Deadline,
): Promise<TenantMetadata> {
  const url = `${authority.host}/${encodeURIComponent(authority.tenant)}/v2.0/.well-known/openid-configuration`;
  const init = { headers: { accept: 'application/json' } };
  const answer = await sendRequest(context, url, init, { what, retries: 2, deadline });
  const document = jsonOf(answer, what);
  const refusal = readEntraError(document);
  if (answer.status === 400 || answer.status === 404) throw unknownTenant(authority, document);
  if (refusal !== undefined) throw entraRefusal(refusal, 'sign_in');
  if (answer.status !== 200) throw unexpectedAnswer(what, `answered HTTP ${answer.status}`);
  return readMetadata(document, new URL(authority.host));
}

function unknownTenant(authority: Authority, document: Record<string, unknown>): EntraLoginError {
  const refusal = readEntraError(document);
  const host = new URL(authority.host).host;
  const named = `The tenant "${authority.tenant}" does not exist at ${host}.`;
  if (refusal === undefined) return new EntraLoginError('configuration', named, { hint: tenantHint });
  const { aadsts, correlationId, traceId } = entraRefusal(refusal, 'sign_in');
  return new EntraLoginError('configuration', named, { hint: tenantHint, aadsts, correlationId, traceId });
}

const tenantHint =
  'Check --tenant (Entra admin center > Entra ID > Overview shows the tenant ID and the domains) and --cloud.';

function readMetadata(document: Record<string, unknown>, host: URL): TenantMetadata {
  const issuer = text(document, 'issuer');
  if (issuer === undefined) throw unexpectedAnswer(what, 'names no issuer');
  if (!isIssuerOfAuthority(issuer, host)) {
    throw new EntraLoginError('untrusted_response', `${host.host} names an issuer that is not its own: ${issuer}`, {
      hint: 'Check --authority-host; nothing was sent there and nothing is kept.',
    });
  }
  const required = (name: string): string => {
    const value = endpoint(document, name, host);
    if (value === undefined) throw unexpectedAnswer(what, `names no ${name}`);
    return value;
  };
  const algorithms = document['id_token_signing_alg_values_supported'];
  const listed = Array.isArray(algorithms) ? acceptedAlgorithms.filter((name) => algorithms.includes(name)) : [];
  return {
    issuer,
    authorizationEndpoint: required('authorization_endpoint'),
    tokenEndpoint: required('token_endpoint'),
    jwksUri: required('jwks_uri'),
    deviceAuthorizationEndpoint: endpoint(document, 'device_authorization_endpoint', host),
    endSessionEndpoint: endpoint(document, 'end_session_endpoint', host),
    userInfoEndpoint: endpoint(document, 'userinfo_endpoint', host),
    // OpenID Connect makes RS256 the one everybody has.
    signingAlgorithms: listed.length === 0 ? ['RS256'] : listed,
  };
}

function endpoint(document: Record<string, unknown>, name: string, host: URL): string | undefined {
  const value = text(document, name);
  if (value === undefined) return undefined;
  if (URL.canParse(value) && isOwnEndpoint(new URL(value), host, name)) return value;
  throw new EntraLoginError('untrusted_response', `${host.host} names a ${name} that is not Entra's own: ${value}`, {
    hint: 'Check --authority-host; nothing was sent there and nothing is kept.',
  });
}

// A hostile or broken document must not send codes, secrets or tokens to another host.
function isOwnEndpoint(url: URL, host: URL, name: string): boolean {
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false;
  if (url.origin === host.origin) return true;
  if (url.protocol !== 'https:' || url.port !== '') return false;
  if (name === 'userinfo_endpoint' && isGraphHost(url.hostname)) return true;
  const cloud = findCloudOf(host.hostname);
  return cloud === undefined ? url.hostname.endsWith('.ciamlogin.com') : cloud.loginHosts.includes(url.hostname);
}

function text(document: Record<string, unknown>, name: string): string | undefined {
  const value = document[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
