import * as openid from 'openid-client';
import { EntraLoginError } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { entraRefusal, readEntraError } from './entra-errors.ts';
import { fitsIssuer } from './issuer.ts';
import type { RequestContext } from './request.ts';
import { scopesOfFirstResource, withOpenIdScopes } from './scopes.ts';
import type { EntraClient } from './token-endpoint.ts';
import { configureOpenIdClient, requestTokenSet } from './token-endpoint.ts';
import type { TokenSet } from './token-set.ts';

/** What the person may choose about an authorization request. */
export interface AuthorizationOptions {
  readonly scopes: readonly string[];
  readonly responseMode: 'form_post' | 'query';
  readonly prompt?: 'login' | 'select_account' | 'consent' | 'none' | undefined;
  readonly loginHint?: string | undefined;
  readonly domainHint?: string | undefined;
  /** A claims request, JSON as text. */
  readonly claims?: string | undefined;
}

/** One authorization request under way; `nonce` and `codeVerifier` never leave the process but for their use. */
export interface AuthorizationRequest {
  readonly options: AuthorizationOptions;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Builds the URL for the browser. */
  readonly urlFor: (redirectUri: string) => string;
}

/**
 * Prepares an authorization request with PKCE S256 (RFC 7636), `state` and `nonce` of 256 random bits each.
 */
export async function prepareAuthorization(
  context: RequestContext,
  client: EntraClient,
  options: AuthorizationOptions,
): Promise<AuthorizationRequest> {
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const codeVerifier = openid.randomPKCECodeVerifier();
  const codeChallenge = await openid.calculatePKCECodeChallenge(codeVerifier);
  const noRequests: openid.CustomFetch = () => Promise.reject(new Error('building a URL sends nothing'));
  const configuration = await configureOpenIdClient(context, client, noRequests);
  const urlFor = (redirectUri: string): string => {
    const { prompt, loginHint, domainHint, claims } = options;
    return openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      response_mode: options.responseMode,
      scope: withOpenIdScopes(options.scopes).join(' '),
      state,
      nonce,
      code_challenge: codeChallenge,
      code_challenge_method: 'S256',
      ...(prompt === undefined ? {} : { prompt }),
      ...(loginHint === undefined ? {} : { login_hint: loginHint }),
      ...(domainHint === undefined ? {} : { domain_hint: domainHint }),
      ...(claims === undefined ? {} : { claims }),
    }).href;
  };
  return { options, state, nonce, codeVerifier, urlFor };
}

/**
 * Redeems an authorization response whose `state` was checked (RFC 6749, 4.1.3): the code for a token set, its ID
 * token verified with the nonce. Throws what `requestTokenSet` throws, and Entra's error if the response holds one.
 */
export async function redeemAuthorizationResponse(
  context: RequestContext,
  client: EntraClient,
  request: AuthorizationRequest,
  response: { readonly parameters: URLSearchParams; readonly redirectUri: string },
  deadline: Deadline,
): Promise<TokenSet> {
  const parameters = new URLSearchParams(response.parameters);
  // `prompt=none` asked for no person: that one is needed is no refusal.
  const moment = request.options.prompt === 'none' ? 'renewal' : 'sign_in';
  const refusal = readEntraError(Object.fromEntries(parameters));
  if (refusal !== undefined) throw entraRefusal(refusal, moment, 'entra-login login');
  checkIssuerParameter(parameters, client.metadata.issuer);
  const url = new URL(response.redirectUri);
  url.search = parameters.toString();
  const scopes = scopesOfFirstResource(withOpenIdScopes(request.options.scopes));
  return await requestTokenSet(context, client, {
    grant: (configuration) =>
      openid.authorizationCodeGrant(
        configuration,
        url,
        {
          expectedState: request.state,
          expectedNonce: request.nonce,
          pkceCodeVerifier: request.codeVerifier,
          idTokenExpected: true,
        },
        { scope: scopes.join(' ') },
      ),
    scopes,
    expected: { nonce: request.nonce },
    needsIdToken: true,
    redirectUri: response.redirectUri,
    moment,
    mend: () => 'entra-login login',
    retries: 0, // a code is good once
    deadline,
  });
}

// RFC 9207: an `iss` in the response must be the issuer asked, or the answer was mixed up with another server's.
// Checked here because openid-client compares it with the `{tenantid}` template as it stands.
function checkIssuerParameter(parameters: URLSearchParams, issuer: string): void {
  const given = parameters.getAll('iss');
  if (given.some((iss) => !fitsIssuer(iss, issuer))) {
    throw new EntraLoginError('untrusted_response', 'The authorization response comes from another issuer ("iss").', {
      hint: 'Its code was not used. Sign in again: entra-login login',
    });
  }
  parameters.delete('iss');
}
