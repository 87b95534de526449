import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());
const run = (argv: readonly string[]): Promise<RunResult> => world.run(argv, { env: { ENTRA_LOGIN_STORE: 'file' } });

describe('a profile file edited by hand', () => {
  const edits: readonly (readonly [string, (text: string) => string])[] = [
    ['cut in half', (text) => text.slice(0, text.length / 2)],
    ['emptied', () => ''],
    ['of NUL bytes', (text) => '\0'.repeat(text.length)],
    ['with a NUL byte in it', (text) => `${text.slice(0, 100)}\0${text.slice(100)}`],
    ['of other JSON', () => '{"tokens":["a"]}'],
    ['of a list', () => '[]'],
    ['of another version', (text) => text.replace('"version":1', '"version":2')],
    ['without a member', (text) => text.replace('"refreshToken"', '"refreshTokeN"').replace('"idToken"', '"x"')],
    ['of 10 MB', (text) => `${text}${' '.repeat(10_000_000)}`],
  ];

  it.each(edits)(
    '%s is exit 6 for every command, with the mend, and stays until that is typed',
    async (_title, edit) => {
      const file = join(world.home, 'state/profiles/default.json');
      expect(await run(['login'])).toMatchObject({ exitCode: 0 });
      const text = readFileSync(file, 'utf8');
      const edited = edit(text);
      expect(edited).not.toBe(text);
      writeFileSync(file, edited);
      for (const argv of [['whoami'], ['token'], ['token', '--refresh'], ['login', '--force']]) {
        const end = await run(argv);
        expect(end).toMatchObject({ exitCode: 6, stdout: '' });
        expect(end.stderr).toMatch(/^error: .*\n {2}try: .*(?:entra-login logout|Look at it and remove it)/);
      }
      expect(statSync(file).size).toBe(Buffer.byteLength(edited));
      expect(await run(['logout'])).toMatchObject({ exitCode: 0 });
      expect(await run(['login'])).toMatchObject({ exitCode: 0 });
    },
  );
});
