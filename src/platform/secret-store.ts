import type { SecretStore, StoreKind } from '../context.ts';
import { openFileStore } from './file-store.ts';
import { openKeychain } from './keychain.ts';
import type { KeychainOptions } from './keychain-options.ts';
import { openMemoryStore } from './memory-store.ts';

/** What opening a secret store needs to know. */
export interface SecretStoreOptions extends KeychainOptions {
  /** The state directory; the file store makes it when it first writes. */
  readonly stateDir: string;
}

/** Opens the secret store of the kind. Opening touches nothing: what is wrong shows at the first call. */
export function openSecretStore(kind: StoreKind, options: SecretStoreOptions): SecretStore {
  switch (kind) {
    case 'keychain':
      return openKeychain(options);
    case 'file':
      return openFileStore(options.stateDir);
    case 'memory':
      return openMemoryStore();
    default:
      return kind satisfies never;
  }
}
