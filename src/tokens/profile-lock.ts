import { startDeadline } from '../auth/deadline.ts';
import type { Context, LockOutcome, SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';

// A renewal looks before it writes, and the two are milliseconds apart; who waits longer waits for its network.
const longestWait = 1_000;

/**
 * Runs work that must win over a renewal in another process: while the lock is ours, or after a second without it,
 * when a renewal under way has yet to look, and will see what the work did.
 */
export async function overrideRenewals<T>(
  context: Pick<Context, 'takeLock' | 'signal'>,
  store: SecretStore,
  profile: string,
  work: () => Promise<T>,
): Promise<T> {
  if (store.kind === 'memory') return await work();
  const lock = await takeWithin(context, profile);
  try {
    return await work();
  } finally {
    if (lock?.outcome === 'taken') await lock.release();
  }
}

async function takeWithin(
  context: Pick<Context, 'takeLock' | 'signal'>,
  profile: string,
): Promise<LockOutcome | undefined> {
  const isOver = new EntraLoginError('timeout', 'The lock of the profile is held.');
  const deadline = startDeadline(context.signal, longestWait, () => isOver);
  try {
    for (;;) {
      const lock = await context.takeLock(profile, deadline.signal);
      if (lock.outcome !== 'released') return lock;
    }
  } catch (error) {
    if (error === isOver) return undefined;
    throw error;
  } finally {
    deadline.end();
  }
}
