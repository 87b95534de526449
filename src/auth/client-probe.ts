import { EntraLoginError } from '../errors.ts';
import { aadstsOf } from './aadsts.ts';
import type { Deadline } from './deadline.ts';
import { requestDeviceAuthorization } from './device-authorization.ts';
import { pollOnce } from './device-code.ts';
import { entraRefusal, readEntraError } from './entra-errors.ts';
import type { Answer, RequestContext } from './request.ts';
import { sendRequest, unexpectedAnswer } from './request.ts';
import { uriWithPort } from './redirect/address.ts';
import { withOpenIdScopes } from './scopes.ts';
import type { EntraClient } from './token-endpoint.ts';

/** What Entra says to one thing about an application, as far as it can be told without a person. */
export type ProbeAnswer =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'refused'; readonly error: EntraLoginError }
  /** Entra could not be asked, or its answer may mean anything. */
  | { readonly outcome: 'unknown'; readonly error: EntraLoginError };

/** What is found out about an application. */
export interface ClientProbe {
  /** Whether there is such an application in the tenant, and it may be used for such a sign-in. */
  readonly application: ProbeAnswer;
  readonly redirectUri: ProbeAnswer;
  /** "Allow public client flows"; with a secret whether a device code works with that. */
  readonly deviceCode: ProbeAnswer;
  /** `undefined` without a secret. */
  readonly clientSecret: ProbeAnswer | undefined;
}

/** What a sign-in would ask for. */
export interface ProbedSignIn {
  /** As the setting has it; port 0, or none, is any. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
}

const accepted: ProbeAnswer = { outcome: 'accepted' };
const what = 'the authorization endpoint';

/**
 * Asks Entra about an application without signing anybody in: by an authorization request with `prompt=none` whose
 * answer is looked at and never followed, and by a device code that nobody sees and that is polled for once, with the
 * secret if there is one. Rejects with the reason of the parent of the deadline alone.
 */
export async function probeClient(
  context: RequestContext,
  client: EntraClient,
  signIn: ProbedSignIn,
  deadline: Deadline,
): Promise<ClientProbe> {
  const [authorize, device] = await Promise.all([
    probeAuthorization(context, client, signIn, deadline),
    probeDeviceCode(context, client, signIn, deadline),
  ]);
  const found = [authorize.application, device.application];
  const application = found.find(({ outcome }) => outcome === 'refused') ?? found.find(isAccepted) ?? found[0];
  return { ...device, redirectUri: authorize.redirectUri, application: application ?? authorize.application };
}

const isAccepted = ({ outcome }: ProbeAnswer): boolean => outcome === 'accepted';

/**
 * The authorization endpoint. Sure (seen in recorded traffic): without a session `prompt=none` comes back as a redirect
 * with `login_required` (AADSTS50058), and a redirect goes only to an address that is registered. Sure: a wrong redirect
 * URI stays on a page (AADSTS50011), as does a wrong client ID (700016); the page names the code, in its text and in the
 * JSON within. Not sure: whether Entra looks for the application before it looks for a person in every tenant; a page
 * without a code, or a redirect elsewhere (personal accounts are sent to login.live.com), therefore says nothing.
 */
async function probeAuthorization(
  context: RequestContext,
  client: EntraClient,
  signIn: ProbedSignIn,
  deadline: Deadline,
): Promise<Pick<ClientProbe, 'application' | 'redirectUri'>> {
  const setting = new URL(signIn.redirectUri);
  // Entra ignores the port of localhost; a request needs one.
  const redirectUri = uriWithPort(setting, Number(setting.port) || 50_000);
  const url = new URL(client.metadata.authorizationEndpoint);
  const parameters = {
    client_id: client.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    response_mode: 'query',
    scope: withOpenIdScopes(signIn.scopes).join(' '),
    prompt: 'none',
  };
  // No code_challenge: a redirect URI of the single-page platform then says so (AADSTS9002325), before a sign-in does.
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const init = { headers: { accept: 'text/html' } };
  const policy = { what, retries: 0, takesRedirects: true, deadline } as const;
  try {
    return judgeAuthorization(await sendRequest(context, url.href, init, policy), redirectUri);
  } catch (error) {
    const nothing = unknown(error);
    return { application: nothing, redirectUri: nothing };
  }
}

function judgeAuthorization(answer: Answer, redirectUri: string): Pick<ClientProbe, 'application' | 'redirectUri'> {
  const back = answer.location === undefined ? undefined : parametersOf(answer.location, redirectUri);
  if (back !== undefined) {
    const error = readEntraError(Object.fromEntries(back));
    const isExpected = error === undefined || expectedErrors.includes(error.error);
    if (isExpected) return { application: accepted, redirectUri: accepted };
    const refused = { outcome: 'refused', error: entraRefusal(error, 'sign_in') } as const;
    return platformCodes.includes(error.aadsts ?? 0)
      ? { application: accepted, redirectUri: refused }
      : { application: refused, redirectUri: accepted };
  }
  const aadsts = aadstsOf(answer.text);
  if (aadsts === undefined) {
    const nothing = unknown(unexpectedAnswer(what, 'gave neither a redirect back nor a page with an AADSTS code'));
    return { application: nothing, redirectUri: nothing };
  }
  const description = `a page with AADSTS${aadsts}, which a browser would show`;
  const correlationId = /Correlation ID:?\s*(?:<[^>]*>\s*)*([0-9a-f-]{36})/i.exec(answer.text)?.[1];
  const error = entraRefusal({ error: 'invalid_request', description, aadsts, correlationId }, 'sign_in');
  if (redirectUriCodes.includes(aadsts)) {
    return { application: unknown(error), redirectUri: { outcome: 'refused', error } };
  }
  return { application: { outcome: 'refused', error }, redirectUri: unknown(error) };
}

// That a person is missing is what was asked for; the others tell of Entra's state, not of the application.
const expectedErrors = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
  'access_denied',
  'server_error',
  'temporarily_unavailable',
];
// Numbers choose which check the words stand at, nothing else.
const redirectUriCodes = [50011, 500113, 500119, 70004, 900971, 90102];
const platformCodes = [9002325, 9002326, 9002327];

