import { join } from 'node:path';
import process from 'node:process';

import type { SecretStore } from '../context.ts';
import { withSecretService } from './keychain-linux.ts';
import type { KeychainOptions } from './keychain-options.ts';
import { openNativeItems } from './keychain-native.ts';
import { openKeychainProcess, type KeychainProcessOptions } from './keychain-process.ts';
import { createKeychainStore, type WithItems } from './keychain-store.ts';

/** CRED_MAX_CREDENTIAL_BLOB_SIZE of the Windows Credential Manager, in bytes. */
const windowsItemLimit = 2_560;

/**
 * Opens the keychain of the system: the Secret Service on Linux, the Credential Manager on Windows, the keychain on
 * macOS. Nothing is loaded or asked before the first call. Why each is reached as it is stands in
 * docs/decisions/keychain.md.
 * @param command Runs keychain-child.ts, built.
 */
export function openKeychain(
  options: KeychainOptions,
  platform: NodeJS.Platform = process.platform,
  command: KeychainProcessOptions['command'] = childCommand(),
): SecretStore {
  // The Credential Manager answers at once and asks nobody.
  if (platform === 'win32') return createKeychainStore(openOnce(useNativeItems), windowsItemLimit);
  if (platform === 'linux') {
    const open = openOnce(() => withSecretService(options, command));
    return createKeychainStore(open, undefined);
  }
  return openKeychainProcess({ ...options, command });
}

/** Beside the bundle; the standalone binary, which Bun runs, is its own child (scripts/standalone.cjs). */
function childCommand(): KeychainProcessOptions['command'] {
  if (process.versions['bun'] !== undefined) return [process.execPath, '--keychain-child'];
  return [process.execPath, join(import.meta.dirname, 'keychain-child.cjs')];
}

function useNativeItems(): WithItems {
  const items = openNativeItems();
  return (work) => work(items);
}

function openOnce(open: () => WithItems): WithItems {
  let opened: WithItems | undefined;
  return (work) => (opened ??= open())(work);
}
