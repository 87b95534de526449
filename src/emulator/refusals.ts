import type { Application } from './directory.ts';

/** What a refusal says besides number and text. */
export interface RefusalDetails {
  readonly suberror?: string | undefined;
  /** JSON as text: what a new authorization request must carry. */
  readonly claims?: string | undefined;
  readonly status?: number | undefined;
  /** `error_subcode` of an authorization response. */
  readonly subcode?: string | undefined;
}

/** Entra's "no", thrown where it arises and rendered by the endpoint as JSON, as a page or as a redirect. */
export class Refusal extends Error {
  readonly number: number;
  /** OAuth's `error`. */
  readonly error: string;
  readonly details: RefusalDetails;

  constructor(number: number, error: string, text: string, details: RefusalDetails = {}) {
    super(text);
    this.name = 'Refusal';
    this.number = number;
    this.error = error;
    this.details = details;
  }
}

const signInFrequencySeconds = 36_000;

// Texts: entra.md 1.3, 2.3, 4.5, 5.2, 9; where that gives a meaning only, the wording is close to what Entra says.
/** Every refusal the emulator knows, by what went wrong. */
export const refusals = {
  // The request itself.
  parameterMissing: (name: string) =>
    new Refusal(900144, 'invalid_request', `The request body must contain the following parameter: '${name}'.`),
  parameterRepeated: (name: string) =>
    new Refusal(
      9000411,
      'invalid_request',
      `The request is not properly formatted. The parameter '${name}' is duplicated.`,
    ),
  malformed: (error: 'invalid_request' | 'invalid_grant' = 'invalid_request') =>
    new Refusal(9002313, error, 'Invalid request. Request is malformed or invalid.'),
  postOnly: (method: string) =>
    new Refusal(900561, 'invalid_request', `The endpoint only accepts POST requests. Received a ${method} request.`),
  unsupportedValue: (name: string, value: string) =>
    new Refusal(90023, 'invalid_request', `Unsupported '${name}' value '${value}'.`),
  unsupportedGrant: (grant: string) =>
    new Refusal(70003, 'unsupported_grant_type', `The app requested an unsupported grant type '${grant}'.`),
  unsupportedResponseType: (type: string) =>
    new Refusal(70005, 'unsupported_response_type', `The app returned an unsupported response type '${type}'.`),
  idTokenNotEnabled: () =>
    new Refusal(700054, 'unsupported_response_type', "response_type 'id_token' is not enabled for the application."),
  unsupportedResponseMode: (mode: string) =>
    new Refusal(
      70007,
      'invalid_request',
      `'${mode}' is not a supported value of 'response_mode' when requesting a code.`,
    ),
  resourceParameter: () => new Refusal(901002, 'invalid_request', "The 'resource' request parameter is not supported."),

  // Tenant and application.
  tenantNotFound: (tenant: string) =>
    new Refusal(
      90002,
      'invalid_request',
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`,
    ),
  tenantMalformed: (tenant: string) =>
    new Refusal(
      900023,
      'invalid_request',
      `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`,
    ),
  noTenant: () =>
    new Refusal(
      50059,
      'invalid_request',
      'No tenant-identifying information found in either the request or implied by any provided credentials.',
    ),
  grantNeedsTenant: (segment: string) =>
    new Refusal(
      9001023,
      'invalid_request',
      `The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint. '/${segment}' was used.`,
    ),
  unknownInstance: () => new Refusal(50049, 'invalid_instance', 'Unknown or invalid instance.'),
  applicationNotFound: (clientId: string, tenant: string) =>
    new Refusal(
      700016,
      'unauthorized_client',
      `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`,
    ),
  notMultiTenant: ({ clientId, name }: Application, segment: string) =>
    new Refusal(
      50194,
      'invalid_request',
      `Application '${clientId}'(${name}) is not configured as a multi-tenant application. Usage of the /${segment} endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.`,
    ),
  workAccountsOnly: ({ clientId, name }: Application) =>
    new Refusal(
      9002332,
      'invalid_request',
      `Application '${clientId}'(${name}) is configured for use by Microsoft Entra users only. Please do not use the /consumers endpoint to serve this request.`,
    ),

  // Redirect URI.
  redirectUriMismatch: (uri: string, { clientId }: Application) =>
    new Refusal(
      50011,
      'invalid_request',
      `The redirect URI '${uri}' specified in the request does not match the redirect URIs configured for the application '${clientId}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.`,
    ),
  noRedirectUriRegistered: () =>
    new Refusal(500113, 'invalid_request', 'No reply address is registered for the application.'),
  noRedirectUri: () => new Refusal(900971, 'invalid_request', 'No reply address provided.'),
  redirectUriMalformed: () =>
    new Refusal(90102, 'invalid_request', "'redirect_uri' value must be a valid absolute URI."),
  urnRedirectUri: () => new Refusal(500119, 'invalid_request', 'Redirect URIs with urn: schemes are prohibited.'),
  redirectUriChanged: (now: string, then: string) =>
    new Refusal(
      500112,
      'invalid_client',
      `The reply address '${now}' does not match the reply address '${then}' provided when requesting Authorization code.`,
      // An `invalid_client` that is about the grant: 400, unlike failed client authentication.
      { status: 400 },
    ),

  // Scopes.
  scopeInvalid: (scope: string) =>
    new Refusal(
      70011,
      'invalid_scope',
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
    ),
  scopeUnknown: ({ clientId }: Application, scope: string, resource: string) =>
    new Refusal(
      650053,
      'invalid_client',
      `The application '${clientId}' asked for scope '${scope}' that doesn't exist on the resource '${resource}'. Contact the app vendor.`,
      { status: 400 },
    ),
  twoResources: (scope: string) =>
    new Refusal(
      28000,
      'invalid_request',
      `Provided value for the input parameter scope is not valid because it contains more than one resource. Scope ${scope} is not valid.`,
    ),
  resourceNotFound: (resource: string, tenant: string) =>
    new Refusal(
      500011,
      'invalid_resource',
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
    ),
  resourceNotListed: ({ clientId, name }: Application, resource: string, listed: readonly string[]) =>
    new Refusal(
      650057,
      'invalid_resource',
      `Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration. Client app ID: ${clientId}(${name}). Resource value from request: ${resource}. List of valid resources from app registration: ${listed.join(', ')}.`,
    ),
  tokenForItself: ({ clientId, name }: Application) =>
    new Refusal(
      90009,
      'invalid_request',
      `Application '${clientId}'(${name}) is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.`,
    ),
  appScopeInvalid: (scope: string) =>
    new Refusal(
      1002012,
      'invalid_scope',
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`,
    ),

  // The person.
  noAccountHere: (username: string, identityProvider: string, tenant: string, { clientId, name }: Application) =>
    new Refusal(
      50020,
      'invalid_grant',
      `User account '${username}' from identity provider '${identityProvider}' does not exist in tenant '${tenant}' and cannot access the application '${clientId}'(${name}) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.`,
    ),
  accountDeleted: (tenant: string) =>
    new Refusal(
      50034,
      'invalid_grant',
      `The user account {EUII Hidden} does not exist in the ${tenant} directory. To sign into this application, the account must be added to the directory.`,
    ),
  accountDisabled: () => new Refusal(50057, 'invalid_grant', 'The user account is disabled.'),
  notAssigned: ({ clientId, name }: Application) =>
    new Refusal(
      50105,
      'invalid_grant',
      `Your administrator has configured the application ${name} ('${clientId}') to block users unless they are specifically granted ('assigned') access to the application. The signed in user is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.`,
    ),
  noSession: () => new Refusal(50058, 'login_required', 'A silent sign-in request was sent but no user is signed in.'),
  severalSessions: () =>
    new Refusal(
      16000,
      'interaction_required',
      'Either multiple user identities are available for the current request or selected account is not supported for the scenario.',
    ),
  signInExpired: () =>
    new Refusal(50089, 'invalid_request', 'Authentication failed due to flow token expired. Start the sign-in again.'),
  declined: () =>
    new Refusal(65004, 'access_denied', 'User declined to consent to access the app.', { subcode: 'cancel' }),
  adminConsentNeeded: ({ name }: Application) =>
    new Refusal(
      90094,
      'access_denied',
      `${name} needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it.`,
    ),
  consentMissing: ({ clientId, name }: Application, error: 'invalid_grant' | 'consent_required' = 'invalid_grant') =>
    new Refusal(
      65001,
      error,
      `The user or administrator has not consented to use the application with ID '${clientId}' named '${name}'. Send an interactive authorization request for this user and resource.`,
      { suberror: 'consent_required' },
    ),
  mfaNeeded: (resource: string, error: 'invalid_grant' | 'interaction_required', claims: string | undefined) =>
    new Refusal(
      50076,
      error,
      `Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '${resource}'.`,
      { suberror: 'basic_action', claims },
    ),
  blockedByConditionalAccess: (suberror: string | undefined) =>
    new Refusal(
      53003,
      'invalid_grant',
      'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
      { suberror },
    ),

  // Codes.
  codeRedeemed: () =>
    new Refusal(
      54005,
      'invalid_grant',
      'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
    ),
  grantExpired: () =>
    new Refusal(
      70008,
      'invalid_grant',
      'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
    ),
  codeOfOtherClient: () =>
    new Refusal(70000, 'invalid_grant', 'Provided grant is invalid or malformed: it was issued to another client.'),
  codeOfOtherTenant: () =>
    new Refusal(
      700005,
      'invalid_grant',
      'Provided Authorization Code is intended to use against other tenant, thus rejected.',
    ),
  verifierMismatch: () =>
    new Refusal(
      501481,
      'invalid_grant',
      'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
    ),
  challengeMissing: () =>
    new Refusal(
      50147,
      'invalid_request',
      'Missing code challenge: the size of the code challenge parameter is not valid.',
    ),
  challengeSize: () => new Refusal(501491, 'invalid_request', 'Invalid size of Code_Challenge parameter.'),
  pkceNeeded: () =>
    new Refusal(
      9002325,
      'invalid_request',
      'Proof Key for Code Exchange is required for cross-origin authorization code redemption.',
    ),
  crossOriginNotAllowed: () =>
    new Refusal(
      9002326,
      'invalid_request',
      "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
    ),
  crossOriginNeeded: () =>
    new Refusal(
      9002327,
      'invalid_request',
      "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
    ),

  loop: () =>
    new Refusal(
      50196,
      'invalid_grant',
      'The server terminated an operation because it encountered a client request loop.',
    ),

  // Device code.
  devicePending: () =>
    new Refusal(
      70016,
      'authorization_pending',
      'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
    ),
  deviceDeclined: () => new Refusal(70017, 'authorization_declined', 'The end-user denied the authorization request.'),
  deviceCodeUnknown: () =>
    new Refusal(
      70018,
      'bad_verification_code',
      "The provided value for the input parameter 'device_code' is not valid.",
    ),
  deviceCodeExpired: () =>
    new Refusal(
      70020,
      'expired_token',
      "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    ),

  // Client authentication.
  secretMissing: () =>
    new Refusal(
      7000218,
      'invalid_client',
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
  clientIsPublic: () =>
    new Refusal(
      700025,
      'invalid_client',
      "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    ),
  secretWrong: ({ clientId }: Application) =>
    new Refusal(
      7000215,
      'invalid_client',
      `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`,
    ),
  secretExpired: ({ clientId }: Application) =>
    new Refusal(
      7000222,
      'invalid_client',
      `The provided client secret keys for app '${clientId}' are expired. Visit the Azure portal to create new keys for your app, or consider using certificate credentials for added security.`,
    ),
  assertionMalformed: () => new Refusal(50027, 'invalid_client', 'JWT token is invalid or malformed.'),
  assertionAudiences: () =>
    new Refusal(5002741, 'invalid_client', 'The client assertion must have exactly one audience.'),
  assertionAudience: () =>
    new Refusal(700023, 'invalid_client', 'Client assertion audience claim does not match Realm issuer.'),
  assertionSubject: () =>
    new Refusal(50048, 'invalid_client', 'Subject must match Issuer claim in the client assertion.'),
  assertionTime: () => new Refusal(700024, 'invalid_client', 'Client assertion is not within its valid time range.'),
  assertionSignature: (thumbprint: string) =>
    new Refusal(
      700027,
      'invalid_client',
      `The certificate with identifier used to sign the client assertion is not registered on application, or the assertion failed signature validation. [Thumbprint of key used by client: '${thumbprint}']`,
    ),
  federationMismatch: (what: 'issuer' | 'audience' | 'subject', value: string) =>
    new Refusal(
      { issuer: 700211, audience: 700212, subject: 700213 }[what],
      'invalid_client',
      `No matching federated identity record found for presented assertion ${what} '${value}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`,
    ),

  // Refresh tokens.
  grantRevoked: (issuedAt: Date, validFrom: Date) =>
    new Refusal(
      50173,
      'invalid_grant',
      `The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '${ticks(issuedAt)}' and the TokensValidFrom date (before which tokens are not valid) for this user is '${ticks(validFrom)}'.`,
      { suberror: 'bad_token' },
    ),
  refreshTokenInactive: (issuedAt: Date) =>
    new Refusal(
      700082,
      'invalid_grant',
      `The refresh token has expired due to inactivity. The token was issued on ${ticks(issuedAt)} and was inactive for 90.00:00:00.`,
    ),
  spaRefreshTokenOver: (issuedAt: Date) =>
    new Refusal(
      700084,
      'invalid_grant',
      `The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on ${ticks(issuedAt)}.`,
    ),
  signInFrequency: (issuedAt: Date) =>
    new Refusal(
      70043,
      'invalid_grant',
      `The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token was issued on ${ticks(issuedAt)} and the maximum allowed lifetime for this request is ${signInFrequencySeconds}.`,
      { suberror: 'token_expired' },
    ),
  refreshTokenReused: () =>
    new Refusal(70000, 'invalid_grant', 'The provided refresh token was used before and is no longer valid.', {
      suberror: 'bad_token',
    }),
  deviceCodeBlocked: () =>
    new Refusal(
      530036,
      'invalid_grant',
      'The refresh token is invalid due to authentication flow checks by Conditional Access. Please sign in again.',
      { suberror: 'bad_token' },
    ),
};

// .NET's round-trip format with 100 ns ticks, as the token endpoint writes times in its texts.
function ticks(date: Date): string {
  return date.toISOString().replace('Z', '0000Z');
}