// Entra writes the slash that a redirect URI without a path lacks (Entra "Redirect URI best practices").
function parametersOf(location: string, redirectUri: string): URLSearchParams | undefined {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  const own = new URL(redirectUri);
  if (url?.origin !== own.origin || url.pathname !== own.pathname) return undefined;
  // In the fragment where an error comes before Entra has read the response mode.
  return new URLSearchParams(url.search === '' ? url.hash.slice(1) : url.search);
}

/**
 * The device code endpoint, and one poll. Sure (Entra's error reference): an unknown application is `unauthorized_client`
 * at the endpoint; an application that is no public client is `invalid_client` (AADSTS7000218) at the poll or already
 * there. Not sure, but how Entra has answered so far: the client is checked before the code, so that a wrong secret
 * shows at the first poll too.
 */
async function probeDeviceCode(
  context: RequestContext,
  client: EntraClient,
  { scopes }: ProbedSignIn,
  deadline: Deadline,
): Promise<Pick<ClientProbe, 'application' | 'deviceCode' | 'clientSecret'>> {
  const request = { scopes };
  const hasSecret = client.clientSecret !== undefined;
  let application: ProbeAnswer | undefined;
  try {
    const authorization = await requestDeviceAuthorization(context, client, request, deadline);
    application = accepted;
    const poll = await pollOnce(context, { client, authorization, request, deadline });
    if (poll.kind === 'failed') throw poll.error;
    return { application, deviceCode: accepted, clientSecret: hasSecret ? accepted : undefined };
  } catch (error) {
    const nothing = unknown(error);
    const refused = { outcome: 'refused', error: nothing.error } as const;
    const { oauthError, aadsts } = nothing.error;
    if (oauthError === 'invalid_client') {
      // A secret that is not wanted is not a wrong one: public client flows are on.
      const isUnwanted = aadsts === 'AADSTS700025';
      const clientSecret = isUnwanted ? nothing : refused;
      return {
        application: accepted,
        deviceCode: isUnwanted ? accepted : refused,
        clientSecret: hasSecret ? clientSecret : undefined,
      };
    }
    const ofApplication = oauthError === 'unauthorized_client' ? refused : nothing;
    return {
      application: application ?? ofApplication,
      deviceCode: nothing,
      clientSecret: hasSecret ? nothing : undefined,
    };
  }
}

function unknown(error: unknown): Extract<ProbeAnswer, { outcome: 'unknown' }> {
  if (error instanceof EntraLoginError && error.code !== 'cancelled') return { outcome: 'unknown', error };
  throw error;
}
