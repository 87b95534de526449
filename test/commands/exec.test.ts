import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

describe('exec', () => {
  it('runs the command with the access token in its environment, and passes its exit code on', async () => {
    await world.run(['login']);
    const { stdout } = await world.run(['token']);
    const calls: unknown[] = [];
    const runProgram = (words: readonly string[], added: Readonly<Record<string, string>>) => {
      calls.push([words, added]);
      return Promise.resolve({ exitCode: 42, failure: undefined });
    };
    const result = await world.run(['exec', '--', 'deploy', '--json', '-v'], { runProgram });
    expect(result).toEqual({ exitCode: 42, stdout: '', stderr: '' });
    expect(calls).toEqual([[['deploy', '--json', '-v'], { ENTRA_ACCESS_TOKEN: stdout.trim() }]]);
  });

  it('takes the options of token before the two dashes', async () => {
    await world.run(['login']);
    const before = world.emulator.requests.length;
    await world.run(['exec', '--resource', 'https://management.azure.com', '--', 'true']);
    expect(world.emulator.requests.slice(before).map(({ form }) => form?.['scope'])).toEqual([
      'https://management.azure.com/.default openid profile offline_access',
    ]);
  });

  it('says why a command could not be started', async () => {
    await world.run(['login']);
    const runProgram = () => Promise.resolve({ exitCode: 127, failure: 'not found' });
    expect(await world.run(['exec', '--', 'no-such\u001bprogram'], { runProgram })).toEqual({
      exitCode: 127,
      stdout: '',
      stderr: `entra-login: no-such\\u{1b}program: not found\n`,
    });
  });

  it('runs nothing when there is no token, and has no --json form', async () => {
    const runProgram = () => Promise.reject(new Error('must not run'));
    expect(await world.run(['exec', '--', 'true'], { runProgram })).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await world.run(['exec', '--json', '--', 'true'], { runProgram })).toMatchObject({ exitCode: 2 });
    expect(await world.run(['exec'], { runProgram })).toMatchObject({ exitCode: 2 });
  });
});
