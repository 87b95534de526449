import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configure, readConfigured } from '../support/user-file.ts';
import type { World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const work = { tenant: 'contoso.com', clientId: 'c', scopes: ['openid', 'User.Read'], store: 'file' };

describe('profile list', () => {
  it('shows those of config.json, those that something is kept for, and the one in use', async () => {
    await world.run(['login']);
    await world.run(['login', '--profile', 'files', '--store', 'file']);
    await world.keychain.write('secret/client-secret', 'kept by setup');
    await configure(world, { profile: 'lab', profiles: { work } });
    expect(await world.run(['profile', 'list'])).toEqual({
      exitCode: 0,
      stdout: `  work     contoso.com  c  nothing kept
  default  -  kept in keychain
  files    -  kept in file
* lab      -  nothing kept
  secret   -  kept in keychain
`,
      stderr: '',
    });
    expect(JSON.parse((await world.run(['profile', 'list', '--json'])).stdout)).toEqual([
      { name: 'work', current: false, settings: work },
      ...['default', 'files'].map((name) => ({ name, current: false, settings: {} })),
      { name: 'lab', current: true, settings: {} },
      { name: 'secret', current: false, settings: {} },
    ]);
  });

  it('is not stopped by a keychain that cannot be had', async () => {
    expect(await world.run(['profile', 'list'], { keychain: missingKeychain() })).toEqual({
      exitCode: 0,
      stdout: '* default  -  nothing kept\n',
      stderr: 'warning: What is kept in the keychain store is missing: There is no keychain here.\n',
    });
  });

  it('is exit 2 where config.json is damaged, be it in another profile', async () => {
    await configure(world, { profiles: { work: { clientSecret: 'hunter2' } } });
    const result = await world.run(['profile', 'list', '--json']);
    expect(result).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('clientSecret') as string,
    });
    expect(result.stderr).not.toContain('hunter2');
  });
});

describe('profile show', () => {
  it('shows the one that is named, else the one in use', async () => {
    await configure(world, { profile: 'work', profiles: { work } });
    await world.keychain.write('work/client-secret', 'kept by setup');
    expect(await world.run(['profile', 'show'])).toEqual({
      exitCode: 0,
      stdout: `work (in use)
tenant         contoso.com
clientId       c
scopes         openid User.Read
store          file
kept in        nothing is kept
client secret  set, kept in keychain
`,
      stderr: '',
    });
    const shown = { name: 'work', current: true, settings: work };
    expect(JSON.parse((await world.run(['profile', 'show', '--json'])).stdout)).toEqual(shown);
    const other = await world.run(['profile', 'show', 'work', '--json'], { env: { ENTRA_LOGIN_PROFILE: 'x' } });
    expect(JSON.parse(other.stdout)).toEqual({ ...shown, current: false });
  });

  it('is exit 2 for an unknown one, and names those there are', async () => {
    await configure(world, { profiles: { work } });
    expect(await world.run(['profile', 'show', 'wrok'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: There is no profile "wrok".
  try: There are: work, default. To make it: entra-login setup --profile wrok
`,
    });
  });
});

describe('profile use', () => {
  it('makes the profile the one in use, and leaves the rest of config.json', async () => {
    await configure(world, { $schema: 's', profiles: { work } });
    expect(await world.run(['profile', 'use', 'work'])).toEqual({
      exitCode: 0,
      stdout: 'The profile in use is now "work".\n',
      stderr: '',
    });
    expect(await readConfigured(world)).toEqual({ $schema: 's', profile: 'work', profiles: { work } });
    expect((await world.run(['whoami'])).stderr).toContain('profile "work"');
    expect(await world.run(['profile', 'use', 'default'])).toMatchObject({ exitCode: 0 });
  });

  it('takes one that is only signed in', async () => {
    await world.run(['login', '--profile', 'alice']);
    expect(await world.run(['profile', 'use', 'alice'])).toMatchObject({ exitCode: 0 });
    expect(await world.run(['whoami'])).toMatchObject({ exitCode: 0 });
  });

  it('says what goes before it here', async () => {
    await configure(world, { profiles: { work } });
    const project = join(world.home, '.entra-login.json');
    await writeFile(project, '{"profile": "lab"}');
    const first = await world.run(['profile', 'use', 'work']);
    expect(first.stderr).toBe(`warning: Here it is "lab": ${project} goes before it.\n`);
    const second = await world.run(['profile', 'use', 'work'], { env: { ENTRA_LOGIN_PROFILE: 'mine' } });
    expect(second.stderr).toBe('warning: Here it is "mine": ENTRA_LOGIN_PROFILE goes before it.\n');
  });

  it.each([
    [['use', 'nobody'], 'There is no profile "nobody".'],
    [['use', '.hidden'], 'The profile is not valid (the name given).'],
    [['use', '../work'], 'The profile is not valid (the name given).'],
    [['use', 'default', '--json'], 'profile use has no --json form.'],
    [['use'], "Missing required argument 'name'."],
    [[], 'A command is missing: list, show, use or remove.'],
    [['lst'], "Unknown command 'lst' (Did you mean list?)"],
  ])('is exit 2 for profile %j, and writes nothing', async (argv, message) => {
    const result = await world.run(['profile', ...argv]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) as string });
    await expect(readConfigured(world)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is exit 2 for an unknown one where the keychain could not be read, too, and says so', async () => {
    const keychain = missingKeychain();
    expect(await world.run(['profile', 'use', 'work'], { keychain })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('There is no profile "work". (There is no keychain here.)') as string,
    });
    const env = { ENTRA_LOGIN_STORE: 'file' };
    expect((await world.run(['profile', 'use', 'work'], { keychain, env })).stderr).not.toContain('keychain');
    expect(await world.run(['profile', 'list'], { keychain, env })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await world.run(['status'], { keychain, env })).toMatchObject({ exitCode: 0, stderr: '' });
    await configure(world, { profiles: { work } });
    expect(await world.run(['profile', 'remove', 'work'], { keychain, env })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
  });
});
