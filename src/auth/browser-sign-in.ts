import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { aadstsOf, findAadsts } from './aadsts.ts';
import type { Account } from './account.ts';
import type { AuthorizationRequest } from './authorization-code.ts';
import { redeemAuthorizationResponse } from './authorization-code.ts';
import type { Deadline } from './deadline.ts';
import { startDeadline } from './deadline.ts';
import type { RedirectListenerEvent } from './redirect/listener.ts';
import { startRedirectListener } from './redirect/listener.ts';
import { renderFailurePage, renderSuccessPage } from './redirect/page.ts';
import type { RequestContext } from './request.ts';
import { fetchSigningKeys } from './signing-keys.ts';
import type { EntraClient } from './token-endpoint.ts';
import type { TokenSet } from './token-set.ts';

/** What happens on the way, for words on stderr. */
export type BrowserSignInEvent =
  | {
      readonly type: 'listening';
      readonly startUrl: string;
      readonly authorizationUrl: string;
      readonly redirectUri: string;
    }
  | { readonly type: 'browser_opened' }
  | { readonly type: 'browser_failed'; readonly reason: string }
  | { readonly type: 'response_arrived' }
  | RedirectListenerEvent;

/** A sign-in through the browser. */
export interface BrowserSignInOptions {
  readonly authorization: AuthorizationRequest;
  /** As the settings name it; port 0 or none means any free port. */
  readonly redirectUri: string;
  /** `undefined` opens none: the person opens the URL. */
  readonly openBrowser: ((url: string) => ReturnType<Context['openBrowser']>) | undefined;
  /** Gives up when no browser could be opened and none has come by; else the wait goes on. */
  readonly needsBrowser: boolean;
  /** Keeps the tokens; the page in the browser says success only after this. */
  readonly keep: (tokenSet: TokenSet) => Promise<Account>;
  readonly onEvent: (event: BrowserSignInEvent) => void;
  /** How long the person may take. */
  readonly personDeadline: Deadline;
}

/** How a browser sign-in ended; `no_browser` only where one was needed. */
export type BrowserSignInOutcome =
  { readonly kind: 'signed_in'; readonly account: Account } | { readonly kind: 'no_browser'; readonly reason: string };

/** Redeeming a code waits for no person: the contract's 30 seconds. */
export const exchangeLimit = 30_000;

/**
 * Signs a person in through the browser: listen, open, wait for the redirect, exchange and verify, keep, and only then
 * tell the browser (RFC 8252). Errors: `port_in_use`, the deadline's reason, and those of the exchange.
 */
export async function signInWithBrowser(
  context: Pick<Context, 'fetch' | 'now' | 'signal' | 'findPortOwner' | 'isFromOtherUser'>,
  client: EntraClient,
  options: BrowserSignInOptions,
): Promise<BrowserSignInOutcome> {
  const { authorization, personDeadline } = options;
  let hasArrived = false;
  const onEvent = (event: BrowserSignInEvent): void => {
    if (event.type === 'browser_arrived') hasArrived = true;
    options.onEvent(event);
  };
  // 1. Listen before anything opens.
  const listener = await startRedirectListener({
    redirectUri: new URL(options.redirectUri),
    state: authorization.state,
    responseMode: authorization.options.responseMode,
    authorizationUrl: authorization.urlFor,
    findPortOwner: context.findPortOwner,
    isFromOtherUser: context.isFromOtherUser,
    onEvent,
  });
  let keys: KeysMeanwhile | undefined;
  try {
    // 2. Say where, then open.
    const authorizationUrl = authorization.urlFor(listener.redirectUri);
    const { startUrl, redirectUri } = listener;
    onEvent({ type: 'listening', startUrl, authorizationUrl, redirectUri });
    // Not awaited: a launcher is watched for a second, and a browser that is there already answers sooner.
    const failed = untilNoBrowser({ ...options, onEvent }, startUrl, () => hasArrived);
    // While the person signs in: a code that was redeemed is lost if the keys cannot be had then.
    keys = fetchKeysMeanwhile(context, client, personDeadline);
    // 3. Wait for the one response with our state.
    const response = await Promise.race([listener.waitForResponse(personDeadline.signal), failed]);
    if ('kind' in response) return response;
    onEvent({ type: 'response_arrived' });
    // 4. Exchange, verify, keep; 5. tell the browser how it ended.
    const deadline = startDeadline(context.signal, exchangeLimit, exchangeTimedOut);
    try {
      const redirect = { parameters: response.parameters, redirectUri };
      const knowing = { ...client, signingKeys: await keys.take() };
      const tokenSet = await redeemAuthorizationResponse(context, knowing, authorization, redirect, deadline);
      const account = await options.keep(tokenSet);
      await response.respond({ status: 200, html: renderSuccessPage(account) });
      return { kind: 'signed_in', account };
    } catch (error) {
      await response.respond({ status: 400, html: failurePage(error) });
      throw error;
    } finally {
      deadline.end();
    }
  } finally {
    keys?.stop();
    await listener.close();
  }
}

