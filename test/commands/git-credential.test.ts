import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice } from '../../src/emulator/default-directory.ts';
import type { RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld({ accessTokenLifetime: 3600 });
  await world.run(['login']);
});
afterEach(() => world.close());

const ask = (operation: string, ...lines: string[]): Promise<RunResult> =>
  world.run(['git-credential', operation], { stdin: [...lines, ''] });
const devOps = ['protocol=https', 'host=dev.azure.com', 'path=contoso/_git/app'];

describe('git-credential', () => {
  it('answers get with a token for Azure DevOps as the password, and when it expires', async () => {
    const result = await ask('get', ...devOps);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    const [username, password, expiry] = result.stdout.trim().split('\n');
    expect(username).toBe(`username=${alice.username}`);
    expect(expiry).toMatch(/^password_expiry_utc=\d{10}$/);
    expect(world.emulator.requests.at(-1)?.form?.['scope']).toContain('499b84ac-1321-427f-aa17-267ca6975798/.default');
    const again = await world.run(['token', '--resource', '499b84ac-1321-427f-aa17-267ca6975798']);
    expect(password).toBe(`password=${again.stdout.trim()}`);
  });

  it('answers for organisations at visualstudio.com, and keeps the user name git asks with', async () => {
    const result = await ask('get', 'protocol=https', 'host=contoso.visualstudio.com', 'username=me');
    expect(result.stdout).toMatch(/^username=me\npassword=eyJ/);
  });

  it.each([
    ['another host', ['protocol=https', 'host=github.com']],
    ['a host that only ends alike', ['protocol=https', 'host=evilvisualstudio.com']],
    // https://evil.test%2f.visualstudio.com, as git reads it.
    ['a host behind a slash', ['protocol=https', 'host=evil.test/.visualstudio.com']],
    ['a host behind a user name', ['protocol=https', 'host=evil.test@dev.azure.com']],
    ['http', ['protocol=http', 'host=dev.azure.com']],
    ['nothing', []],
  ])('gives %s no answer', async (_what, lines) => {
    const before = world.emulator.requests.length;
    expect(await ask('get', ...lines)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(world.emulator.requests).toHaveLength(before);
  });

  it('does nothing at store, and renews at the get after an erase', async () => {
    const first = await ask('get', ...devOps);
    expect(await ask('store', ...devOps)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await ask('get', ...devOps)).toEqual(first);
    expect(await ask('erase', ...devOps)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    const renewed = await ask('get', ...devOps);
    expect(renewed.exitCode).toBe(0);
    expect(renewed.stdout).not.toBe(first.stdout);
    // The sign-in's own token was not touched.
    const before = world.emulator.requests.length;
    await world.run(['token']);
    expect(world.emulator.requests).toHaveLength(before);
  });

  it('refuses another operation and --json', async () => {
    expect(await world.run(['git-credential', 'fill'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await world.run(['git-credential', 'get', '--json'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
