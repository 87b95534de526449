import type { SecretStore } from '../context.ts';
import type { SecretServiceOptions } from './keychain-secret-service.ts';
import { createKeychainStore } from './keychain-store.ts';

/** What opening the keychain needs to know. */
export type KeychainOptions = SecretServiceOptions;

/** Opens the keychain of the system. Nothing is loaded or asked before the first call. */
export function openKeychain(options: KeychainOptions): SecretStore {
  return createKeychainStore(async (work) => {
    const { withSecretService } = await import('./keychain-secret-service.ts');
    return withSecretService(options, work);
  }, undefined);
}