/** Opens the browser and tells how that went; resolves only if it failed and the sign-in cannot go on without one. */
async function untilNoBrowser(
  { openBrowser, onEvent, needsBrowser }: BrowserSignInOptions,
  url: string,
  hasArrived: () => boolean,
): Promise<BrowserSignInOutcome & { readonly kind: 'no_browser' }> {
  const launch = await openBrowser?.(url);
  if (launch?.outcome === 'failed') {
    // Some launchers fail though their browser has opened the page.
    if (needsBrowser && !hasArrived()) return { kind: 'no_browser', reason: launch.reason };
    onEvent({ type: 'browser_failed', reason: launch.reason });
  } else if (launch !== undefined) {
    onEvent({ type: 'browser_opened' });
  }
  return await new Promise<never>(() => {});
}

/** Until then the browser is being started, which nothing is to slow down, in milliseconds. */
const browserStart = 250;

/** The signing keys, fetched while the person signs in; where that fails, they are asked for again when needed. */
interface KeysMeanwhile {
  /** Begins now if it has not begun yet. */
  readonly take: () => Promise<EntraClient['signingKeys']>;
  readonly stop: () => void;
}

function fetchKeysMeanwhile(context: RequestContext, client: EntraClient, personDeadline: Deadline): KeysMeanwhile {
  const stopping = new AbortController();
  const fetchKeys = async (): Promise<EntraClient['signingKeys']> => {
    const signal = AbortSignal.any([personDeadline.signal, stopping.signal]);
    const deadline = startDeadline(signal, exchangeLimit, exchangeTimedOut);
    try {
      return await fetchSigningKeys(context, client.metadata.jwksUri, undefined, deadline, 0);
    } catch {
      return client.signingKeys;
    } finally {
      deadline.end();
    }
  };
  let keys: ReturnType<typeof fetchKeys> | undefined;
  const take = (): ReturnType<typeof fetchKeys> => (keys ??= fetchKeys());
  const timer = setTimeout(() => void take(), browserStart);
  return {
    take,
    stop() {
      clearTimeout(timer);
      stopping.abort();
    },
  };
}

/** The error for an exchange that took too long. */
export function exchangeTimedOut(): EntraLoginError {
  return new EntraLoginError('timeout', `Entra did not answer within ${exchangeLimit / 1000} seconds.`, {
    hint: 'Check the network and sign in again: entra-login login',
  });
}

function failurePage(error: unknown): string {
  if (!(error instanceof EntraLoginError)) {
    return renderFailurePage({ message: 'Something went wrong in entra-login; the terminal says what.' });
  }
  const entry = findAadsts(aadstsOf(error.aadsts ?? '') ?? 0);
  const mend = entry?.mend ?? (error.hint === undefined ? [] : [error.hint]);
  return renderFailurePage({
    message: error.message,
    aadsts: error.aadsts,
    meaning: entry?.why,
    mend,
    correlationId: error.correlationId,
  });
}
