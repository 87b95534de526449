import type { SecretStore } from '../context.ts';
import { checkSecretName } from './secret-store-name.ts';

/** Opens a store that keeps nothing beyond the process. */
export function openMemoryStore(): SecretStore {
  const values = new Map<string, string>();
  return {
    kind: 'memory',
    async read(name) {
      checkSecretName(name);
      return values.get(name);
    },
    async write(name, value) {
      checkSecretName(name);
      values.set(name, value);
    },
    async delete(name) {
      checkSecretName(name);
      return values.delete(name);
    },
    async list() {
      return [...values.keys()].toSorted();
    },
    async probe() {
      // Memory takes whatever it is given.
    },
  };
}
