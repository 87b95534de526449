import { describe, expect, it } from 'vitest';

import type { KeychainItems } from '../../src/platform/keychain-items.ts';
import { splitLargeValues } from '../../src/platform/split-value.ts';

const limit = 20;
const small = 'small';
const values = [small, 'a'.repeat(25), 'b'.repeat(40), 'c'.repeat(11), 'd'.repeat(60), 'entra-login parts and so on'];

class Crash extends Error {}

/** Items in memory; `crashAfter` changes, the next change throws, as if the process had been killed there. */
function memoryItems(kept: Map<string, string>, crashAfter = Number.POSITIVE_INFINITY): KeychainItems {
  let left = crashAfter;
  const change = (): void => {
    if (left === 0) throw new Crash();
    left -= 1;
  };
  return {
    get: async (name) => kept.get(name),
    set: async (name, text) => {
      change();
      kept.set(name, text);
    },
    delete: async (name) => {
      change();
      return kept.delete(name);
    },
    list: async () => [...kept.keys()],
  };
}

const store = (kept: Map<string, string>, crashAfter?: number): KeychainItems =>
  splitLargeValues(memoryItems(kept, crashAfter), limit);

/** Runs the work with a crash after 0, 1, 2, … changes until it comes through; answers what each crash left. */
async function crashEverywhere(
  before: ReadonlyMap<string, string>,
  work: (items: KeychainItems) => Promise<unknown>,
): Promise<Map<string, string>[]> {
  const states: Map<string, string>[] = [];
  for (let changes = 0; ; changes += 1) {
    const kept = new Map(before);
    states.push(kept);
    try {
      await work(store(kept, changes));
      return states;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}

async function keptAfter(...texts: string[]): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  for (const text of texts) await store(kept).set('work', text);
  return kept;
}

describe('a value in several items', () => {
  it('stands in one item as it is while it fits', async () => {
    expect([...(await keptAfter(small))]).toEqual([['work', small]]);
  });

  it('stands in numbered parts, none larger than the limit, when it does not fit', async () => {
    const kept = await keptAfter('a'.repeat(25));
    expect([...kept.keys()].toSorted()).toEqual(['work', 'work#1', 'work#3', 'work#5']);
    expect(['work#1', 'work#3', 'work#5'].map((name) => kept.get(name))).toEqual(['aaaaaaaaaa', 'aaaaaaaaaa', 'aaaaa']);
  });

  it('is never cut inside a character', async () => {
    const text = `x${'😀'.repeat(12)}`;
    const kept = await keptAfter(text);
    expect([...kept.values()].every((part) => Buffer.from(part).toString() === part)).toBe(true);
    expect(await store(kept).get('work')).toBe(text);
  });

  it('is not confused by a value that looks like the list of its parts', async () => {
    const text = `entra-login parts 1 1 ${'0'.repeat(64)}`;
    const roomy = splitLargeValues(memoryItems(new Map()), 2_560);
    await roomy.set('work', text);
    expect(await roomy.get('work')).toBe(text);
  });

  it('is the old or the new one after a crash at any change, and the next write leaves nothing over', async () => {
    let crashes = 0;
    for (const old of values) {
      for (const text of values) {
        const before = await keptAfter('e'.repeat(45), old);
        for (const state of await crashEverywhere(before, (items) => items.set('work', text))) {
          crashes += 1;
          expect([old, text]).toContain(await store(state).get('work'));
          await store(state).set('work', small);
          expect([...state]).toEqual([['work', small]]);
        }
      }
    }
    expect(crashes).toBeGreaterThan(200);
  });

  it('leaves nothing over after crash upon crash', async () => {
    for (const first of await crashEverywhere(await keptAfter('a'.repeat(60)), (items) =>
      items.set('work', 'b'.repeat(90)),
    )) {
      const old = await store(first).get('work');
      for (const second of await crashEverywhere(first, (items) => items.set('work', 'c'.repeat(30)))) {
        expect([old, 'c'.repeat(30)]).toContain(await store(second).get('work'));
        await store(second).set('work', small);
        expect([...second]).toEqual([['work', small]]);
      }
    }
  });

  it('is there or gone after a crash while it is deleted, and the next delete leaves nothing over', async () => {
    for (const text of values) {
      for (const state of await crashEverywhere(await keptAfter(text), (items) => items.delete('work'))) {
        expect([text, undefined]).toContain(await store(state).get('work'));
        await store(state).delete('work');
        expect([...state]).toEqual([]);
      }
    }
  });

  it('is read as the old or the new one however reading and writing interleave', async () => {
    const [old, text] = ['a'.repeat(60), 'b'.repeat(45)];
    const states = await crashEverywhere(await keptAfter(old), (items) => items.set('work', text));
    for (let start = 0; start < states.length; start += 1) {
      for (let step = 1; step <= 3; step += 1) {
        let at = start;
        const moving: KeychainItems = {
          ...memoryItems(new Map()),
          // Between any two items that are read, the writer gets some changes further.
          get: async (name) => {
            const value = states[at]?.get(name);
            at = Math.min(at + step, states.length - 1);
            return value;
          },
        };
        expect([old, text]).toContain(await splitLargeValues(moving, limit).get('work'));
      }
    }
  });
});

describe('a damaged value', () => {
  const refusal = { code: 'store_failed', hint: 'entra-login logout --profile work' };

  it.each<[string, (kept: Map<string, string>) => unknown]>([
    ['a part is missing', (kept) => kept.delete('work#3')],
    ['a part was edited', (kept) => kept.set('work#3', 'aaaaaaaaab')],
    ['a part was cut short', (kept) => kept.set('work#5', 'a')],
    ['parts changed places', (kept) => kept.set('work#1', 'aaaaa').set('work#5', 'aaaaaaaaaa')],
    ['the list of parts was edited', (kept) => kept.set('work', 'entra-login parts 1 x')],
    ['the list of parts names too many', (kept) => kept.set('work', `entra-login parts 1 9999 ${'0'.repeat(64)}`)],
  ])('is refused, left alone and deleted when asked, where %s', async (_title, damage) => {
    const kept = await keptAfter('abcdefghij'.repeat(2).concat('abcde'));
    damage(kept);
    const damaged = [...kept];
    await expect(store(kept).get('work')).rejects.toMatchObject(refusal);
    expect([...kept]).toEqual(damaged);
  });

  it('is deleted with all its parts when asked', async () => {
    const kept = await keptAfter('a'.repeat(60));
    kept.delete('work#5');
    expect(await store(kept).delete('work')).toBe(true);
    expect([...kept]).toEqual([]);
  });

  it('is replaced by the next write', async () => {
    const kept = await keptAfter('a'.repeat(60));
    kept.set('work#5', 'b');
    await store(kept).set('work', 'c'.repeat(30));
    expect(await store(kept).get('work')).toBe('c'.repeat(30));
  });
});
