import type { EmulatorRequest } from './exchange.ts';
import type { BrowserSession, EmulatorState } from './state.ts';
import { makeId } from './state.ts';

/** The cookie of the browser's sign-on session, named as Entra names it. */
const cookieName = 'ESTSAUTH';

/** Finds the browser's session, or makes a fresh one that counts once it is kept. */
export function sessionOf(state: EmulatorState, request: EmulatorRequest): BrowserSession {
  return state.sessions.get(request.cookies.get(cookieName) ?? '') ?? { id: makeId(), accounts: new Map() };
}

/** Answers the Set-Cookie header that ties the browser to a session. */
export function sessionCookie(state: EmulatorState, session: BrowserSession): string {
  return `${cookieName}=${session.id}; ${attributes(state)}`;
}

/** Answers the Set-Cookie header that makes the browser forget its session. */
export function expiredSessionCookie(state: EmulatorState): string {
  return `${cookieName}=; expires=Thu, 01 Jan 1970 00:00:00 GMT; ${attributes(state)}`;
}

// Entra's are SameSite=None, which browsers take over https only.
function attributes(state: EmulatorState): string {
  const https = state.origin.startsWith('https:');
  return `path=/; HttpOnly; ${https ? 'secure; SameSite=None' : 'SameSite=Lax'}`;
}
