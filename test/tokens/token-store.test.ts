import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/platform/memory-store.ts';
import {
  forgetAccessToken,
  keepAccessToken,
  readProfile,
  replaceAccessToken,
  writeProfile,
} from '../../src/tokens/token-store.ts';
import { graphToken, inAnHour, now, signIn } from './kept.ts';

describe('a profile in a store', () => {
  it('is read as it was written; nothing kept is no error', async () => {
    const store = openMemoryStore();
    expect(await readProfile(store, 'work')).toEqual({ accessTokens: [] });
    await writeProfile(store, 'work', { signIn, accessTokens: [graphToken] }, now);
    expect(await readProfile(store, 'work')).toEqual({ signIn, accessTokens: [graphToken] });
  });

  it('that is damaged or foreign is exit 6 with the mend, and stays as it is', async () => {
    const store = openMemoryStore();
    await store.write('work', '{"secret":"hunter2"}');
    await expect(readProfile(store, 'work')).rejects.toMatchObject({
      code: 'store_failed',
      message: 'What is kept for profile "work" (memory) cannot be read.',
      hint: 'It is damaged or not ours; to forget it: entra-login logout --profile work',
    });
    expect(await store.read('work')).toBe('{"secret":"hunter2"}');
  });

  it('drops at each write the access tokens that have expired', async () => {
    const store = openMemoryStore();
    const expired = { ...graphToken, resource: 'expired', expiresAt: now };
    const justValid = { ...graphToken, resource: 'valid', expiresAt: new Date(now.getTime() + 1) };
    await writeProfile(store, 'work', { accessTokens: [expired, justValid] }, now);
    expect(await readProfile(store, 'work')).toEqual({ accessTokens: [justValid] });
  });

  it('keeps the 32 newest, whatever their order', async () => {
    const store = openMemoryStore();
    const tokens = Array.from({ length: 40 }, (_, age) => ({
      ...graphToken,
      resource: `resource-${age}`,
      issuedAt: now,
      usedAt: new Date(now.getTime() - age * 1000),
    }));
    await writeProfile(store, 'work', { accessTokens: tokens.toReversed() }, now);
    expect((await readProfile(store, 'work')).accessTokens).toEqual(tokens.slice(0, 32));
  });
});

describe('an access token', () => {
  it('is kept with all that it was issued for', () => {
    const tokenSet = { accessToken: 'A', tokenType: 'Bearer', expiresAt: inAnHour, scopes: ['x', 'y'] };
    const asked = ['openid', 'https://a.example/x'];
    expect(keepAccessToken(signIn, tokenSet, asked, now)).toEqual({
      ...graphToken,
      resource: 'https://a.example',
      asked,
      scopes: ['x', 'y'],
      issuedAt: now,
      usedAt: now,
    });
    expect(keepAccessToken(signIn, tokenSet, ['openid'], now).resource).toBe('https://graph.microsoft.com');
  });

  it('takes the place of the one it renews, and of no other', () => {
    const others = [
      { ...graphToken, kind: 'application' as const },
      { ...graphToken, authorityHost: 'https://other.test' },
      { ...graphToken, tenant: 'T2' },
      { ...graphToken, clientId: 'C2' },
      { ...graphToken, resource: 'https://a.example' },
    ];
    const renewed = { ...graphToken, accessToken: 'A2', asked: ['Mail.Read'], scopes: [] };
    expect(replaceAccessToken([graphToken, ...others], renewed)).toEqual([renewed, ...others]);
  });
});

describe('forgetting the access tokens of a resource', () => {
  it('leaves those of others and the sign-in, and writes nothing where there are none', async () => {
    const written: string[] = [];
    const memory = openMemoryStore();
    const store = {
      ...memory,
      write: async (name: string, value: string): Promise<void> => {
        written.push(name);
        await memory.write(name, value);
      },
    };
    const context = {
      now: (): Date => now,
      signal: new AbortController().signal,
      takeLock: () => Promise.reject(new Error('memory needs no lock')),
    };
    const other = { ...graphToken, resource: 'https://a.example' };
    await writeProfile(store, 'work', { signIn, accessTokens: [graphToken, other] }, now);
    await forgetAccessToken(context, store, 'work', graphToken.resource);
    await forgetAccessToken(context, store, 'work', graphToken.resource);
    expect([await readProfile(store, 'work'), written]).toEqual([{ signIn, accessTokens: [other] }, ['work', 'work']]);
  });
});
