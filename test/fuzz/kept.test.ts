import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { KeychainItems } from '../../src/platform/keychain-items.ts';
import { splitLargeValues } from '../../src/platform/split-value.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { KeptAccessToken, KeptProfile } from '../../src/tokens/kept-profile.ts';
import { parseProfile, serializeProfile } from '../../src/tokens/kept-profile.ts';
import { readProfile, replaceAccessToken, writeProfile } from '../../src/tokens/token-store.ts';
import { graphToken, guest, signIn } from '../tokens/kept.ts';
import { itHolds } from '../support/fuzz.ts';
import { anyCuts, anyJsonText, anyText, applyCuts, damaged, foreseen } from '../support/hostile-values.ts';

const someText = anyText.filter((text) => text !== '');
const dates = fc.date({ noInvalidDate: true });
const access: fc.Arbitrary<KeptAccessToken> = fc.record({
  kind: fc.constantFrom('person', 'application', 'managed_identity'),
  ...{ authorityHost: fc.webUrl(), tenant: someText, clientId: someText, resource: someText, accessToken: someText },
  issuedTo: fc.option(fc.record({ tenantId: someText, clientId: someText }), { nil: undefined }),
  ...{ asked: fc.array(anyText), scopes: fc.array(anyText), expiresAt: dates, issuedAt: dates, usedAt: dates },
});
const account = fc.record({
  username: someText,
  name: someText,
  objectId: someText,
  tenantId: someText,
  loginHint: fc.option(someText, { nil: undefined }),
});
const profiles: fc.Arbitrary<KeptProfile> = fc.record({
  signIn: fc.option(
    fc
      .record({
        account,
        subject: someText,
        idToken: someText,
        refreshToken: fc.option(someText, { nil: undefined }),
        scopes: fc.array(anyText),
        confidential: fc.boolean(),
      })
      .map((changes) => ({ ...signIn, ...changes })),
    { nil: undefined },
  ),
  accessTokens: fc.array(access, { maxLength: 40 }),
});

describe('what is kept', () => {
  itHolds(
    'is read as it was written',
    150,
    fc.property(profiles, (kept) => {
      expect(parseProfile(serializeProfile(kept))).toEqual(kept);
    }),
  );

  const text = serializeProfile({ signIn, accessTokens: [graphToken] });
  const whole = JSON.parse(text) as { signIn: Record<string, unknown>; accessTokens: Record<string, unknown>[] };
  const changed = fc.oneof(
    anyCuts.map((cuts) => applyCuts(text, cuts)),
    damaged(whole).map((value) => JSON.stringify(value)),
    damaged(whole.signIn).map((value) => JSON.stringify({ ...whole, signIn: value })),
    damaged(whole.signIn['metadata'] as Record<string, unknown>).map((metadata) =>
      JSON.stringify({ ...whole, signIn: { ...whole.signIn, metadata } }),
    ),
    damaged(whole.accessTokens[0] ?? {}).map((value) => JSON.stringify({ ...whole, accessTokens: [value] })),
    damaged({ ...guest }).map((value) =>
      JSON.stringify({ ...whole, signIn: { ...whole.signIn, otherTenants: [value] } }),
    ),
    anyJsonText,
    anyText,
  );

  itHolds(
    'and was changed by other hands is a profile that is read as it is written, or none, and stays as it is',
    400,
    fc.asyncProperty(
      changed.filter((value) => value !== ''),
      async (value) => {
        const kept = parseProfile(value);
        const store = openMemoryStore();
        await store.write('work', value);
        const read = await foreseen(() => readProfile(store, 'work'));
        if (kept === undefined) expect(read).toMatchObject({ code: 'store_failed' });
        else {
          expect(read).toEqual(kept);
          expect(parseProfile(serializeProfile(kept))).toEqual(kept);
          const { metadata, authorityHost } = kept.signIn ?? {};
          for (const url of [authorityHost, metadata?.tokenEndpoint, metadata?.jwksUri, metadata?.endSessionEndpoint]) {
            expect(url === undefined || URL.canParse(url)).toBe(true);
          }
        }
        expect(await store.read('work')).toBe(value);
      },
    ),
  );

  itHolds(
    'holds after each write no token that has expired, none twice, at most 32, and the newest ones',
    60,
    fc.asyncProperty(fc.array(fc.tuple(access, dates), { minLength: 1, maxLength: 60 }), async (steps) => {
      const store = openMemoryStore();
      for (const [token, now] of steps) {
        const before = await readProfile(store, 'work');
        const accessTokens = replaceAccessToken(before.accessTokens, token);
        await writeProfile(store, 'work', { ...before, accessTokens }, now);
        const { accessTokens: after } = await readProfile(store, 'work');
        const keys = after.map(({ kind, authorityHost, tenant, clientId, resource }) =>
          JSON.stringify([kind, authorityHost, tenant, clientId, resource]),
        );
        expect(new Set(keys).size).toBe(keys.length);
        expect(after.length).toBeLessThanOrEqual(32);
        expect(after.every(({ expiresAt }) => expiresAt > now)).toBe(true);
        const valid = accessTokens.filter(({ expiresAt }) => expiresAt > now);
        expect(after.length).toBe(Math.min(32, valid.length));
        const oldest = Math.min(...after.map(({ usedAt }) => usedAt.getTime()));
        const dropped = valid.filter(({ usedAt }) => usedAt.getTime() > oldest).length;
        expect(dropped).toBeLessThanOrEqual(after.length);
      }
    }),
  );
});

