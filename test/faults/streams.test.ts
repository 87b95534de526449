import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine, ProgramOptions } from '../support/program.ts';
import { startMachine } from '../support/program.ts';

let machine: Machine;
beforeAll(async () => {
  machine = await startMachine();
  expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
});
afterAll(() => machine.close());

/** Runs the program behind a redirection of the shell. */
const redirected = (redirection: string): ProgramOptions => ({
  through: ['sh', '-c', `exec "$@" ${redirection}`, 'sh'],
});
const commands = [
  ['token'],
  ['token', '--json'],
  ['whoami'],
  ['whoami', '--json'],
  ['--help'],
  ['logout', '--profile', 'x'],
];

describe('stdout', () => {
  it.each(commands)('on a full disk is exit 6 and says so: %s %s', async (...argv) => {
    const words = argv.filter((word) => word !== undefined);
    const { exitCode, stdout, stderr } = await machine.run(words, redirected('>/dev/full'));
    expect({ exitCode, stdout }).toEqual({ exitCode: 6, stdout: '' });
    const message = 'The result cannot be written to standard output: the disk is full.';
    const hint = 'Send it to where there is room; what was done is done.';
    const isJson = words.includes('--json');
    const error = { code: 'store_failed', message, hint };
    expect(stderr).toBe(isJson ? `${JSON.stringify({ error })}\n` : `error: ${message}\n  try: ${hint}\n`);
  });

  it('on a full disk tells that the sign-in was made all the same', async () => {
    const end = await machine.signIn(['--force'], redirected('>/dev/full'));
    expect(end).toMatchObject({ exitCode: 6, page: { status: 200 } });
    expect(await machine.run(['token'])).toMatchObject({ exitCode: 0 });
  });

  it('that is closed, or whose reader has gone, is no failure', async () => {
    expect(await machine.run(['token'], redirected('>&-'))).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const gone = { through: ['sh', '-c', '{ "$@"; echo "$?" >&2; } | true', 'sh'] };
    expect(await machine.run(['whoami'], gone)).toMatchObject({ stderr: '0\n' });
  });
});

describe('stderr', () => {
  it.each(['2>&-', '2>/dev/full'])(
    'that takes nothing (%s) changes no result and no exit code',
    async (redirection) => {
      const options = redirected(redirection);
      expect(await machine.run(['token'], options)).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^ey/),
      });
      expect(await machine.run(['nonsense'], options)).toMatchObject({ exitCode: 2, stdout: '' });
      expect(await machine.run(['whoami', '--profile', 'x', '--json'], options)).toMatchObject({ exitCode: 3 });
      const login = ['login', '--no-browser', '--force', '--timeout', '1s'];
      expect(await machine.run(login, options)).toMatchObject({ exitCode: 7, stdout: '' });
    },
  );
});

describe('stdin', () => {
  it('that is closed is the end of input where something is read, and nothing elsewhere', async () => {
    const options = redirected('<&-');
    expect(await machine.run(['token'], options)).toMatchObject({ exitCode: 0, stderr: '' });
    const paste = await machine.run(['login', '--manual', '--force'], options);
    expect(paste).toMatchObject({ exitCode: 2, stdout: '' });
    expect(paste.stderr).toContain('nothing was given');
  });
});
