import type { SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { KeychainItems } from './keychain-items.ts';
import { checkSecretName, forgetCommand, isSecretName, probeValue } from './secret-store-name.ts';
import { splitLargeValues } from './split-value.ts';

/** Runs work with the keychain's items; each use may open a connection of its own and close it again. */
export type WithItems = <T>(work: (items: KeychainItems) => Promise<T>) => Promise<T>;

/**
 * Makes a secret store of the keychain's items.
 * @param itemLimit What an item holds, in bytes of UTF-16; `undefined` where the system sets no limit.
 */
export function createKeychainStore(withItems: WithItems, itemLimit: number | undefined): SecretStore {
  const withValues: WithItems = (work) =>
    withItems((items) => work(itemLimit === undefined ? items : splitLargeValues(items, itemLimit)));

  return {
    kind: 'keychain',
    async read(name) {
      checkSecretName(name);
      const value = await withValues((items) => items.get(name));
      // Never written by us; some keychains show an item so whose content was removed by hand.
      if (value === '') {
        throw new EntraLoginError('store_failed', `What the keychain keeps for ${name} is empty.`, {
          hint: forgetCommand(name),
        });
      }
      return value;
    },
    async write(name, value) {
      checkSecretName(name);
      await withValues((items) => items.set(name, value));
    },
    async delete(name) {
      checkSecretName(name);
      return withValues((items) => items.delete(name));
    },
    async list() {
      const names = await withValues((items) => items.list());
      return [...new Set(names)].filter((name) => isSecretName(name)).toSorted();
    },
    async probe() {
      // Processes that sign in at the same time must not take each other's for their own; and what a killed one leaves
      // is not to be listed as a profile, which `#` sees to.
      const name = `probe#${Math.random().toString(36).slice(2)}`;
      const value = probeValue(name);
      await withValues(async (items) => {
        await items.set(name, value);
        const kept = await items.get(name);
        await items.delete(name);
        if (kept !== value) {
          throw new EntraLoginError('store_failed', 'The keychain did not keep what was written.', {
            hint: '--store file (ENTRA_LOGIN_STORE=file) keeps tokens in a file that is not encrypted',
          });
        }
      });
    },
  };
}
