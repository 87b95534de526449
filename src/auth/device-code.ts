import * as openid from 'openid-client';
import { EntraLoginError } from '../errors.ts';
import { exchangeLimit, exchangeTimedOut } from './browser-sign-in.ts';
import type { Deadline } from './deadline.ts';
import { sleep, startDeadline } from './deadline.ts';
import type { DeviceAuthorization, DeviceAuthorizationRequest } from './device-authorization.ts';
import { deviceScopes, requestDeviceAuthorization } from './device-authorization.ts';
import type { RequestContext } from './request.ts';
import type { SigningKey } from './signing-keys.ts';
import { fetchSigningKeys } from './signing-keys.ts';
import type { EntraClient } from './token-endpoint.ts';
import { requestTokenSet } from './token-endpoint.ts';
import type { TokenSet } from './token-set.ts';

/** What happens on the way, for words on stderr. */
export type DeviceCodeEvent =
  | {
      readonly type: 'code';
      readonly authorization: Pick<DeviceAuthorization, 'userCode' | 'verificationUri' | 'message'>;
      /** Ends when the codes expire or the person's time is up, whichever comes first. */
      readonly deadline: Deadline;
    }
  /** Entra could not be asked whether the person has signed in; it will be again after `wait` milliseconds. */
  | { readonly type: 'poll_failed'; readonly reason: string; readonly wait: number }
  /** It could, after a failure. */
  | { readonly type: 'poll_answered' }
  | { readonly type: 'slowed_down'; readonly interval: number };

/** A sign-in by device code. */
export interface DeviceCodeSignIn {
  readonly request: DeviceAuthorizationRequest;
  readonly onEvent: (event: DeviceCodeEvent) => void;
  /** How long the person may take. */
  readonly personDeadline: Deadline;
}

/** One question whether the person is done. */
interface OnePoll {
  readonly client: EntraClient;
  readonly authorization: DeviceAuthorization;
  readonly request: DeviceAuthorizationRequest;
  readonly deadline: Deadline;
}

/** How one poll ended, if it did not end the sign-in. */
type PollOutcome =
  | { readonly kind: 'signed_in'; readonly tokenSet: TokenSet }
  | { readonly kind: 'pending' }
  | { readonly kind: 'slow_down' }
  | { readonly kind: 'failed'; readonly error: EntraLoginError };

// RFC 8628, 3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests".
const slowDownStep = 5_000;
// A poll that fails doubles the wait (RFC 8628, 3.5), but somebody may have signed in meanwhile: 20 seconds at Entra.
const mostDoublings = 2;

/**
 * Signs a person in on any other device (RFC 8628): ask for a code, say it, poll until the person is done. The polling
 * is ours, since openid-client's ends at the first dropped connection, 429 or 500. Errors: `access_denied`, `timeout`
 * when the code expires or the deadline's reason, those of `requestDeviceAuthorization` and `verifyIdToken`.
 */
export async function signInWithDeviceCode(
  context: RequestContext,
  client: EntraClient,
  { request, onEvent, personDeadline }: DeviceCodeSignIn,
): Promise<TokenSet> {
  // 1. The signing keys and the code: once the person is done, nothing but the token answer is missing.
  const { signingKeys, authorization } = await prepare(context, client, request, personDeadline);
  const { userCode, verificationUri, message, lifetime } = authorization;
  const ofCode = startDeadline(personDeadline.signal, lifetime, () => expired(lifetime));
  const deadline = { ...ofCode, remaining: () => Math.min(ofCode.remaining(), personDeadline.remaining()) };
  try {
    // 2. Say it, 3. poll.
    onEvent({ type: 'code', authorization: { userCode, verificationUri, message }, deadline });
    const poll = { client: { ...client, signingKeys }, authorization, request, onEvent, deadline };
    return await pollUntilSignedIn(context, poll);
  } finally {
    deadline.end();
  }
}

