import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../src/platform/file-store.ts';
import { configure, readConfigured } from '../support/user-file.ts';
import type { World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

describe('profile remove', () => {
  it('deletes settings, account and client secret in every store, and says so', async () => {
    const files = openFileStore(join(world.home, 'state'));
    await world.run(['login', '--profile', 'work']);
    await files.write('work', (await world.keychain.read('work')) ?? '');
    await files.write('work/client-secret', 'kept by setup');
    await world.keychain.write('work/client-secret', 'kept by setup');
    await world.keychain.write('other', 'stays');
    await configure(world, { profile: 'work', profiles: { work: { tenant: 'contoso.com' }, other: {} } });
    expect(await world.run(['profile', 'remove', 'work'])).toEqual({
      exitCode: 0,
      stdout: `Removed profile "work":
  its account (file)
  its client secret (file)
  its account (keychain)
  its client secret (keychain)
  its settings
`,
      stderr: `Entra has no token revocation: access tokens already issued live until they expire.
The profile in use is now "default".
`,
    });
    expect([await world.keychain.list(), await files.list(), await readConfigured(world)]).toEqual([
      ['other'],
      [],
      { profiles: { other: {} } },
    ]);
    expect(await world.run(['profile', 'remove', 'work'])).toMatchObject({ exitCode: 2 });
  });

  it('removes one that is only kept, damaged, or only configured', async () => {
    await world.keychain.write('damaged', 'not ours');
    await world.keychain.write('secret/client-secret', 'kept by setup');
    await configure(world, { profiles: { work: {} } });
    for (const name of ['damaged', 'secret', 'work']) {
      expect(await world.run(['profile', 'remove', name])).toMatchObject({ exitCode: 0 });
    }
    expect([await world.keychain.list(), await readConfigured(world)]).toEqual([[], { profiles: {} }]);
  });

  it('goes on without a keychain, and says that what it may keep stays', async () => {
    await configure(world, { profiles: { work: {} } });
    expect(await world.run(['profile', 'remove', 'work'], { keychain: missingKeychain() })).toEqual({
      exitCode: 0,
      stdout: 'Removed profile "work":\n  its settings\n',
      stderr: 'warning: What the keychain store may keep for it stays: There is no keychain here.\n',
    });
  });

  it.each([
    [['nobody'], 'There is no profile "nobody".'],
    [['a/b'], 'The profile is not valid (the name given).'],
    [['work', '--json'], 'profile remove has no --json form.'],
    [[], "Missing required argument 'name'."],
  ])('is exit 2 for %j, and deletes nothing', async (argv, message) => {
    await world.keychain.write('work', 'kept');
    const result = await world.run(['profile', 'remove', ...argv]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) as string });
    expect(await world.keychain.list()).toEqual(['work']);
  });

  it('deletes nothing where config.json is damaged', async () => {
    await world.keychain.write('work', 'kept');
    await configure(world, { profiles: { other: 7 } });
    expect(await world.run(['profile', 'remove', 'work'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await world.keychain.list()).toEqual(['work']);
  });
});
