import process from 'node:process';
import { vi } from 'vitest';

/** A clock that runs as fast as the requests under way let it; sockets are real. */
export interface EmulatedTime {
  /** Sends requests so that the clock knows of them. */
  readonly fetch: typeof globalThis.fetch;
  /** Lets time pass until the promise settles, and answers it. */
  passUntil<T>(promise: Promise<T>): Promise<T>;
  /** Gives the real clock back. */
  end(): void;
}

/** A request that takes longer than this in real milliseconds waits for the clock itself. */
const longRequest = 100;
/** Emulated milliseconds a step: finer than any interval that is measured. */
const step = 250;

/** Replaces timers, `Date` and `performance`. */
export function startEmulatedTime(): EmulatedTime {
  vi.useFakeTimers({
    now: new Date('2026-11-23T12:00:00Z'),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  const underWay = new Map<symbol, bigint>();
  const isWaiting = (): boolean =>
    [...underWay.values()].some((since) => Number(process.hrtime.bigint() - since) / 1e6 < longRequest);
  return {
    fetch: async (input, init) => {
      const id = Symbol('request');
      underWay.set(id, process.hrtime.bigint());
      try {
        const response = await fetch(input, init);
        // To its end: while a body is read the clock stands still too.
        return new Response(await response.arrayBuffer(), response);
      } finally {
        underWay.delete(id);
      }
    },
    async passUntil(promise) {
      const outcome = { isSettled: false };
      const settle = (): void => void (outcome.isSettled = true);
      promise.then(settle, settle);
      while (!outcome.isSettled) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!isWaiting()) await vi.advanceTimersByTimeAsync(step);
      }
      return await promise;
    },
    end: () => void vi.useRealTimers(),
  };
}
