import * as openid from 'openid-client';
import { EntraLoginError } from '../errors.ts';
import { isLoopbackHost } from './clouds.ts';
import type { Deadline } from './deadline.ts';
import type { TenantMetadata } from './discovery.ts';
import type { EntraError, Moment } from './entra-errors.ts';
import { entraRefusal, readEntraError } from './entra-errors.ts';
import type { IdTokenClaims, IdTokenExpectations } from './id-token.ts';
import { toleranceSeconds, verifyIdToken } from './id-token.ts';
import type { RequestContext } from './request.ts';
import { jsonOf, sendRequest, unexpectedAnswer } from './request.ts';
import type { SigningKey } from './signing-keys.ts';
import { fetchSigningKeys } from './signing-keys.ts';
import type { TokenSet } from './token-set.ts';
import { toTokenSet } from './token-set.ts';

/** The application at its tenant. */
export interface EntraClient {
  readonly metadata: TenantMetadata;
  readonly clientId: string;
  /** Of a confidential client ("Web" registration); a public client has none. */
  readonly clientSecret?: string | undefined;
  /** Proves the application in place of a secret (RFC 7523, 2.2). */
  readonly clientAssertion?: string | undefined;
  /** Keys known from before; a `kid` that is not among them fetches the keys once more. */
  readonly signingKeys?: readonly SigningKey[] | undefined;
}

/** One token request: the grant as openid-client makes it, and what the answer must fit. */
export interface TokenRequest {
  readonly grant: (
    configuration: openid.Configuration,
  ) => Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers>;
  readonly scopes: readonly string[];
  readonly expected: Pick<IdTokenExpectations, 'nonce' | 'identity'>;
  /** Whether an answer without an ID token is refused. */
  readonly needsIdToken: boolean;
  /** Sent in place of what openid-client derives: it adds a slash to `http://localhost:PORT`, Entra compares bytes. */
  readonly redirectUri?: string | undefined;
  readonly moment: Moment;
  /** The command that mends a `sign_in_required`. */
  readonly mend?: ((error: EntraError) => string) | undefined;
  readonly retries: 0 | 2;
  readonly deadline: Deadline;
}

const what = 'the token endpoint';

/**
 * Makes a token request through openid-client; an ID token in the answer is verified in full before anything of the
 * answer is used. Errors: those of `sendRequest`, `verifyIdToken` and `entraRefusal`.
 */
export async function requestTokenSet(
  context: RequestContext,
  client: EntraClient,
  request: TokenRequest,
): Promise<TokenSet> {
  let claims: IdTokenClaims | undefined;
  let signingKeys = client.signingKeys;
  const findKeys = async (kid: string): Promise<readonly SigningKey[]> => {
    const withKid = (): readonly SigningKey[] => (signingKeys ?? []).filter((key) => key.kid === kid);
    // Known keys, then the tenant's, then the application's own.
    for (const appId of [undefined, client.clientId]) {
      if (withKid().length > 0) break;
      signingKeys = await fetchSigningKeys(context, client.metadata.jwksUri, appId, request.deadline);
    }
    return withKid();
  };
  const send = async (url: string, init: openid.CustomFetchOptions): Promise<Response> => {
    const body = new URLSearchParams(init.body instanceof URLSearchParams ? init.body : '');
    if (request.redirectUri !== undefined) body.set('redirect_uri', request.redirectUri);
    const { method, headers } = init;
    const policy = { what, retries: request.retries, deadline: request.deadline };
    const answer = await sendRequest(context, url, { method, headers, body: body.toString() }, policy);
    const object = jsonOf(answer, what);
    const refusal = answer.status === 200 ? undefined : readEntraError(object);
    if (refusal !== undefined) throw entraRefusal(refusal, request.moment, request.mend?.(refusal));
    if (answer.status === 200 && typeof object['id_token'] === 'string') {
      const expected = { ...client.metadata, clientId: client.clientId, ...request.expected };
      claims = await verifyIdToken(object['id_token'], expected, findKeys, context.now(), answer.clockSkew);
    }
    if (answer.status === 200 && claims === undefined && request.needsIdToken) throw noIdToken();
    // Entra's other headers are left behind: a WWW-Authenticate would hide the body from openid-client.
    return new Response(answer.text, { status: answer.status, headers: { 'content-type': 'application/json' } });
  };
  try {
    const configuration = await configureOpenIdClient(context, client, send);
    const response = await request.grant(configuration);
    return { ...toTokenSet(response, request.scopes, context.now()), claims, signingKeys };
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Builds openid-client's configuration from metadata that is already checked. openid-client applies Entra's issuer
 * rule to `https://login.microsoftonline.com` alone, and only through its own discovery: so it discovers there, and
 * the answer is the document we have (docs/decisions/openid-client.md).
 */
export async function configureOpenIdClient(
  context: Pick<RequestContext, 'now'>,
  client: EntraClient,
  send: openid.CustomFetch,
): Promise<openid.Configuration> {
  const { metadata, clientId } = client;
  const document: openid.ServerMetadata = {
    issuer: metadata.issuer,
    authorization_endpoint: metadata.authorizationEndpoint,
    token_endpoint: metadata.tokenEndpoint,
    jwks_uri: metadata.jwksUri,
    device_authorization_endpoint: metadata.deviceAuthorizationEndpoint,
    end_session_endpoint: metadata.endSessionEndpoint,
    id_token_signing_alg_values_supported: [...metadata.signingAlgorithms],
  };
  const clock = {
    [openid.clockSkew]: Math.round((context.now().getTime() - Date.now()) / 1000),
    [openid.clockTolerance]: toleranceSeconds,
  };
  const configuration = await openid.discovery(
    new URL('https://login.microsoftonline.com/organizations/v2.0'),
    clientId,
    clock,
    authenticationOf(client),
    { [openid.customFetch]: async () => Response.json(document) },
  );
  configuration[openid.customFetch] = send;
  // The deadline of the request is the one limit.
  configuration.timeout = 0;
  // Plain http has been allowed for loopback hosts alone, where the authority host was checked.
  if (isLoopbackHost(new URL(metadata.tokenEndpoint).hostname)) openid.allowInsecureRequests(configuration);
  return configuration;
}

function authenticationOf({ clientSecret, clientAssertion }: EntraClient): openid.ClientAuth {
  if (clientSecret !== undefined) return openid.ClientSecretPost(clientSecret);
  if (clientAssertion === undefined) return openid.None();
  return (_server, { client_id: clientId }, body) => {
    body.set('client_id', clientId);
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    body.set('client_assertion', clientAssertion);
  };
}

function noIdToken(): EntraLoginError {
  return new EntraLoginError('untrusted_response', 'The answer holds no ID token, so nobody is signed in.', {
    hint: 'Check that --authority-host is an Entra ID v2.0 endpoint.',
  });
}

function translate(error: unknown): EntraLoginError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof EntraLoginError) return cause;
  }
  const detail = error instanceof Error ? error.message : 'unknown';
  return unexpectedAnswer(what, `gave an answer that does not fit the protocol (${detail})`, error);
}
