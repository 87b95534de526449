import { createRequire } from 'node:module';

import type * as Keyring from '@napi-rs/keyring';

import { EntraLoginError } from '../errors.ts';
import { keychainService, keychainUnavailable, type KeychainItems } from './keychain-items.ts';
import { forgetCommand } from './secret-store-name.ts';

/**
 * Opens the items through the system's own library (`@napi-rs/keyring`): the macOS keychain, the Windows Credential
 * Manager. A call may block its thread for ever where the system asks the person, and cannot be ended from within the
 * process; see keychain-process.ts.
 */
export function openNativeItems(): KeychainItems {
  // `import` of the module takes 33 ms on Node 20, `require` 5 ms.
  const load = createRequire(import.meta.url);
  const attempt = <T>(name: string, work: (keyring: typeof Keyring) => T): T => {
    try {
      const keyring: typeof Keyring = load('@napi-rs/keyring');
      return work(keyring);
    } catch (error) {
      throw describeError(name, error);
    }
  };
  return {
    get: async (name) => attempt(name, (keyring) => open(keyring, name).getPassword() ?? undefined),
    set: async (name, text) => attempt(name, (keyring) => open(keyring, name).setPassword(text)),
    delete: async (name) => attempt(name, (keyring) => open(keyring, name).deletePassword()),
    list: async () =>
      attempt('', ({ findCredentials }) => findCredentials(keychainService).map(({ account }) => account)),
  };
}

function open({ Entry }: typeof Keyring, name: string): Keyring.Entry {
  // Not pinned, the module would fall back silently to the kernel's keyring, which forgets at the next start.
  return new Entry(keychainService, name, { linux: { store: 'secret-service' } });
}

/** The one place that reads the module's errors: every one has the code `GenericFailure`, so their text decides. */
function describeError(name: string, error: unknown): EntraLoginError {
  const text = error instanceof Error ? error.message : String(error);
  if (/not (?:a )?valid utf-?(?:8|16)/i.test(text)) {
    return new EntraLoginError('store_failed', `What the keychain keeps for ${name} is damaged.`, {
      hint: forgetCommand(name),
      cause: error,
    });
  }
  if (/native binding|Cannot find module/i.test(text)) {
    return keychainUnavailable(
      'The part of entra-login that speaks to the keychain is not installed.',
      'Install entra-login again, with optional dependencies',
      error,
    );
  }
  if (/interaction is not allowed/i.test(text)) {
    return keychainUnavailable(
      'The keychain is locked, and nobody can be asked to unlock it (no desktop login).',
      'Unlock it with: security unlock-keychain',
      error,
    );
  }
  if (/dismissed|cancell?ed|\blocked/i.test(text)) {
    return keychainUnavailable('The keychain is locked, and it was not unlocked.', 'Unlock it and try again', error);
  }
  if (/denied|auth/i.test(text)) {
    return keychainUnavailable('The keychain did not permit it.', 'Try again and allow it', error);
  }
  const reason = text.replaceAll(/\p{C}+/gu, ' ').slice(0, 200);
  return keychainUnavailable(`The keychain cannot be used (${reason}).`, 'Mend that', error);
}
