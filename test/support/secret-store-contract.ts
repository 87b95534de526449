import { afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { SecretStore } from '../../src/context.ts';

/** As large as a profile with an ID token, a refresh token and one access token. */
export const profileSized = JSON.stringify({ text: 'ä€😀 "\\\n'.repeat(600) });

/** As large as a profile with the 32 access tokens that are kept at most. */
const largest = JSON.stringify({ text: 'abcdefghi '.repeat(20_000) });

/**
 * Describes what every secret store does, whatever it keeps things in.
 * @param open Opens a store over the same place each time; the place is empty at first.
 */
export function describeSecretStore(title: string, open: () => SecretStore): void {
  describe(title, () => {
    let store: SecretStore;

    beforeAll(() => {
      store = open();
    });

    afterEach(async () => {
      for (const name of await store.list()) await store.delete(name);
    });

    it('answers nothing where nothing was written', async () => {
      expect(await store.read('work')).toBeUndefined();
      expect(await store.list()).toEqual([]);
      expect(await store.delete('work')).toBe(false);
    });

    it.each([
      ['a short value', '{}'],
      ['a value of a profile', profileSized],
      ['the largest value', largest],
    ])('gives back %s as it was written', async (_title, value) => {
      await store.write('work', value);
      expect(await store.read('work')).toBe(value);
    });

    it('replaces a value by a larger and by a smaller one', async () => {
      const kept: (string | undefined)[] = [];
      const values = ['"small"', profileSized, largest, profileSized.slice(0, 3_000), profileSized, '"small"'];
      for (const value of values) {
        await store.write('work', value);
        kept.push(await store.read('work'));
      }
      expect(kept).toEqual(values);
      expect(await store.list()).toEqual(['work']);
    });

    it('keeps names apart that look alike', async () => {
      const names = ['Work-2', 'work', 'work-2', 'work.client-secret', 'work/client-secret', 'work_2', 'w'.repeat(64)];
      for (const name of names) await store.write(name, JSON.stringify(name));
      expect(await store.list()).toEqual(names.toSorted());
      for (const name of names) expect(await store.read(name)).toBe(JSON.stringify(name));
    });

    it('forgets what is deleted and nothing else', async () => {
      await store.write('work', profileSized);
      await store.write('work/client-secret', '"s"');
      expect(await store.delete('work')).toBe(true);
      expect(await store.read('work')).toBeUndefined();
      expect(await store.delete('work')).toBe(false);
      expect(await store.list()).toEqual(['work/client-secret']);
    });

    it('leaves nothing behind when it proves that it can keep a value', async () => {
      await store.write('work', '{}');
      await store.probe();
      expect(await store.list()).toEqual(['work']);
    });

    it('gives a reader the old or the new value while another is written', async () => {
      const values = [1, 2, 3, 4, 5, 6].map((generation) => JSON.stringify({ generation, profileSized }));
      await store.write('work', values[0] ?? '');
      const written = new AbortController();
      const write = async (): Promise<void> => {
        for (const value of values) await store.write('work', value);
        written.abort();
      };
      const read = async (): Promise<number[]> => {
        const generations: number[] = [];
        while (!written.signal.aborted) {
          generations.push(values.indexOf((await store.read('work')) ?? ''));
          // The stores that do not wait for anything would never let the writer go on.
          await new Promise((resolve) => setImmediate(resolve));
        }
        return generations;
      };
      const [seen] = await Promise.all([Promise.all([read(), read()]), write()]);
      for (const generations of seen) {
        expect(generations.length).toBeGreaterThan(0);
        expect(generations).toEqual(generations.toSorted((a, b) => a - b));
        expect(generations).not.toContain(-1);
      }
    });

    it.each([
      '',
      '.',
      '..',
      '../work',
      'work/../../x',
      '/etc/passwd',
      'work#1',
      '.hidden',
      'a\0b',
      'a\nb',
      'a b',
      'C:\\x',
    ])('refuses the name %j, which could leave its place', async (name) => {
      const refusal = { code: 'store_failed' };
      await expect(store.write(name, '{}')).rejects.toMatchObject(refusal);
      await expect(store.read(name)).rejects.toMatchObject(refusal);
      await expect(store.delete(name)).rejects.toMatchObject(refusal);
      expect(await store.list()).toEqual([]);
    });
  });
}
