import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CopiedProgram } from '../support/copied-program.ts';
import { copyProgram } from '../support/copied-program.ts';
import { nodeBinary, standaloneBinary } from '../support/program.ts';

const isBinary = standaloneBinary !== undefined;
if (isBinary) process.stderr.write('Tests of the code cache are skipped; a standalone binary has none\n');

describe.skipIf(isBinary)('the code cache', () => {
  let copy: CopiedProgram;
  let program: string;
  let directory: string;
  beforeEach(() => {
    copy = copyProgram();
    program = copy.command.at(-1) ?? '';
    directory = join(dirname(program), '../.code-cache');
  });
  afterEach(() => copy.remove());

  const run = (words: readonly string[] = ['--help'], user?: number): string => {
    const options = {
      encoding: 'utf8',
      env: { HOME: '/nonexistent' },
      ...(user === undefined ? {} : { uid: user }),
    } as const;
    // The newest Node may stand where root alone may read.
    const node = user === undefined ? nodeBinary : process.execPath;
    const { status, stdout, stderr } = spawnSync(node, [program, ...words], options);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };
  const kept = (): Map<string, number> =>
    new Map(readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mtimeMs]));

  it('is written by the first run and used by the next, which writes nothing', () => {
    const help = run();
    const first = kept();
    const files = [...first.keys()].map((name) => /^(?:main|cli|fit-width)(?=[-.])/.exec(name)?.[0]);
    expect(new Set(files)).toEqual(new Set(['cli', 'fit-width', 'main']));
    expect(run()).toBe(help);
    expect(kept()).toEqual(first);
  });

  it('is used by a sign-in too', () => {
    const demo = (): number | null =>
      spawnSync(nodeBinary, [program, 'demo'], { env: { HOME: '/nonexistent' } }).status;
    expect(demo()).toBe(0);
    const first = kept();
    expect([...first.keys()].filter((name) => name.startsWith('sign-in-person'))).toHaveLength(1);
    expect(demo()).toBe(0);
    expect(kept()).toEqual(first);
  });

  it('is not written in turns by who runs with a flag of V8 and who runs without', () => {
    run();
    const first = kept();
    const env = { HOME: '/nonexistent', NODE_OPTIONS: '--max-semi-space-size=8' };
    expect(spawnSync(nodeBinary, [program, '--help'], { env }).status).toBe(0);
    expect(kept()).toEqual(first);
  });

  it('has for each command what that command runs, and nothing of one that failed', () => {
    run(['explain', 'AADSTS50011']);
    run();
    expect(spawnSync(nodeBinary, [program, 'whoami'], { env: { HOME: '/nonexistent' } }).status).toBe(6);
    expect(spawnSync(nodeBinary, [program, 'nonsense'], { env: { HOME: '/nonexistent' } }).status).toBe(2);
    const parts = [...kept().keys()].filter((name) => name.startsWith('main.cjs')).map((name) => name.split('-')[2]);
    expect(parts).toEqual(['any', 'explain']);
  });

  it.each<readonly [string, (whole: Buffer) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['zeros', (whole) => Buffer.alloc(whole.length)],
    ['cut short', (whole) => whole.subarray(0, whole.length / 2)],
    [
      'of another version of V8',
      (whole) => Buffer.concat([whole.subarray(0, 4), Buffer.of(1, 2, 3, 4), whole.subarray(8)]),
    ],
  ])('that is %s is not used, and written anew', (_what, spoil) => {
    const help = run();
    const names = [...kept().keys()];
    for (const name of names) writeFileSync(join(directory, name), spoil(readFileSync(join(directory, name))));
    const spoiled = names.map((name) => readFileSync(join(directory, name)));
    expect(run()).toBe(help);
    const after = names.map((name) => readFileSync(join(directory, name)));
    expect(after.filter((bytes, at) => bytes.equals(spoiled[at] ?? bytes))).toEqual([]);
    expect([...kept().keys()]).toEqual(names);
  });

  it.skipIf(process.getuid?.() !== 0)('that another user wrote is not used', () => {
    run();
    const names = [...kept().keys()];
    // It would end the process: V8 does not look at every byte.
    for (const name of names) {
      const path = join(directory, name);
      const bytes = readFileSync(path);
      writeFileSync(path, Buffer.concat([bytes.subarray(0, 1_000), Buffer.alloc(bytes.length - 1_000)]));
      chownSync(path, 65_534, 65_534);
    }
    run();
    expect(names.map((name) => statSync(join(directory, name)).uid)).toEqual(names.map(() => 0));
  });

  it('can be written by its owner alone, whatever the umask', () => {
    const before = process.umask(0);
    try {
      run();
    } finally {
      process.umask(before);
    }
    const modes = [directory, ...[...kept().keys()].map((name) => join(directory, name))].map(
      (path) => statSync(path).mode & 0o022,
    );
    expect(modes).toEqual(modes.map(() => 0));
  });

  it('of another content is not used', () => {
    run(['--version']);
    const main = join(dirname(program), '../dist/main.cjs');
    const source = readFileSync(main, 'utf8');
    // As the build does: another content, another first line; as long as it was, for V8 compares lengths alone.
    writeFileSync(main, source.replace(/^\/\/[0-9a-f]{16}/, '//0123456789abcdef').replace('`0.1.0`', '`9.9.9`'));
    expect(run(['--version'])).toBe('9.9.9\n');
    appendFileSync(main, '\n');
    expect(run(['--version'])).toBe('9.9.9\n');
  });

  it('is whole or not there when the program is killed while it writes it', async () => {
    const help = run();
    const written = readdirSync(directory).length;
    let [killed, unfinished] = [0, 0];
    for (let moment = 0; moment < 20; moment += 1) {
      rmSync(directory, { recursive: true, force: true });
      const child = spawn(nodeBinary, [program, '--help'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const ended = once(child, 'exit');
      // What is kept is written at the end, after all was printed.
      await once(child.stdout, 'data');
      await delay(moment / 2);
      if (child.kill('SIGKILL')) killed += 1;
      await ended;
      if (!existsSync(directory) || readdirSync(directory).length < written) unfinished += 1;
      expect(run()).toBe(help);
    }
    expect({ killed: killed > 0, unfinished: unfinished > 0 }).toEqual({ killed: true, unfinished: true });
  });

  it('is done without where it cannot be written', () => {
    const help = run();
    const isRoot = process.getuid?.() === 0;
    copy.remove();
    copy = copyProgram();
    program = copy.command.at(-1) ?? '';
    directory = join(dirname(program), '../.code-cache');
    if (!isRoot) chmodSync(join(dirname(program), '..'), 0o555);
    expect(run(['--help'], isRoot ? 65_534 : undefined)).toBe(help);
    expect(() => kept()).toThrow('ENOENT');
  });
});
