import { createHash } from 'node:crypto';
import type { Reply } from './exchange.ts';
import { redirectReply } from './exchange.ts';
import { documentReply, hashOf, html, inlineElement } from './html.ts';
import type { RedirectTarget } from './redirect-uris.ts';
import type { Refusal } from './refusals.ts';
import { describeRefusal } from './refusal-body.ts';
import type { EmulatorState, Grant } from './state.ts';
import { issueOpaque } from './state.ts';
import { clientInfo } from './token-set.ts';

/** How the answer of an authorization request reaches the application. */
export interface RedirectGoal {
  readonly kind: 'redirect';
  readonly target: RedirectTarget;
  readonly responseMode: 'query' | 'fragment' | 'form_post';
  readonly state: string | undefined;
  readonly nonce: string | undefined;
  readonly challenge: { readonly value: string; readonly method: 'S256' | 'plain' } | undefined;
  /** Whether `client_info=1` was asked for. */
  readonly clientInfo: boolean;
}

/** Issues a code and sends the browser back with it (entra.md 3.3). */
export function finishRedirect(state: EmulatorState, goal: RedirectGoal, grant: Grant, sessionId: string): Reply {
  const code = issueOpaque(state, 'code');
  state.codes.set(code, {
    ...grant,
    issuedAt: state.now(),
    redirectUri: goal.target.uri,
    nonce: goal.nonce,
    challenge: goal.challenge,
    redeemed: false,
  });
  const parameters = new URLSearchParams({ code });
  if (goal.clientInfo) parameters.set('client_info', clientInfo(state, grant.userId));
  if (goal.state !== undefined) parameters.set('state', goal.state);
  parameters.set('session_state', sessionState(sessionId, grant.clientId));
  return deliver(goal, parameters);
}

/** Sends the browser back with an error (entra.md 3.4). */
export function refuseByRedirect(
  state: EmulatorState,
  goal: RedirectGoal,
  refusal: Refusal,
  traceId: string,
  correlationId: string,
): Reply {
  const { error, details } = refusal;
  const parameters = new URLSearchParams({ error });
  if (details.subcode !== undefined) parameters.set('error_subcode', details.subcode);
  parameters.set('error_description', describeRefusal(refusal, traceId, correlationId, state.now()));
  parameters.set('error_uri', `${state.origin}/error?code=${refusal.number}`);
  if (details.suberror !== undefined) parameters.set('suberror', details.suberror);
  if (details.claims !== undefined) parameters.set('claims', details.claims);
  if (goal.state !== undefined) parameters.set('state', goal.state);
  return deliver(goal, parameters);
}

function deliver({ target, responseMode }: RedirectGoal, parameters: URLSearchParams): Reply {
  if (responseMode === 'form_post') return formPost(target.uri, parameters);
  // For query and fragment Entra writes the slash that a redirect URI without a path lacks (entra.md 2.1).
  const url = new URL(target.uri);
  if (responseMode === 'fragment') url.hash = parameters.toString();
  else for (const [name, value] of parameters) url.searchParams.append(name, value);
  return redirectReply(url.href);
}

const submitScript = 'document.forms[0].submit();';

function formPost(action: string, parameters: URLSearchParams): Reply {
  const fields = [...parameters].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`);
  const page = html`<html lang="en">
    <head>
      <title>Working...</title>
    </head>
    <body>
      <form method="POST" name="hiddenform" action="${action}">
        ${fields}<noscript
          ><p>Script is disabled. Click Submit to continue.</p>
          <input type="submit" value="Submit"
        /></noscript>
      </form>
      ${inlineElement('script', submitScript)}
    </body>
  </html>`;
  return documentReply(page, `script-src '${hashOf(submitScript)}'`, 200, {});
}

// A GUID that is the same for one session and application (OpenID Connect Session Management's idea).
function sessionState(sessionId: string, clientId: string): string {
  const digest = createHash('sha256').update(`${sessionId} ${clientId}`).digest('hex');
  return [0, 8, 12, 16, 20].map((start, index, all) => digest.slice(start, all[index + 1] ?? 32)).join('-');
}
