import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LockOutcome, SecretStore } from '../../src/context.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';
import { overrideRenewals } from '../../src/tokens/profile-lock.ts';

const keychain: SecretStore = { ...openMemoryStore(), kind: 'keychain' };
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A lock that somebody holds: it rejects when the waiting is over. */
const held = (_profile: string, signal: AbortSignal): Promise<LockOutcome> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('work that wins over a renewal', () => {
  it('is done while the lock is ours, which is let go afterwards, also when it fails', async () => {
    const happened: string[] = [];
    const takeLock = (profile: string): Promise<LockOutcome> => {
      happened.push(`take ${profile}`);
      return Promise.resolve({ outcome: 'taken', release: () => Promise.resolve(void happened.push('release')) });
    };
    const context = { takeLock, signal: new AbortController().signal };
    const work = (): Promise<string> => Promise.resolve(`work ${happened.push('work')}`);
    expect(await overrideRenewals(context, keychain, 'p', work)).toBe('work 2');
    const fail = (): Promise<never> => Promise.reject(new Error('full'));
    await expect(overrideRenewals(context, keychain, 'p', fail)).rejects.toThrow('full');
    expect(happened).toEqual(['take p', 'work', 'release', 'take p', 'release']);
  });

  it('tries again when somebody lets the lock go, and goes on where there is none', async () => {
    const outcomes: LockOutcome[] = [{ outcome: 'released' }, { outcome: 'released' }];
    const takeLock = (): Promise<LockOutcome> =>
      Promise.resolve(outcomes.shift() ?? { outcome: 'unavailable', reason: 'none' });
    const context = { takeLock, signal: new AbortController().signal };
    expect(await overrideRenewals(context, keychain, 'p', () => Promise.resolve('done'))).toBe('done');
    expect(outcomes).toEqual([]);
  });

  it('is done after a second without the lock: a renewal under way looks before it writes', async () => {
    let isDone = false;
    const context = { takeLock: held, signal: new AbortController().signal };
    const work = overrideRenewals(context, keychain, 'p', () => Promise.resolve((isDone = true)));
    await vi.advanceTimersByTimeAsync(999);
    expect(isDone).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await work).toBe(true);
  });

  it('is not done after Ctrl-C, nor where the lock fails', async () => {
    const cancelled = new EntraLoginError('cancelled', 'Cancelled.');
    const controller = new AbortController();
    const work = vi.fn<() => Promise<void>>();
    const waiting = overrideRenewals({ takeLock: held, signal: controller.signal }, keychain, 'p', work);
    controller.abort(cancelled);
    await expect(waiting).rejects.toBe(cancelled);
    const broken = new Error('broken');
    const context = { takeLock: () => Promise.reject(broken), signal: new AbortController().signal };
    await expect(overrideRenewals(context, keychain, 'p', work)).rejects.toBe(broken);
    expect(work).not.toHaveBeenCalled();
  });

  it('needs no lock in memory, which is nobody else’s', async () => {
    const takeLock = (): never => {
      throw new Error('no lock is wanted');
    };
    const context = { takeLock, signal: new AbortController().signal };
    expect(await overrideRenewals(context, openMemoryStore(), 'p', () => Promise.resolve('done'))).toBe('done');
  });
});