describe('a value split over items', () => {
  class Crash extends Error {}
  // Two characters at least: half of one cannot be kept.
  const limits = fc.integer({ min: 4, max: 200 });
  const words = fc.oneof(
    anyText,
    fc.tuple(anyText, fc.nat(40)).map(([text, times]) => text.repeat(times)),
    anyText.map((text) => `entra-login parts ${text}`),
  );

  function itemsOf(kept: Map<string, string>, limit: number, crashAfter = Number.POSITIVE_INFINITY): KeychainItems {
    let left = crashAfter;
    const change = (): void => {
      if (left === 0) throw new Crash();
      left -= 1;
    };
    const items: KeychainItems = {
      get: (name) => Promise.resolve(kept.get(name)),
      set: async (name, text) => {
        change();
        kept.set(name, text);
      },
      delete: async (name) => {
        change();
        return kept.delete(name);
      },
      list: () => Promise.resolve([...kept.keys()]),
    };
    return splitLargeValues(items, limit);
  }

  itHolds(
    'is whole again, whatever it says and however little an item holds, and no part is larger than an item',
    250,
    fc.asyncProperty(words, limits, async (text, limit) => {
      const kept = new Map<string, string>();
      const items = itemsOf(kept, limit);
      await items.set('work', text);
      expect(await items.get('work')).toBe(text);
      for (const [name, part] of kept) if (name !== 'work') expect(part.length * 2).toBeLessThanOrEqual(limit);
      await items.delete('work');
      expect([...kept]).toEqual([]);
    }),
  );

  itHolds(
    'is the old or the new one after any crashes, and the next write leaves nothing else',
    250,
    fc.asyncProperty(
      fc.array(fc.tuple(words, fc.nat(30)), { minLength: 2, maxLength: 6 }),
      limits,
      words,
      async (writes, limit, last) => {
        const kept = new Map<string, string>();
        let counts: string | undefined;
        for (const [text, crashAfter] of writes) {
          const done = await itemsOf(kept, limit, crashAfter)
            .set('work', text)
            .then(
              () => true,
              (error: unknown) => {
                if (error instanceof Crash) return false;
                throw error;
              },
            );
          const read = await itemsOf(kept, limit).get('work');
          expect(done ? [text] : [counts, text]).toContain(read);
          counts = read;
        }
        await itemsOf(kept, limit).set('work', last);
        const fresh = new Map<string, string>();
        await itemsOf(fresh, limit).set('work', last);
        expect(await itemsOf(kept, limit).get('work')).toBe(last);
        expect(kept.size).toBe(fresh.size);
      },
    ),
  );

  itHolds(
    'and damaged is refused or whole, never another text',
    250,
    fc.asyncProperty(
      words,
      limits,
      fc.array(fc.tuple(fc.nat(20), anyCuts), { minLength: 1, maxLength: 3 }),
      async (text, limit, damages) => {
        const kept = new Map<string, string>();
        await itemsOf(kept, limit).set('work', text);
        fc.pre(kept.size > 1);
        const names = [...kept.keys()].filter((name) => name !== 'work');
        for (const [at, cuts] of damages) {
          const name = names[at % names.length] ?? '';
          kept.set(name, applyCuts(kept.get(name) ?? '', cuts));
        }
        const read = await foreseen(() => itemsOf(kept, limit).get('work'));
        if (read instanceof EntraLoginError) expect(read.code).toBe('store_failed');
        else expect(Buffer.from(read ?? '').equals(Buffer.from(text))).toBe(true);
      },
    ),
  );
});
