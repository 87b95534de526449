import { describe, expect, it } from 'vitest';
import { startDeadline } from '../../src/auth/deadline.ts';
import type { LockOutcome, SecretStore } from '../../src/context.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { EntraLoginError, exitCodes } from '../../src/errors.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';
import type { Freshness, Look } from '../../src/tokens/renewal.ts';
import { renewAlone, suffices, warningInstead } from '../../src/tokens/renewal.ts';
import { graphToken, now } from './kept.ts';

const at = (seconds: number): Date => new Date(now.getTime() + seconds * 1000);
const before = at(-60);

describe('a kept token', () => {
  it.each<[string, number, Freshness, boolean]>([
    ['that lives longer than 5 minutes', 301, {}, true],
    ['that lives 5 minutes', 300, {}, false],
    ['that lives longer than was asked', 601, { minimumValidity: 600_000 }, true],
    ['that does not', 600, { minimumValidity: 600_000 }, false],
    ['that lives a second, which is enough', 1, { minimumValidity: 0 }, true],
    ['that has expired', 0, { minimumValidity: 0 }, false],
    ['where a new one is wanted', 3600, { refresh: true }, false],
    ['where claims are wanted', 3600, { claims: '{}' }, false],
  ])('%s (%i s, %j) will do: %s', (_what, lives, wanted, does) => {
    expect(suffices({ ...graphToken, issuedAt: before, expiresAt: at(lives) }, wanted, now, now)).toBe(does);
  });

  it('that was renewed since it was asked for is new, however short it lives, but not for claims', () => {
    const renewed = { ...graphToken, issuedAt: now, expiresAt: at(10) };
    expect(
      [{}, { refresh: true }, { minimumValidity: 60_000 }, { claims: '{}' }].map((wanted) =>
        suffices(renewed, wanted, now, at(1)),
      ),
    ).toEqual([true, true, true, false]);
    expect(suffices(renewed, {}, now, at(10))).toBe(false);
  });
});

describe('a token that could not be renewed', () => {
  const failure = (code: ErrorCode): EntraLoginError => new EntraLoginError(code, 'No way there.');
  it('is used with a warning when Entra is out of reach, and on no other failure', () => {
    const codes = Object.keys(exitCodes) as ErrorCode[];
    const used = codes.filter((code) => warningInstead(failure(code), graphToken, {}, now) !== undefined);
    expect(used.toSorted()).toEqual(['entra_unavailable', 'network', 'throttled', 'timeout']);
    expect(warningInstead(failure('network'), graphToken, {}, now)).toBe(
      'The access token could not be renewed: No way there.',
    );
    expect(warningInstead(new Error('foreign'), graphToken, {}, now)).toBeUndefined();
  });

  it.each<[Freshness]>([[{ minimumValidity: 0 }], [{ refresh: true }], [{ claims: '{}' }]])(
    'is not used where %j was asked for',
    (wanted) => {
      expect(warningInstead(failure('network'), graphToken, wanted, now)).toBeUndefined();
    },
  );

  it('is not used once it has expired, or where there is none', () => {
    expect(warningInstead(failure('network'), { ...graphToken, expiresAt: now }, {}, now)).toBeUndefined();
    expect(warningInstead(failure('network'), undefined, {}, now)).toBeUndefined();
  });
});

