import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPrograms } from '../support/bundle-program.ts';
import type { BuiltPrograms } from '../support/bundle-program.ts';

let programs: BuiltPrograms;
beforeAll(async () => {
  programs = await buildPrograms({ 'terminal-program': 'test/platform/terminal-program.ts' });
});
afterAll(() => programs.remove());

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** The program, and what it tells, an object at a time. */
interface Told {
  readonly child: ChildProcess;
  readonly next: () => Promise<unknown>;
  /** Everything else it tells, once it has ended by itself. */
  readonly rest: () => Promise<unknown[]>;
}

type Stdin = 'pipe' | number;

function start(words: readonly string[], stdin: Stdin = 'pipe', through: readonly string[] = []): Told {
  const command = [...through, process.execPath, join(programs.directory, 'terminal-program.cjs'), ...words];
  const env = { PATH: process.env['PATH'], TERM: 'xterm-256color' };
  const child = spawn(command[0] ?? '', command.slice(1), { env, stdio: [stdin, 'pipe', 'pipe'] });
  started.push(child);
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { done, value } = await lines.next();
    return done === true ? undefined : JSON.parse(value);
  };
  const rest = async (): Promise<unknown[]> => {
    const told: unknown[] = [];
    for (let one = await next(); one !== undefined; one = await next()) told.push(one);
    return told;
  };
  return { child, next, rest };
}

const noTerminal = { isTerminal: false, columns: 80, colorLevel: 0 };
const onPipes = { stdin: false, outputs: [noTerminal, noTerminal] };

