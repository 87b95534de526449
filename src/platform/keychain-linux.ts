import process from 'node:process';

import { isKeychainLocked } from './keychain-check.ts';
import { trackConnections } from './keychain-connections.ts';
import { isMissingReply, keychainLocked, keychainSilent } from './keychain-errors.ts';
import type { KeychainItems } from './keychain-items.ts';
import { limitItems } from './keychain-limit.ts';
import { loadKeyring, openNativeItems } from './keychain-native.ts';
import { openKeychainProcess, type KeychainProcessOptions } from './keychain-process.ts';
import type { WithItems } from './keychain-store.ts';
import type { KeychainOptions } from './keychain-options.ts';

/** A dialog that ends sooner was not answered by a person: there is none to be shown (no display, no prompter). */
const fastestPerson = 1_000;

/** How often a locked keychain is looked at while somebody may unlock it elsewhere, in milliseconds. */
const lockedPollInterval = 200;

/** What a live keychain may take where a hundred processes ask at once, in milliseconds. */
const slowTimeLimit = 10_000;

/**
 * How long a call may take of a keychain that answers and is unlocked, in milliseconds: without a dialog the library ends
 * it sooner, 2 seconds after the last of at most three messages. KeePassXC may show one for each item.
 */
const callTimeLimit = 6_000;

/**
 * Uses the Secret Service through the keychain library, in this process: a check first, as the library would wait for
 * ever; then its calls within a time limit, after which its connections are cut.
 * @param command Runs keychain-child.ts, for the one call whose connection cannot be cut, that which lists the items.
 */
export function withSecretService(options: KeychainOptions, command: KeychainProcessOptions['command']): WithItems {
  const list = (): Promise<string[]> =>
    openKeychainProcess({ ...options, command, unlockTimeLimit: callTimeLimit, onLocked: () => {} }).list();
  const connect = (): { items: KeychainItems; cut: () => void } => {
    const connections = trackConnections();
    return { items: { ...openNativeItems(connections), list }, cut: connections.cut };
  };
  let connection: ReturnType<typeof connect> | undefined;

  const run = async <T>(work: (items: KeychainItems) => Promise<T>, deadline = now() + slowTimeLimit): Promise<T> => {
    const [isLocked] = await Promise.all([isKeychainLocked(options), preload()]);
    const { items, cut } = (connection ??= connect());
    const { signal } = options;
    try {
      if (!isLocked) {
        // Whether a person sits there is found out only for a call that waits.
        const more = (): number => options.unlockTimeLimit - callTimeLimit;
        const milliseconds = callTimeLimit;
        return await work(limitItems(items, { milliseconds, more, describeEnd: keychainSilent, signal, cut }));
      }
      const { unlockTimeLimit } = options;
      options.onLocked();
      const patient = limitItems(items, { milliseconds: unlockTimeLimit, describeEnd: keychainLocked, signal, cut });
      await unlock(patient, options);
      return await work(patient);
    } catch (error) {
      // What is wrong with a connection is not to be met again by the next call.
      cut();
      connection = undefined;
      // A busy keychain is slow, not dead; the check tells.
      if (now() > deadline || !isMissingReply(error)) throw error;
      return run(work, deadline);
    }
  };

  // One after the other: a cut is to end the call that waits, and no other.
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(() => run(work));
    last = result.catch(() => {});
    return result;
  };
}

/** Loads the library while the bus answers; should it not be installed, the first call that needs it says so. */
async function preload(): Promise<void> {
  // Bun connects a turn later than Node.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  try {
    await loadKeyring();
  } catch {
    // See above.
  }
}

/** Has the keychain ask the person; where it cannot, waits until it is unlocked from elsewhere. */
async function unlock(items: KeychainItems, options: KeychainOptions): Promise<void> {
  // No name of a profile, so that it is not taken for one should this process be killed.
  const name = `unlock#${Math.random().toString(36).slice(2)}`;
  const asked = now();
  try {
    // Of the library's calls only one that makes an item unlocks the keychain whatever it holds.
    await items.set(name, name);
    await items.delete(name);
  } catch (error) {
    if (now() - asked > fastestPerson) throw error;
    const { setTimeout: delay } = await import('node:timers/promises');
    while (await isKeychainLocked(options)) {
      if (now() - asked > options.unlockTimeLimit) throw error;
      await delay(lockedPollInterval);
    }
  }
}

/** Milliseconds that no change of the clock touches; Node's `performance` takes longer to load than all of this. */
function now(): number {
  return process.uptime() * 1_000;
}
