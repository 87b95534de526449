import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aadstsEntries } from '../../src/auth/aadsts.ts';
import { cloudNames } from '../../src/auth/clouds.ts';
import { completionShells } from '../../src/render/completion-scripts.ts';
import { tokenOutputs } from '../../src/render/token.ts';
import type { World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await mkdir(join(world.home, 'config'));
  await writeFile(join(world.home, 'config/config.json'), '{"profiles":{"work":{},"home":{},"not a name":{}}}');
  await world.run(['login', '--store', 'file', '--profile', 'signed-in']);
});
afterAll(() => world.close());

/** What stands after a Tab at the end of the words; descriptions left out. */
async function complete(...words: string[]): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const argv = ['__complete', `=${current}`, '--', ...words.slice(0, -1)];
  const fetch = (): never => {
    throw new Error('A Tab went to the network.');
  };
  const result = await world.run(argv, { fetch, keychain: missingKeychain() });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0] ?? '');
}

describe('a Tab', () => {
  it('completes commands, with what they do; hidden ones never', async () => {
    expect(await complete('lo')).toEqual(['login', 'logout']);
    const commands = await complete('');
    expect(commands).toEqual(expect.arrayContaining(['login', 'token', 'explain', 'decode', 'completion', 'help']));
    expect(commands).not.toContain('__complete');
    const { stdout } = await world.run(['__complete', '=whoa', '--']);
    expect(stdout).toBe('whoami\tshow who is signed in\n');
    expect(await complete('help', 'lo')).toEqual(['login', 'logout']);
    expect(await complete('nonsense', 'lo')).toEqual([]);
  });

  it.each(['login', 'whoami', 'token', 'exec', 'logout', 'explain', 'decode', 'completion', 'demo'])(
    'completes every option that the help of %s names',
    async (name) => {
      const { stdout } = await world.run([name, '--help']);
      const named = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option);
      expect(named.length).toBeGreaterThan(5);
      expect(await complete(name, '-')).toEqual(named);
    },
  );

  it('offers an option once, a repeatable one again, and options where nothing else can stand', async () => {
    expect(await complete('login', '--tenant', 'x', '--te')).toEqual([]);
    expect(await complete('login', '--scope', 'x', '--sc')).toEqual(['--scope']);
    expect(await complete('login', '')).toContain('--tenant');
    expect(await complete('-')).toEqual(['--version', '--help']);
  });

  it.each([
    [['token', '--output', ''], tokenOutputs],
    [
      ['token', '--output', 'e'],
      ['env', 'exec-credential'],
    ],
    [['token', '--output=ex'], ['--output=exec-credential']],
    [['token', '--output', '=', 'ex'], ['exec-credential']],
    [['login', '--cloud', ''], cloudNames],
    [
      ['login', '--store', ''],
      ['keychain', 'file', 'memory'],
    ],
    [['logout', '--store', 'f'], ['file']],
    [['login', '--prompt', 'n'], ['none']],
    [
      ['token', '--shell', ''],
      ['bash', 'fish', 'powershell'],
    ],
    [['completion', ''], completionShells],
    [
      ['git-credential', ''],
      ['get', 'store', 'erase'],
    ],
    [['login', '--tenant', ''], []],
    [['token', '--client-certificate', 'x'], [':files']],
    [['token', '--client-certificate=x'], [':files']],
  ])('completes the values of %j', async (words, values) => {
    expect(await complete(...words)).toEqual(values);
  });

  it('completes the profiles of config.json and of the file store, and asks no keychain', async () => {
    expect(await complete('whoami', '--profile', '')).toEqual(['home', 'signed-in', 'work']);
    expect(await complete('login', '--profile=w')).toEqual(['--profile=work']);
  });

  it('completes codes, as they are typed', async () => {
    expect(await complete('explain', '')).toHaveLength(aadstsEntries.length);
    expect(await complete('explain', 'AADSTS5010')).toEqual(['AADSTS50105']);
    expect(await complete('explain', 'aadsts5010')).toEqual(['AADSTS50105']);
    expect(await complete('explain', '50011', '5010')).toEqual(['50105']);
  });

  it('leaves what follows exec to the command there', async () => {
    expect(await complete('exec', '--', '')).toEqual([':command 2']);
    expect(await complete('exec', '--resource', 'x', '--', 'git', '--')).toEqual([':command 4']);
    expect(await complete('exec', 'git', '--ver')).toEqual([':command 1']);
    expect(await complete('exec', '--pro')).toEqual(['--profile']);
    expect(await complete('token', '--', '--pro')).toEqual([]);
  });
});

describe('completion', () => {
  it.each(completionShells)('prints a script for %s that asks the program itself', async (shell) => {
    const result = await world.run(['completion', shell]);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(result.stdout).toContain(`entra-login completion ${shell}`);
    expect(result.stdout).toContain('__complete "=');
    // Nothing is listed in a script that the program could tell.
    expect(result.stdout).not.toMatch(/whoami|--tenant/);
  });

  it('balances every bracket in the script for PowerShell, which is not here to read it', async () => {
    const { stdout } = await world.run(['completion', 'powershell']);
    const open: string[] = [];
    for (const [bracket] of stdout.replaceAll(/'[^']*'|"[^"]*"|#.*/g, '').matchAll(/[()[\]{}]/g)) {
      if ('([{'.includes(bracket)) open.push(bracket);
      else expect(`${open.pop()}${bracket}`).toMatch(/^(?:\(\)|\[\]|\{\})$/);
    }
    expect(open).toEqual([]);
  });

  it('is exit 2 for another shell, and with --json', async () => {
    expect(await world.run(['completion', 'tcsh'])).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await world.run(['completion', 'bash', '--json'])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
