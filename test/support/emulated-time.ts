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

/** Emulated milliseconds a step: finer than any interval that is measured. */
const step = 250;

/** How the clock knows that something is under way, which it waits for. */
export interface EmulatedTimeOptions {
  /** What really sends the requests. */
  readonly send?: typeof globalThis.fetch;
  /** A request that takes longer than this in real milliseconds waits for the clock itself. */
  readonly longRequest?: number;
  /** Real milliseconds that a step takes at least: for what is waited for elsewhere than in requests. */
  readonly pace?: number;
}

/** Replaces timers, `Date` and `performance`. */
export function startEmulatedTime({ send = fetch, longRequest = 100, pace }: EmulatedTimeOptions = {}): EmulatedTime {
  const pause = globalThis.setTimeout;
  vi.useFakeTimers({
    now: new Date('2026-11-23T12:00:00Z'),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
  const underWay = new Map<symbol, bigint>();
  const isWaiting = (): boolean =>
    isAtFiles() || [...underWay.values()].some((since) => Number(process.hrtime.bigint() - since) / 1e6 < longRequest);
  return {
    fetch: async (input, init) => {
      const id = Symbol('request');
      underWay.set(id, process.hrtime.bigint());
      try {
        const response = await send(input, init);
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
        if (pace !== undefined) await new Promise((resolve) => pause(resolve, pace));
        if (!isWaiting()) await vi.advanceTimersByTimeAsync(step);
      }
      return await promise;
    },
    end: () => void vi.useRealTimers(),
  };
}

/** Tells whether a file or a name is being asked for: it is not time that is waited for. */
function isAtFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => /^(?:FSReq|GetAddrInfoReq|PipeConnect|TCPConnect)/.test(name));
}