describe('a renewal', () => {
  const deadline = startDeadline(new AbortController().signal, 60_000, () => new EntraLoginError('timeout', 'late'));
  deadline.end();
  const keychain = { ...openMemoryStore(), kind: 'keychain' as const };

  const late = new EntraLoginError('timeout', 'late');

  /** Renews with looks and locks as scripted; tells the order of what happened. */
  async function renewWith(
    looks: readonly ('enough' | 'renew')[],
    locks: readonly (LockOutcome['outcome'] | 'late')[],
    {
      store = keychain,
      renew = (): Promise<string> => Promise.resolve('renewed'),
      instead = (error: unknown): string => {
        throw error;
      },
    }: { store?: SecretStore; renew?: () => Promise<string>; instead?: (error: unknown, state: string) => string } = {},
  ): Promise<{ readonly outcome: unknown; readonly happened: string[] }> {
    const happened: string[] = [];
    const count = (what: string): number => happened.filter((one) => one === what).length - 1;
    const look = (): Promise<Look<string, string>> => {
      happened.push('look');
      const found = looks[count('look')];
      return Promise.resolve(found === 'enough' ? { kind: 'enough', result: 'kept' } : { kind: 'renew', state: 'S' });
    };
    const takeLock = (profile: string, signal: AbortSignal): Promise<LockOutcome> => {
      happened.push('lock');
      expect([profile, signal]).toEqual(['work', deadline.signal]);
      const outcome = locks[count('lock')] ?? 'unavailable';
      if (outcome === 'late') return Promise.reject(late);
      const release = (): Promise<void> => Promise.resolve(void happened.push('release'));
      if (outcome === 'taken') return Promise.resolve({ outcome, release });
      return Promise.resolve(outcome === 'released' ? { outcome } : { outcome, reason: 'none' });
    };
    const renewing = (): Promise<string> => {
      happened.push('renew');
      return renew();
    };
    const place = { store, profile: 'work' };
    const outcome: unknown = await renewAlone({ takeLock }, place, deadline, look, renewing, instead).catch(
      (error: unknown) => error,
    );
    return { outcome, happened };
  }

  it('is not needed where what is kept will do', async () => {
    expect(await renewWith(['enough'], [])).toEqual({ outcome: 'kept', happened: ['look'] });
  });

  it('is made with the lock, after another look, and the lock let go', async () => {
    expect(await renewWith([], ['taken'])).toEqual({
      outcome: 'renewed',
      happened: ['look', 'lock', 'look', 'renew', 'release'],
    });
  });

  it('is not made where somebody else did it before the lock was ours', async () => {
    expect(await renewWith(['renew', 'enough'], ['taken'])).toEqual({
      outcome: 'kept',
      happened: ['look', 'lock', 'look', 'release'],
    });
  });

  it('waits for whoever holds the lock, and uses what they left', async () => {
    expect(await renewWith(['renew', 'enough'], ['released'])).toEqual({
      outcome: 'kept',
      happened: ['look', 'lock', 'look'],
    });
  });

  it('goes on where whoever held the lock left nothing', async () => {
    expect(await renewWith([], ['released', 'taken'])).toEqual({
      outcome: 'renewed',
      happened: ['look', 'lock', 'look', 'lock', 'look', 'renew', 'release'],
    });
  });

  it('goes on without a lock where there is no place for one, and takes none for memory', async () => {
    expect(await renewWith([], ['unavailable'])).toMatchObject({ outcome: 'renewed' });
    expect(await renewWith([], [], { store: openMemoryStore() })).toEqual({
      outcome: 'renewed',
      happened: ['look', 'look', 'renew'],
    });
  });

  it('that fails, or is waited for in vain, is answered by what serves instead', async () => {
    const instead = (error: unknown, state: string): string => `${(error as Error).message}, so ${state}`;
    const renew = (): Promise<string> => Promise.reject(new EntraLoginError('network', 'No way there.'));
    expect(await renewWith([], ['taken'], { renew, instead })).toEqual({
      outcome: 'No way there., so S',
      happened: ['look', 'lock', 'look', 'renew', 'release'],
    });
    expect(await renewWith([], ['late'], { instead })).toEqual({ outcome: 'late, so S', happened: ['look', 'lock'] });
    expect(await renewWith([], ['late'])).toEqual({ outcome: late, happened: ['look', 'lock'] });
  });

  it('that fails lets the lock go', async () => {
    const failed = new EntraLoginError('network', 'No way there.');
    expect(await renewWith([], ['taken'], { renew: () => Promise.reject(failed) })).toEqual({
      outcome: failed,
      happened: ['look', 'lock', 'look', 'renew', 'release'],
    });
  });
});
