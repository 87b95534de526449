import { expect, it } from 'vitest';

import { openMemoryStore } from '../../src/platform/memory-store.ts';
import { describeSecretStore } from '../support/secret-store-contract.ts';

const shared = openMemoryStore();
describeSecretStore('the memory store', () => shared);

it('keeps nothing for another store in memory', async () => {
  await openMemoryStore().write('work', '{}');
  expect(await openMemoryStore().read('work')).toBeUndefined();
});
