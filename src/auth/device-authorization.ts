import { EntraLoginError } from '../errors.ts';
import { isLoopbackHost } from './clouds.ts';
import type { Deadline } from './deadline.ts';
import { entraRefusal, readEntraError } from './entra-errors.ts';
import type { RequestContext } from './request.ts';
import { jsonOf, sendRequest, unexpectedAnswer } from './request.ts';
import { scopesOfFirstResource, withOpenIdScopes } from './scopes.ts';
import type { EntraClient } from './token-endpoint.ts';

/** What a sign-in by device code asks for. */
export interface DeviceAuthorizationRequest {
  readonly scopes: readonly string[];
  /** A claims request, JSON as text. */
  readonly claims?: string | undefined;
}

/** A device authorization response (RFC 8628, 3.2), checked. */
export interface DeviceAuthorization {
  /** Never printed. */
  readonly deviceCode: string;
  /** What the person types at the verification URI. */
  readonly userCode: string;
  readonly verificationUri: string;
  /** Entra's own words to the person, in several lines perhaps; not safe to print as they stand. */
  readonly message: string | undefined;
  /** Milliseconds that the codes live. */
  readonly lifetime: number;
  /** Milliseconds between polls. */
  readonly interval: number;
}

const what = 'the device code endpoint';
// RFC 8628, 3.2: "If no value is provided, clients MUST use 5 as the default."
const defaultInterval = 5;
// Entra's have nine characters. It is printed alone on a line, below the address that the person goes to.
const longestUserCode = 64;
// Entra's live 15 minutes; a timer of Node holds 24 days.
const longestLifetime = 24 * 3600;

/**
 * Asks for a device code and a user code (RFC 8628, 3.1). Scopes of the first resource alone are sent: one token answer
 * follows. Errors: those of `sendRequest` and `entraRefusal`; `configuration` where the authority has no such endpoint;
 * `untrusted_response` for an address that nobody should be sent to.
 */
export async function requestDeviceAuthorization(
  context: RequestContext,
  client: EntraClient,
  request: DeviceAuthorizationRequest,
  deadline: Deadline,
): Promise<DeviceAuthorization> {
  const { deviceAuthorizationEndpoint: url } = client.metadata;
  if (url === undefined) {
    throw new EntraLoginError('configuration', 'This authority host offers no sign-in by device code.', {
      hint: 'entra-login login --manual, or entra-login login --no-browser with ssh -L 5000:localhost:5000',
    });
  }
  const body = new URLSearchParams({ client_id: client.clientId, scope: deviceScopes(request.scopes).join(' ') });
  if (request.claims !== undefined) body.set('claims', request.claims);
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  const init = { method: 'POST', headers, body: body.toString() };
  const answer = await sendRequest(context, url, init, { what, retries: 2, deadline });
  const document = jsonOf(answer, what);
  // Whatever the status: Entra has sent errors with 200 here.
  const refusal = readEntraError(document);
  if (refusal !== undefined) throw entraRefusal(refusal, 'sign_in');
  if (answer.status !== 200) throw unexpectedAnswer(what, `answered HTTP ${answer.status}`);
  return readDeviceAuthorization(document, new URL(url));
}

/** Answers the scopes that a sign-in by device code is made with. */
export function deviceScopes(scopes: readonly string[]): string[] {
  return scopesOfFirstResource(withOpenIdScopes(scopes));
}

function readDeviceAuthorization(document: Record<string, unknown>, endpoint: URL): DeviceAuthorization {
  const message = document['message'];
  const lifetime = Math.min(readSeconds(document, 'expires_in'), longestLifetime);
  return {
    deviceCode: readText(document, 'device_code'),
    userCode: readText(document, 'user_code', longestUserCode),
    verificationUri: readVerificationUri(readText(document, 'verification_uri'), endpoint),
    message: typeof message === 'string' && message.trim() !== '' ? message : undefined,
    lifetime: lifetime * 1000,
    interval: readSeconds(document, 'interval', defaultInterval) * 1000,
  };
}

function readText(document: Record<string, unknown>, name: string, longest = Number.POSITIVE_INFINITY): string {
  const value = document[name];
  if (typeof value === 'string' && value !== '' && value.length <= longest) return value;
  throw unexpectedAnswer(what, `gave no ${name}`);
}

// Entra's v1.0 endpoint writes numbers as texts.
function readSeconds(document: Record<string, unknown>, name: string, fallback?: number): number {
  const value = document[name] ?? fallback;
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof seconds === 'number' && seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw unexpectedAnswer(what, `gave an ${name} that is no number of seconds`);
}

// The person is sent there and types who they are: only where TLS says whose page it is.
function readVerificationUri(text: string, endpoint: URL): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username === '' && url.password === '') {
    if (url.protocol === 'https:') return url.href;
    const isLocal = isLoopbackHost(endpoint.hostname) && isLoopbackHost(url.hostname);
    if (url.protocol === 'http:' && isLocal) return url.href;
  }
  const message = `${endpoint.host} names a page for the code that nobody should be sent to: ${text}`;
  throw new EntraLoginError('untrusted_response', message, { hint: 'Check --authority-host.' });
}