async function prepare(
  context: RequestContext,
  client: EntraClient,
  request: DeviceAuthorizationRequest,
  personDeadline: Deadline,
): Promise<{ readonly signingKeys: readonly SigningKey[]; readonly authorization: DeviceAuthorization }> {
  const deadline = startDeadline(personDeadline.signal, exchangeLimit, exchangeTimedOut);
  try {
    const signingKeys = await fetchSigningKeys(context, client.metadata.jwksUri, undefined, deadline);
    const authorization = await requestDeviceAuthorization(context, client, request, deadline).catch(explain);
    return { signingKeys, authorization };
  } finally {
    deadline.end();
  }
}

interface Poll extends OnePoll {
  readonly onEvent: DeviceCodeSignIn['onEvent'];
}

async function pollUntilSignedIn(context: RequestContext, poll: Poll): Promise<TokenSet> {
  const { onEvent, deadline } = poll;
  let { interval } = poll.authorization;
  let failures = 0;
  let wait = interval;
  for (;;) {
    await sleep(Math.min(wait, deadline.remaining() + 1), deadline.signal);
    const outcome = await pollOnce(context, poll);
    if (outcome.kind !== 'failed' && failures > 0) onEvent({ type: 'poll_answered' });
    switch (outcome.kind) {
      case 'signed_in':
        return outcome.tokenSet;
      case 'slow_down':
        interval += slowDownStep;
        onEvent({ type: 'slowed_down', interval });
        failures = 0;
        wait = interval;
        break;
      case 'pending':
        failures = 0;
        wait = interval;
        break;
      case 'failed': {
        const asked = (outcome.error.retryAfter ?? 0) * 1000;
        if (asked >= deadline.remaining()) throw outcome.error;
        failures += 1;
        wait = Math.max(asked, interval * 2 ** Math.min(failures, mostDoublings));
        onEvent({ type: 'poll_failed', reason: outcome.error.message, wait });
        break;
      }
    }
  }
}

/** Polls once (RFC 8628, 3.4). Throws what ends the sign-in. */
export async function pollOnce(context: RequestContext, poll: OnePoll): Promise<PollOutcome> {
  const { client, authorization, request, deadline } = poll;
  const { claims } = request;
  const parameters = { device_code: authorization.deviceCode, ...(claims === undefined ? {} : { claims }) };
  const grantType = 'urn:ietf:params:oauth:grant-type:device_code';
  try {
    const tokenSet = await requestTokenSet(context, client, {
      grant: (configuration) => openid.genericGrantRequest(configuration, grantType, parameters),
      scopes: deviceScopes(request.scopes),
      expected: {}, // a device code has no nonce
      needsIdToken: true,
      moment: 'sign_in',
      retries: 0, // the next poll is the retry
      deadline,
    });
    return { kind: 'signed_in', tokenSet };
  } catch (error) {
    deadline.signal.throwIfAborted();
    if (!(error instanceof EntraLoginError)) throw error;
    if (error.oauthError === 'authorization_pending') return { kind: 'pending' };
    if (error.oauthError === 'slow_down') return { kind: 'slow_down' };
    // What may pass while the person is still typing.
    if (['network', 'throttled', 'entra_unavailable'].includes(error.code)) return { kind: 'failed', error };
    return explain(error);
  }
}

function expired(lifetime: number): EntraLoginError {
  return new EntraLoginError('timeout', `Nobody used the code within ${lifetime / 1000} seconds: it has expired.`, {
    hint: 'Get a new one: entra-login login --device-code',
  });
}

// Refusals that mean the flow or a device that it cannot show; numbers choose words only.
const browserWanted = [50005, 50097, 53000, 53001, 53003, 530033, 530035, 530036].map((code) => `AADSTS${code}`);

/** Throws the error, with the way out where a policy does not admit device codes. */
function explain(error: unknown): never {
  if (!(error instanceof EntraLoginError) || !browserWanted.includes(error.aadsts ?? '')) throw error;
  const { code, message, aadsts, correlationId, traceId, oauthError } = error;
  const hint =
    'A device code may be what is forbidden. Sign in through a browser: entra-login login --no-browser with ssh -L 5000:localhost:5000 from where the browser is, or entra-login login --manual';
  throw new EntraLoginError(code, message, { hint, aadsts, correlationId, traceId, oauthError, cause: error });
}