describe('on pipes', () => {
  it.each(['hidden', 'shown'])(
    'reads one line after another (%s), and ends although stdin stays open',
    async (word) => {
      const { child, rest } = start([word, word]);
      child.stdin?.write('first\r\nsecond\nthird\n');
      expect(await rest()).toEqual([
        onPipes,
        { reads: word },
        { line: 'first', length: 5 },
        { reads: word },
        { line: 'second', length: 6 },
      ]);
    },
  );

  it('reads a second line that comes later', async () => {
    const { child, next, rest } = start(['shown', 'shown']);
    child.stdin?.write('first\n');
    for (const expected of [onPipes, { reads: 'shown' }, { line: 'first', length: 5 }, { reads: 'shown' }]) {
      expect(await next()).toEqual(expected);
    }
    child.stdin?.write('second\n');
    expect(await rest()).toEqual([{ line: 'second', length: 6 }]);
  });

  it('takes a last line without its end, and then tells that there is no more', async () => {
    const { child, rest } = start(['shown', 'shown', 'shown']);
    child.stdin?.end('last');
    expect(await rest()).toEqual([
      onPipes,
      { reads: 'shown' },
      { line: 'last', length: 4 },
      { reads: 'shown' },
      { line: 'none' },
      { reads: 'shown' },
      { line: 'none' },
    ]);
  });

  it('reads a file, which is another kind of stream', async () => {
    const path = join(programs.directory, 'input.txt');
    writeFileSync(path, 'first\nsecond\n');
    const { rest } = start(['hidden', 'shown', 'shown'], openSync(path, 'r'));
    expect(await rest()).toEqual([
      onPipes,
      { reads: 'hidden' },
      { line: 'first', length: 5 },
      { reads: 'shown' },
      { line: 'second', length: 6 },
      { reads: 'shown' },
      { line: 'none' },
    ]);
  });

  it('refuses more than 64 KiB without a newline, and does not wait for their end', async () => {
    const { child, rest } = start(['shown']);
    child.stdin?.on('error', () => {}); // it may go away before all is written
    child.stdin?.write('x'.repeat(70_000));
    expect(await rest()).toEqual([
      onPipes,
      { reads: 'shown' },
      { code: 'usage', message: 'The line on standard input is longer than 64 KiB.' },
    ]);
  });

  it('stops with the reason of the signal, and then reads nothing more', async () => {
    const { child, rest } = start(['aborted', 'shown']);
    child.stdin?.on('error', () => {});
    const stopped = { code: 'timeout', message: 'Nobody answered.' };
    expect(await rest()).toEqual([onPipes, { reads: 'aborted' }, stopped, { reads: 'shown' }, stopped]);
  });

  it('leaves the rest of stdin to whoever shares it', () => {
    const program = join(programs.directory, 'terminal-program.cjs');
    const path = join(programs.directory, 'untouched.txt');
    writeFileSync(path, 'for the child\n');
    const script = `"$1" "$2" >/dev/null; cat`;
    const { stdout } = spawnSync('sh', ['-c', script, 'sh', process.execPath, program], {
      stdio: [openSync(path, 'r'), 'pipe', 'pipe'],
    });
    expect(String(stdout)).toBe('for the child\n');
  });

  it('writes on quietly where the reader has gone', async () => {
    const { child, next } = start(['shown']);
    let stderr = '';
    child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
    expect(await next()).toEqual(onPipes);
    child.stdout?.destroy();
    child.stdin?.write('line\n');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});

// Runs a program on a terminal of 100 columns but for its stdout; what is typed comes on stdin, the screen goes to stderr.
const helper = `
import fcntl, os, pty, select, struct, sys, termios
controller, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    os.dup2(terminal, 0)
    os.dup2(terminal, 2)
    os.closerange(3, 256)
    os.execvp(sys.argv[1], sys.argv[1:])
screen = b""
while os.waitpid(child, os.WNOHANG)[0] == 0:
    for ready in select.select([controller, 0], [], [], 0.02)[0]:
        if ready == controller:
            screen += os.read(controller, 65536)
        else:
            os.write(controller, os.read(0, 65536))
flags = termios.tcgetattr(terminal)[3]
while select.select([controller], [], [], 0)[0]:
    screen += os.read(controller, 65536)
print('{"screen": "%s", "echo": %d, "lineMode": %d}' % (screen.hex(), bool(flags & termios.ECHO), bool(flags & termios.ICANON)))
`;

const pythonMissing = spawnSync('python3', ['--version']).status !== 0;
if (pythonMissing && process.env['ENTRA_LOGIN_TEST_REAL_PARTS'] === '1') throw new Error('python3 is missing');

describe.skipIf(pythonMissing)(`on a terminal${pythonMissing ? ' (skipped: python3 is missing)' : ''}`, () => {
  const startOnTerminal = (words: readonly string[]): Told => start(words, 'pipe', ['python3', '-c', helper]);
  const onTerminal = {
    stdin: true,
    outputs: [noTerminal, { isTerminal: true, columns: 100, colorLevel: 2 }],
  };
  const shows = (screen: string): object => ({ screen: Buffer.from(screen).toString('hex'), echo: 1, lineMode: 1 });

  it('shows nothing of what is typed or pasted, however long, and leaves the terminal as it was', async () => {
    const { child, next, rest } = startOnTerminal(['hidden', 'hidden']);
    for (const expected of [onTerminal, { reads: 'hidden' }]) expect(await next()).toEqual(expected);
    child.stdin?.write(`\u001b[200~${'x'.repeat(3_000)}`);
    child.stdin?.write(`${'x'.repeat(3_000)}\u001b[201~\r`);
    for (const expected of [{ line: 'x'.repeat(6_000), length: 6_000 }, { reads: 'hidden' }]) {
      expect(await next()).toEqual(expected);
    }
    child.stdin?.write('passz\u007fword\r');
    expect(await rest()).toEqual([{ line: 'password', length: 8 }, shows('')]);
  });

  it('shows what is typed where it is not hidden', async () => {
    const { child, next, rest } = startOnTerminal(['shown']);
    for (const expected of [onTerminal, { reads: 'shown' }]) expect(await next()).toEqual(expected);
    child.stdin?.write('yes\r');
    expect(await rest()).toEqual([{ line: 'yes', length: 3 }, shows('yes\r\n')]);
  });

  it('is cancelled by Ctrl-C, and leaves the terminal as it was', async () => {
    const { child, next, rest } = startOnTerminal(['hidden']);
    for (const expected of [onTerminal, { reads: 'hidden' }]) expect(await next()).toEqual(expected);
    child.stdin?.write('half\u0003');
    expect(await rest()).toEqual([{ code: 'cancelled', message: 'Cancelled.' }, shows('')]);
  });

  it('answers nothing to Ctrl-D where nothing was typed', async () => {
    const { child, next, rest } = startOnTerminal(['hidden']);
    for (const expected of [onTerminal, { reads: 'hidden' }]) expect(await next()).toEqual(expected);
    child.stdin?.write('\u0004');
    expect(await rest()).toEqual([{ line: 'none' }, shows('')]);
  });

  it('leaves the terminal as it was when the signal aborts', async () => {
    const stopped = { code: 'timeout', message: 'Nobody answered.' };
    expect(await startOnTerminal(['aborted']).rest()).toEqual([onTerminal, { reads: 'aborted' }, stopped, shows('')]);
  });
});
