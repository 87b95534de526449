import type { Deadline } from '../auth/deadline.ts';
import type { Context, LockOutcome, SecretStore } from '../context.ts';
import type { ErrorCode } from '../errors.ts';
import { EntraLoginError } from '../errors.ts';
import type { KeptAccessToken } from './kept-profile.ts';

/** How new an access token must be. */
export interface Freshness {
  /** Milliseconds the token must still live; `undefined` for the default of 5 minutes, which may be undercut offline. */
  readonly minimumValidity?: number | undefined;
  /** Renew even if a kept one would do. */
  readonly refresh?: boolean | undefined;
  /** A claims request, JSON as text: no kept token answers it. */
  readonly claims?: string | undefined;
}

/** What a look at the store found: the result, or what is needed to renew. */
export type Look<Result, State> =
  { readonly kind: 'enough'; readonly result: Result } | { readonly kind: 'renew'; readonly state: State };

const defaultValidity = 5 * 60_000;
const outages: ReadonlySet<ErrorCode> = new Set(['network', 'entra_unavailable', 'throttled', 'timeout']);

/**
 * Renews so that, however many processes want it at once, one of them does and the others use what it got: each looks,
 * takes the lock, looks again, and only then renews. A holder that is killed frees the lock with its process.
 * What fails, the wait for another's renewal too, is answered by `instead`, or thrown there.
 */
export async function renewAlone<Result, State>(
  context: Pick<Context, 'takeLock'>,
  place: { readonly store: SecretStore; readonly profile: string },
  deadline: Deadline,
  look: () => Promise<Look<Result, State>>,
  renew: (state: State) => Promise<Result>,
  instead: (error: unknown, state: State) => Result,
): Promise<Result> {
  for (;;) {
    const first = await look();
    if (first.kind === 'enough') return first.result;
    let lock: LockOutcome;
    try {
      // Memory is this process's alone.
      lock =
        place.store.kind === 'memory'
          ? { outcome: 'unavailable', reason: 'nobody else has this store' }
          : await context.takeLock(place.profile, deadline.signal);
    } catch (error) {
      return instead(error, first.state);
    }
    if (lock.outcome === 'released') continue; // whoever renewed may have left what is wanted
    try {
      const again = await look();
      if (again.kind === 'enough') return again.result;
      return await renew(again.state).catch((error: unknown) => instead(error, again.state));
    } finally {
      if (lock.outcome === 'taken') await lock.release();
    }
  }
}

/**
 * Tells whether a kept token will do. One that was renewed since we were asked is as new as ours would be, however
 * short it lives.
 */
export function suffices(token: KeptAccessToken, wanted: Freshness, askedAt: Date, now: Date): boolean {
  if (wanted.claims !== undefined) return false;
  if (token.issuedAt >= askedAt && token.expiresAt > now) return true;
  const livesLong = token.expiresAt.getTime() > now.getTime() + (wanted.minimumValidity ?? defaultValidity);
  return livesLong && wanted.refresh !== true;
}

/**
 * Answers the warning under which a kept token is used although it could not be renewed: Entra is out of reach, the
 * token has not expired and nothing stricter was asked for. Otherwise `undefined`: the error stands.
 */
export function warningInstead(
  error: unknown,
  token: KeptAccessToken | undefined,
  wanted: Freshness,
  now: Date,
): string | undefined {
  const isStrict = wanted.minimumValidity !== undefined || wanted.refresh === true || wanted.claims !== undefined;
  if (!(error instanceof EntraLoginError) || !outages.has(error.code)) return undefined;
  if (isStrict || token === undefined || token.expiresAt <= now) return undefined;
  return `The access token could not be renewed: ${error.message}`;
}
