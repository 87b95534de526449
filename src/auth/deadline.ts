import type { EntraLoginError } from '../errors.ts';

/** A time limit that heeds a parent signal: whichever comes first aborts. */
export interface Deadline {
  /** Its reason is the parent's, or what `reason` made when the time ran out. */
  readonly signal: AbortSignal;
  /** Milliseconds left, never negative. */
  remaining(): number;
  /** Ends the limit, so that its timer keeps nothing alive. */
  end(): void;
}

/** Starts a time limit in milliseconds. */
export function startDeadline(parent: AbortSignal, milliseconds: number, reason: () => EntraLoginError): Deadline {
  const controller = new AbortController();
  const endsAt = performance.now() + milliseconds;
  const timer = setTimeout(() => controller.abort(reason()), milliseconds);
  const heedParent = (): void => controller.abort(parent.reason);
  const end = (): void => {
    clearTimeout(timer);
    parent.removeEventListener('abort', heedParent);
  };
  if (parent.aborted) heedParent();
  parent.addEventListener('abort', heedParent, { once: true });
  return { signal: controller.signal, remaining: () => Math.max(0, endsAt - performance.now()), end };
}

/** Waits; rejects with the signal's reason when it aborts. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      signal.removeEventListener('abort', aborted);
      resolve();
    }
    function aborted(): void {
      clearTimeout(timer);
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }));
    }
    signal.addEventListener('abort', aborted, { once: true });
  });
}
