import process from 'node:process';

import type * as Keyring from '@napi-rs/keyring';

import type { KeychainConnections } from './keychain-connections.ts';
import { describeKeychainError } from './keychain-errors.ts';
import { keychainService, type KeychainItems } from './keychain-items.ts';

/** The library closes a connection when memory is next tidied up, perhaps never; a bus has 256 for a user. */
const mostEntries = 16;

const noConnections: KeychainConnections = { track: (open) => open(), cut: () => {} };

/**
 * Opens the items through the keychain library (`@napi-rs/keyring`): the Secret Service, the macOS keychain, the
 * Windows Credential Manager. A call blocks a thread of its own for as long as the system asks the person, which keeps
 * even a process alive that wants to end; whoever uses this sees to that.
 * @param connections Where entries have connections, those that are opened; all are cut when there are too many.
 */
export function openNativeItems(connections: KeychainConnections = noConnections): KeychainItems {
  // An entry costs a connection and a key exchange on Linux, 9 ms.
  const entries = new Map<string, Keyring.AsyncEntry>();
  const open = async (name: string): Promise<Keyring.AsyncEntry> => {
    const { AsyncEntry } = await loadKeyring();
    if (!entries.has(name) && entries.size >= mostEntries) {
      entries.clear();
      connections.cut();
    }
    // Not pinned, the library would fall back silently to the kernel's keyring, which forgets at the next start.
    const options: Keyring.EntryOptions = { linux: { store: 'secret-service' } };
    const entry = entries.get(name) ?? connections.track(() => new AsyncEntry(keychainService, name, options));
    entries.set(name, entry);
    return entry;
  };
  const attempt = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw describeKeychainError(name, error);
    }
  };
  return {
    get: (name) => attempt(name, async () => (await (await open(name)).getPassword()) ?? undefined),
    // Texts, not bytes: on Windows they are kept as UTF-16, and the library lists no other items there.
    set: (name, text) => attempt(name, async () => (await open(name)).setPassword(text)),
    delete: (name) => attempt(name, async () => (await open(name)).deletePassword()),
    list: () =>
      attempt('', async () => {
        const { findCredentialsAsync } = await loadKeyring();
        const credentials = await findCredentialsAsync(keychainService);
        return credentials.map(({ account }) => account);
      }),
  };
}

/**
 * Loads the library: this system's binary itself where it is beside us, as npm puts it, else through the 29 kB that look
 * for it.
 */
export async function loadKeyring(): Promise<typeof Keyring> {
  const kinds: Partial<Record<NodeJS.Platform, string>> = { linux: '-gnu', win32: '-msvc', darwin: '' };
  // In a standalone binary there is no other, and nothing to look for.
  if (process.versions['bun'] !== undefined) return await import('@napi-rs/keyring');
  try {
    const binary = `@napi-rs/keyring-${process.platform}-${process.arch}${kinds[process.platform] ?? ''}`;
    const keyring: typeof Keyring = await import(binary);
    return keyring;
  } catch {
    return await import('@napi-rs/keyring');
  }
}
