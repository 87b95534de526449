import process from 'node:process';
import { fileURLToPath } from 'node:url';

import type { SecretStore } from '../context.ts';
import { openKeychainProcess } from './keychain-process.ts';
import { createKeychainStore } from './keychain-store.ts';

/** What opening the keychain needs to know about the person and the process. */
export interface KeychainOptions {
  /** Tells where the D-Bus session bus is; children get it too. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long a person may take to unlock the keychain, in milliseconds: 60,000 on a terminal, else 3,000. */
  readonly unlockTimeLimit: number;
  /** Called when the keychain is locked and the person is being waited for; at each call of the store that waits. */
  readonly onLocked: () => void;
  /** Ends every wait with `cancelled`. */
  readonly signal: AbortSignal | undefined;
}

/** CRED_MAX_CREDENTIAL_BLOB_SIZE of the Windows Credential Manager, in bytes. */
const windowsItemLimit = 2_560;

/**
 * Opens the keychain of the system: the Secret Service over D-Bus on Linux and BSD, the Credential Manager on Windows,
 * the keychain on macOS. Nothing is loaded or asked before the first call. Why each is reached as it is stands in
 * docs/decisions/keychain.md.
 */
export function openKeychain(options: KeychainOptions, platform: NodeJS.Platform = process.platform): SecretStore {
  if (platform === 'win32') {
    // The Credential Manager answers at once and asks nobody.
    return createKeychainStore(async (work) => {
      const { openNativeItems } = await import('./keychain-native.ts');
      return work(openNativeItems());
    }, windowsItemLimit);
  }
  if (platform === 'darwin') {
    const program = fileURLToPath(new URL('keychain-child.cjs', import.meta.url));
    return openKeychainProcess({ ...options, command: [process.execPath, program] });
  }
  return createKeychainStore(async (work) => {
    const { withSecretService } = await import('./keychain-secret-service.ts');
    return withSecretService(options, work);
  }, undefined);
}
