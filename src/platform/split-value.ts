import { EntraLoginError } from '../errors.ts';
import type { KeychainItems } from './keychain-items.ts';
import { forgetCommand } from './secret-store-name.ts';

/** What stands in the item of a split value's own name. */
interface Head {
  /** The number of the first part: 1 or 2. The parts have every second number, so that two generations never meet. */
  readonly first: 1 | 2;
  readonly count: number;
  readonly sha256: string;
}

const headPattern = /^entra-login parts (1|2) (\d{1,4}) ([0-9a-f]{64})$/;
const headPrefix = 'entra-login parts ';

/** A read that meets a writer starts again; a writer that overtakes it more often than this is not believed in. */
const readAttempts = 5;

/**
 * Keeps values that are larger than an item may be, by splitting them over items: `work` says which of `work#1`,
 * `work#3`, … or `work#2`, `work#4`, … the value is in. A writer fills the numbers that are not in use, then replaces
 * `work`, which is the moment at which the new value counts, then deletes the old parts. A crash before that moment
 * leaves the old value, after it the new one.
 *
 * Parts are written upwards and deleted downwards, so those of one parity have no gaps and whoever writes next finds
 * all that a crash left. Readers need no lock; writers of one name take turns (the token store's lock sees to it).
 * @param limit What an item holds, in bytes of UTF-16, which is how the Windows keychain keeps a text.
 */
export function splitLargeValues(items: KeychainItems, limit: number): KeychainItems {
  const length = Math.floor(limit / 2);

  const readParts = async (name: string, head: Head): Promise<string | undefined> => {
    const parts: string[] = [];
    for (let index = 0; index < head.count; index += 1) {
      const part = await items.get(partName(name, head.first, index));
      if (part === undefined) return undefined;
      parts.push(part);
    }
    const value = parts.join('');
    return (await hash(value)) === head.sha256 ? value : undefined;
  };

  /** Deletes the parts from the index on, all that `head` names even where one is missing. */
  const trim = async (name: string, first: 1 | 2, index: number, head?: Head): Promise<void> => {
    let end = Math.max(index, head?.first === first ? head.count : 0);
    while ((await items.get(partName(name, first, end))) !== undefined) end += 1;
    while (end > index) {
      end -= 1;
      await items.delete(partName(name, first, end));
    }
  };

  return {
    async get(name) {
      let previous: string | undefined;
      for (let attempt = 0; attempt < readAttempts; attempt += 1) {
        const text = await items.get(name);
        if (text === undefined || !text.startsWith(headPrefix)) return text;
        const head = parseHead(text);
        if (head === undefined) break;
        const value = await readParts(name, head);
        if (value !== undefined) return value;
        // The same head twice: it is not a writer at work that keeps the parts from fitting it.
        if (text === previous) break;
        previous = text;
      }
      throw new EntraLoginError('store_failed', `What the keychain keeps for ${name} is damaged.`, {
        hint: forgetCommand(name),
      });
    },
    async set(name, text) {
      const head = parseHead(await items.get(name));
      if (text.length <= length && !text.startsWith(headPrefix)) {
        await items.set(name, text);
        await trim(name, 1, 0, head);
        await trim(name, 2, 0, head);
        return;
      }
      const first = head?.first === 1 ? 2 : 1;
      const parts = cut(text, length);
      for (const [index, part] of parts.entries()) await items.set(partName(name, first, index), part);
      await items.set(name, `${headPrefix}${first} ${parts.length} ${await hash(text)}`);
      await trim(name, first, parts.length);
      await trim(name, first === 1 ? 2 : 1, 0, head);
    },
    async delete(name) {
      const head = parseHead(await items.get(name));
      const existed = await items.delete(name);
      await trim(name, 1, 0, head);
      await trim(name, 2, 0, head);
      return existed;
    },
    list: () => items.list(),
  };
}

function partName(name: string, first: 1 | 2, index: number): string {
  return `${name}#${first + 2 * index}`;
}

function parseHead(text = ''): Head | undefined {
  const [, first, count, sha256 = ''] = headPattern.exec(text) ?? [];
  return first === undefined ? undefined : { first: first === '1' ? 1 : 2, count: Number(count), sha256 };
}

/** Cuts the text into pieces of at most that length, never between the two halves of a character. */
function cut(text: string, length: number): string[] {
  const parts: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + length, text.length);
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1;
    parts.push(text.slice(start, end));
    start = end;
  }
  return parts;
}

async function hash(text: string): Promise<string> {
  // Loading it takes milliseconds that a value of one item need not pay.
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update(text).digest('hex');
}
