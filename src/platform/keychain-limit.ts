import type { KeychainItems } from './keychain-items.ts';

/** What ends a wait for the keychain: the time limit, with its error, or the signal, with its reason. */
export interface Limit {
  readonly milliseconds: number;
  /** How much longer it may take after that, asked for only then. */
  readonly more?: () => number;
  readonly describeEnd: () => Error;
  readonly signal: AbortSignal | undefined;
  /** Makes the call that waits return, so that the process can end. */
  readonly cut: () => void;
}

/** Limits the time of each call. What a call does before it first waits is not counted: nothing could end it. */
export function limitItems(items: KeychainItems, limit: Limit): KeychainItems {
  return {
    get: (name) => limitTime(limit, items.get(name)),
    set: (name, text) => limitTime(limit, items.set(name, text)),
    delete: (name) => limitTime(limit, items.delete(name)),
    list: () => limitTime(limit, items.list()),
  };
}

function limitTime<T>({ milliseconds, more, describeEnd, signal, cut }: Limit, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let settled = false;
    const settle = (finish: () => void): void => {
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      finish();
    };
    const end = (error: unknown): void => {
      if (settled) return;
      settle(() => reject(error));
      cut();
    };
    const cancel = (): void => end(signal?.reason);
    // On a busy machine the answer may be there, and this process have had no turn to see it: that comes first.
    const start = (time: number, atEnd: () => void): NodeJS.Timeout => setTimeout(() => setImmediate(atEnd), time);
    let timer = start(milliseconds, () => {
      if (!settled) timer = start(Math.max(0, more?.() ?? 0), () => end(describeEnd()));
    });
    signal?.addEventListener('abort', cancel);
    call.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
