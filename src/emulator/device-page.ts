import { devicePath } from './device-response.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { parameter } from './exchange.ts';
import { html, pageReply } from './html.ts';
import { readScopes } from './scopes.ts';
import { beginSignIn } from './sign-in.ts';
import type { EmulatorState } from './state.ts';
import { resolveSegment } from './tenant-segment.ts';

/** Answers the page for the user code, and what was typed there. */
export function answerDevicePage(state: EmulatorState, request: EmulatorRequest): Reply {
  if (request.method !== 'POST') return codePage(undefined);
  const typed = (parameter(request.form, 'code') ?? '').replaceAll(/[\s-]/g, '').toUpperCase();
  const grant = [...state.deviceGrants.values()].find(({ userCode }) => userCode === typed);
  const application = state.directory.applications.get(grant?.clientId ?? '');
  if (
    grant === undefined ||
    application === undefined ||
    grant.outcome !== 'pending' ||
    grant.expiresAt <= state.now()
  ) {
    return codePage(typed);
  }
  const segment = resolveSegment(state.directory, grant.segmentName);
  return beginSignIn(state, request, {
    application,
    segment,
    scopes: readScopes(state.directory, application, grant.scopes.join(' '), segment.name),
    // Nobody should sign in another's device by one click: the page always asks who it is.
    prompt: 'select_account',
    loginHint: undefined,
    domainHint: undefined,
    claims: grant.claims,
    goal: { kind: 'device', grant },
  });
}

function codePage(wrong: string | undefined): Reply {
  const complaint =
    wrong === undefined ? html`` : html`<p role="alert">That code didn't work. Check the code and try again.</p>`;
  return pageReply({
    title: 'Enter code',
    content: html`<h1>Enter code</h1>
      <p>Enter the code displayed on your app or device.</p>
      ${complaint}
      <form method="post" action="${devicePath}">
        <label for="code">Code</label>
        <input id="code" name="code" autocomplete="off" autocapitalize="characters" spellcheck="false" required />
        <p class="actions"><button class="main">Next</button></p>
      </form>`,
  });
}
