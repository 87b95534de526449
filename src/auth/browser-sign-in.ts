import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { aadstsOf, findAadsts } from './aadsts.ts';
import type { Account } from './account.ts';
import type { AuthorizationRequest } from './authorization-code.ts';
import { redeemAuthorizationResponse } from './authorization-code.ts';
import type { Deadline } from './deadline.ts';
import { startDeadline } from './deadline.ts';
import type { RedirectListenerEvent } from './redirect-listener.ts';
import { startRedirectListener } from './redirect-listener.ts';
import { renderFailurePage, renderSuccessPage } from './redirect-page.ts';
import type { EntraClient } from './token-endpoint.ts';
import type { TokenSet } from './token-set.ts';

/** What happens on the way, for words on stderr. */
export type BrowserSignInEvent =
  | { readonly type: 'listening'; readonly startUrl: string; readonly authorizationUrl: string }
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
  /** Keeps the tokens; the page in the browser says success only after this. */
  readonly keep: (tokenSet: TokenSet) => Promise<Account>;
  readonly onEvent: (event: BrowserSignInEvent) => void;
  /** How long the person may take. */
  readonly personDeadline: Deadline;
}

/** Redeeming a code waits for no person: the contract's 30 seconds. */
export const exchangeLimit = 30_000;

/**
 * Signs a person in through the browser: listen, open, wait for the redirect, exchange and verify, keep, and only then
 * tell the browser (RFC 8252). Errors: `port_in_use`, the deadline's reason, and those of the exchange.
 */
export async function signInWithBrowser(
  context: Pick<Context, 'fetch' | 'now' | 'signal' | 'findPortOwner'>,
  client: EntraClient,
  options: BrowserSignInOptions,
): Promise<Account> {
  const { authorization, onEvent, personDeadline } = options;
  // 1. Listen before anything opens.
  const listener = await startRedirectListener({
    redirectUri: new URL(options.redirectUri),
    state: authorization.state,
    responseMode: authorization.options.responseMode,
    authorizationUrl: authorization.urlFor,
    findPortOwner: context.findPortOwner,
    onEvent,
  });
  try {
    // 2. Say where, then open.
    const authorizationUrl = authorization.urlFor(listener.redirectUri);
    onEvent({ type: 'listening', startUrl: listener.startUrl, authorizationUrl });
    // Not awaited: a launcher is watched for a second, and a browser that is there already answers sooner.
    void openAndTell(options, listener.startUrl);
    // 3. Wait for the one response with our state.
    const response = await listener.waitForResponse(personDeadline.signal);
    onEvent({ type: 'response_arrived' });
    // 4. Exchange, verify, keep; 5. tell the browser how it ended.
    const deadline = startDeadline(context.signal, exchangeLimit, exchangeTimedOut);
    try {
      const redirect = { parameters: response.parameters, redirectUri: listener.redirectUri };
      const tokenSet = await redeemAuthorizationResponse(context, client, authorization, redirect, deadline);
      const account = await options.keep(tokenSet);
      await response.respond({ status: 200, html: renderSuccessPage(account) });
      return account;
    } catch (error) {
      await response.respond({ status: 400, html: failurePage(error) });
      throw error;
    } finally {
      deadline.end();
    }
  } finally {
    await listener.close();
  }
}

async function openAndTell({ openBrowser, onEvent }: BrowserSignInOptions, url: string): Promise<void> {
  const launch = await openBrowser?.(url);
  if (launch === undefined) return;
  onEvent(launch.outcome === 'opened' ? { type: 'browser_opened' } : { type: 'browser_failed', reason: launch.reason });
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
