import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso } from '../../src/emulator/default-directory.ts';
import type { World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

describe('logout', () => {
  it('forgets the account and says plainly that issued access tokens live on', async () => {
    await world.run(['login']);
    const result = await world.run(['logout']);
    expect(result).toMatchObject({ exitCode: 0, stdout: `Signed out: ${alice.username} (profile "default")\n` });
    expect(result.stderr).toContain('no token revocation');
    expect(await world.keychain.list()).toEqual([]);
  });

  it('is exit 0 and says so when nobody is signed in', async () => {
    expect(await world.run(['logout'])).toEqual({
      exitCode: 0,
      stdout: 'Nobody was signed in (profile "default").\n',
      stderr: '',
    });
    expect(JSON.parse((await world.run(['logout', '--json'])).stdout)).toEqual({ signedOut: [] });
  });

  it('forgets every profile in both places with --all', async () => {
    await world.run(['login']);
    await world.run(['login', '--profile', 'work', '--store', 'file']);
    const result = await world.run(['logout', '--all', '--json']);
    const account = { username: alice.username, name: alice.name, objectId: alice.objectId, tenantId: contoso.id };
    expect(JSON.parse(result.stdout)).toEqual({
      signedOut: [
        { profile: 'work', account },
        { profile: 'default', account },
      ],
    });
    expect(await world.run(['logout', '--all'])).toMatchObject({ exitCode: 0, stdout: 'Nobody was signed in.\n' });
  });

  it('forgets what lies in files even where the keychain cannot be read, and says so', async () => {
    await world.run(['login', '--store', 'file']);
    const result = await world.run(['logout', '--all'], { keychain: missingKeychain() });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain('The keychain could not be read');
    expect(await world.run(['logout', '--all'], { keychain: missingKeychain() })).toMatchObject({ exitCode: 6 });
  });

  it('leaves a client secret that setup keeps', async () => {
    await world.keychain.write('default/client-secret', 'kept by setup');
    await world.run(['login'], { env: { ENTRA_LOGIN_CLIENT_ID: '0eb00000-dddd-4ddd-8ddd-dddddddddddd' } });
    await world.run(['logout', '--all']);
    expect(await world.keychain.read('default/client-secret')).toBe('kept by setup');
  });

  it('ends the browser’s sign-on at Entra’s page, without a token in the address', async () => {
    await world.run(['login']);
    const opened: string[] = [];
    const browser = (url: string): Promise<{ outcome: 'opened'; command: string }> => {
      opened.push(url);
      return Promise.resolve({ outcome: 'opened', command: 'test' });
    };
    const result = await world.run(['logout', '--end-browser-session'], { browser });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(opened).toEqual([expect.stringContaining(`${world.emulator.origin}/${contoso.id}/oauth2/v2.0/logout`)]);
    expect(opened[0]).not.toContain('id_token_hint');
    await world.run(['login']);
    const printed = await world.run(['logout', '--end-browser-session', '--no-browser'], { browser });
    expect(printed.stderr).toContain('/oauth2/v2.0/logout');
    expect(opened).toHaveLength(1);
  });
});
