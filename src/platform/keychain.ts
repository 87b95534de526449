import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';

import type { SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';

export interface KeychainOptions {
  /** How long a person may take to unlock the keychain, in milliseconds: 60,000 on a terminal, else 3,000. */
  readonly unlockTimeLimit: number;
  /** Called once when the keychain is locked and the person is being waited for. */
  readonly onLocked: () => void;
}

/** Opens the keychain of the system. FIRST VERSION: it may block; being replaced. */
export function openKeychain(_options: KeychainOptions): SecretStore {
  const load = createRequire(import.meta.url);
  const native = (): typeof import('@napi-rs/keyring') => load('@napi-rs/keyring') as typeof import('@napi-rs/keyring');
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw new EntraLoginError('keychain_unavailable', 'The keychain cannot be used.', {
        hint: '--store file or ENTRA_LOGIN_STORE=file keeps the tokens in a file that is not encrypted.',
        cause,
      });
    }
  };
  const entry = (name: string) => new (native().Entry)('entra-login', name, { linux: { store: 'secret-service' } });
  return {
    kind: 'keychain',
    read: async (name) => attempt(() => entry(name).getPassword() ?? undefined),
    write: async (name, value) => attempt(() => entry(name).setPassword(value)),
    delete: async (name) => attempt(() => entry(name).deleteCredential()),
    list: async () =>
      attempt(() =>
        native()
          .findCredentials('entra-login')
          .map(({ account }) => account)
          .toSorted(),
      ),
    probe: async () =>
      attempt(() => {
        const item = entry(`probe-${randomBytes(6).toString('hex')}`);
        item.setPassword('probe');
        item.deleteCredential();
      }),
  };
}
