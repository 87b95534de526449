import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProfileContext } from '../../src/commands/opened-profile.ts';
import { findClientSecret, openProfile, startCommandDeadline } from '../../src/commands/opened-profile.ts';
import type { SecretStore, StoreKind } from '../../src/context.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { createFiles } from '../../src/platform/files.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';

let home: string;
let stores: Record<StoreKind, SecretStore>;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'entra-login-profile-'));
  const storeOf = (kind: StoreKind): SecretStore => ({ ...openMemoryStore(), kind });
  stores = { keychain: storeOf('keychain'), file: storeOf('file'), memory: storeOf('memory') };
});
afterEach(() => rm(home, { recursive: true }));

const contextOf = (env: Record<string, string> = {}): ProfileContext => ({
  env,
  files: createFiles(),
  directories: { configuration: home, state: home, working: home, home },
  openStore: (kind) => stores[kind],
});
const nobody = '{"version":1,"accessTokens":[]}';

describe('where a profile is opened', () => {
  it.each<[string, Record<string, string>, string | undefined, StoreKind]>([
    ['the keychain, where nothing says otherwise', {}, undefined, 'keychain'],
    ['the file store, where it is kept there', {}, 'file', 'file'],
    ['the keychain, where it is kept there alone', {}, 'keychain', 'keychain'],
    ['the store that was chosen, wherever it is kept', { ENTRA_LOGIN_STORE: 'keychain' }, 'file', 'keychain'],
    ['memory, where that was chosen', { ENTRA_LOGIN_STORE: 'memory' }, 'file', 'memory'],
  ])('is %s', async (_where, env, keptIn, kind) => {
    if (keptIn !== undefined) await stores[keptIn as StoreKind].write('work', nobody);
    const { profile, store, kept } = await openProfile(contextOf(env), { profile: 'work' });
    expect({ profile, kind: store.kind, kept }).toEqual({ profile: 'work', kind, kept: { accessTokens: [] } });
  });

  it('is said where what is kept cannot be read, and it stays as it is', async () => {
    await stores.file.write('work', 'damaged');
    await expect(openProfile(contextOf(), { profile: 'work' })).rejects.toMatchObject({
      code: 'store_failed',
      message: 'What is kept for profile "work" (file) cannot be read.',
      hint: 'It is damaged or not ours; to forget it: entra-login logout --profile work',
    });
    expect(await stores.file.read('work')).toBe('damaged');
  });
});

describe('the client secret', () => {
  it('is that of the environment, else the one kept beside the profile, else none', async () => {
    const secretOf = async (env: Record<string, string>): Promise<string | undefined> =>
      findClientSecret(await openProfile(contextOf(env), {}));
    expect(await secretOf({})).toBeUndefined();
    await stores.keychain.write('default/client-secret', 'kept');
    expect(await secretOf({})).toBe('kept');
    expect(await secretOf({ ENTRA_LOGIN_CLIENT_SECRET: 'given' })).toBe('given');
    expect(await secretOf({ ENTRA_LOGIN_PROFILE: 'work' })).toBeUndefined();
  });
});

describe('the limit of a command that waits for no person', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    [undefined, 30_000, '30 seconds'],
    ['2m', 120_000, '120 seconds'],
    ['500ms', 500, '0.5 seconds'],
  ])('with --timeout %s is %i ms, then exit 7 with how to give it longer', (timeout, limit, words) => {
    const deadline = startCommandDeadline({ signal: new AbortController().signal }, { timeout });
    vi.advanceTimersByTime(1_000);
    // From here on: what waits for nothing starts no clock.
    expect(deadline.remaining()).toBe(limit);
    vi.advanceTimersByTime(limit - 1);
    expect(deadline.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(deadline.signal.reason).toBeInstanceOf(EntraLoginError);
    expect(deadline.signal.reason).toMatchObject({
      code: 'timeout',
      message: `Nobody answered within ${words}.`,
      hint: 'Check the network, or give it longer: --timeout 2m',
    });
  });

  it('ends with Ctrl-C, and refuses what is no duration', () => {
    const controller = new AbortController();
    const cancelled = new EntraLoginError('cancelled', 'Cancelled.');
    const deadline = startCommandDeadline({ signal: controller.signal }, {});
    controller.abort(cancelled);
    expect(deadline.signal.reason).toBe(cancelled);
    deadline.end();
    expect(() => startCommandDeadline({ signal: controller.signal }, { timeout: 'soon' })).toThrow(
      expect.objectContaining({ code: 'usage', message: 'The duration is not valid (--timeout).' }) as Error,
    );
  });
});
