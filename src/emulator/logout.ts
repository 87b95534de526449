import { matchRedirectUri } from './redirect-uris.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { parameter, parseUrl, redirectReply } from './exchange.ts';
import { html, pageReply } from './html.ts';
import { expiredSessionCookie, sessionOf } from './session.ts';
import type { EmulatorState } from './state.ts';
import { resolveSegment } from './tenant-segment.ts';

/**
 * Answers the end-session endpoint (OpenID Connect RP-Initiated Logout; entra.md 8): ends the browser's session, and
 * nothing else. `logout_hint` signs that account out without asking; without it all accounts go.
 */
export function answerLogout(state: EmulatorState, request: EmulatorRequest): Reply {
  resolveSegment(state.directory, request.tenantSegment);
  const parameters = request.method === 'POST' ? request.form : request.query;
  const session = sessionOf(state, request);
  const hint = parameter(parameters, 'logout_hint');
  const hinted = [...session.accounts.keys()].filter((id) => isHinted(state, id, hint));
  if (hint === undefined || hinted.length === 0) session.accounts.clear();
  for (const id of hinted) session.accounts.delete(id);
  const cookie = session.accounts.size === 0 ? { 'Set-Cookie': expiredSessionCookie(state) } : undefined;
  const target = parameter(parameters, 'post_logout_redirect_uri');
  if (target !== undefined && isRegistered(state, target)) {
    const url = new URL(target);
    const echoed = parameters.get('state');
    if (echoed !== null) url.searchParams.set('state', echoed);
    return redirectReply(url.href, cookie);
  }
  return pageReply({
    title: 'Signed out',
    content: html`<h1>You signed out of your account</h1>
      <p>It's a good idea to close all browser windows.</p>`,
    headers: cookie ?? {},
  });
}

// Entra wants the `login_hint` claim here; accounts without that claim are known by their username.
function isHinted(state: EmulatorState, userId: string, hint: string | undefined): boolean {
  const user = state.directory.users.get(userId);
  return user !== undefined && (user.extraClaims?.['login_hint'] ?? user.username) === hint;
}

// Entra takes the registered redirect URIs for the way out, too; the request names no application, so any may.
function isRegistered(state: EmulatorState, uri: string): boolean {
  if (parseUrl(uri) === undefined) return false;
  return [...state.directory.applications.values()].some((application) => {
    try {
      return matchRedirectUri(application, uri).uri === uri;
    } catch {
      return false;
    }
  });
}
