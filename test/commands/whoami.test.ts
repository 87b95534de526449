import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso } from '../../src/emulator/default-directory.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

describe('whoami', () => {
  it('shows name, username, tenant and object ID, then every claim with its meaning, without the network', async () => {
    await world.run(['login']);
    const before = world.emulator.requests.length;
    const result = await world.run(['whoami']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toMatch(
      new RegExp(
        `^Name       ${alice.name}\nUsername   ${alice.username}\nTenant     ${contoso.id}\nObject ID  ${alice.objectId}\n\n`,
      ),
    );
    expect(result.stdout).toMatch(/^exp +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(in \d+ minutes\) +expires$/m);
    expect(Math.max(...result.stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(world.emulator.requests).toHaveLength(before);
  });

  it('answers --json with the claims as they stand in the ID token', async () => {
    await world.run(['login']);
    const claims = JSON.parse((await world.run(['whoami', '--json'])).stdout) as Record<string, unknown>;
    expect(claims).toMatchObject({
      tid: contoso.id,
      oid: alice.objectId,
      ver: '2.0',
      exp: expect.any(Number) as number,
    });
  });

  it('prints one claim, and names those there are when it is absent', async () => {
    await world.run(['login']);
    expect(await world.run(['whoami', '--claim', 'name'])).toEqual({
      exitCode: 0,
      stdout: `${alice.name}\n`,
      stderr: '',
    });
    const absent = await world.run(['whoami', '--claim', 'shoe_size']);
    expect(absent).toMatchObject({ exitCode: 2, stdout: '' });
    expect(absent.stderr).toMatch(/aud, iss, iat/);
    expect(await world.run(['whoami', '--claim', '__proto__'])).toMatchObject({ exitCode: 2 });
  });

  it('proves with --check that the account still works, and is exit 3 when it does not', async () => {
    await world.run(['login']);
    expect(await world.run(['whoami', '--check'])).toMatchObject({ exitCode: 0 });
    world.emulator.revokeUser(alice.username);
    expect(await world.run(['whoami', '--check'])).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await world.run(['whoami'])).toMatchObject({ exitCode: 0 });
  });

  it('asks UserInfo with a Graph token that it gets itself, whatever the sign-in was for', async () => {
    await world.run(['login', '--scope', 'https://management.azure.com/.default']);
    const result = await world.run(['whoami', '--userinfo', '--json']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toMatchObject({ name: alice.name, email: alice.email });
    expect(world.emulator.requests.at(-1)?.path).toBe('/oidc/userinfo');
  });

  it('shows nothing of a UserInfo answer for another subject', async () => {
    await world.run(['login']);
    world.emulator.injectFault({ endpoint: 'userinfo', kind: 'changed_members', members: { sub: 'somebody else' } });
    expect(await world.run(['whoami', '--userinfo'])).toMatchObject({ exitCode: 4, stdout: '' });
  });

  it('is exit 3 with the command to type when nobody is signed in', async () => {
    const result = await world.run(['whoami', '--json']);
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(result.stderr).toContain('"hint":"entra-login login"');
  });

  it('lets no control sequence of a name reach the terminal', async () => {
    world.emulator.updateUser(alice.username, { name: 'Eve\u001b]0;owned\u0007\u202e‮evil' });
    const login = await world.run(['login']);
    const { stdout } = await world.run(['whoami']);
    expect(login.exitCode).toBe(0);
    expect(stdout).toContain(String.raw`Eve\u{1b}]0;owned\u{7}`);
    expect(stdout + login.stdout + login.stderr).not.toMatch(/[\u001b\u0007\u202e]/);
  });
});
