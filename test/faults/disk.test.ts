import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice } from '../../src/emulator/default-directory.ts';
import { copyProgram } from '../support/copied-program.ts';
import type { Machine } from '../support/program.ts';
import { startMachine } from '../support/program.ts';
import type { SmallDisk } from '../support/small-disk.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

const unwritable = (reason: string): unknown => ({
  exitCode: 6,
  stdout: '',
  stderr: expect.stringMatching(
    new RegExp(`cannot be written: ${reason}\\.\n  try: Set ENTRA_LOGIN_STATE_DIR`),
  ) as string,
});

describe.skipIf(!canMount())('a disk', () => {
  let disk: SmallDisk;
  beforeEach(async () => {
    disk = mountSmallDisk(join(machine.home, '.local/state/entra-login'));
    expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
  });
  afterEach(() => disk.unmount());

  it.each([
    ['full', 'the disk is full', () => disk.fill('bytes')],
    // Then no lock can be made either.
    ['full of files', 'the disk is full', () => disk.fill('files')],
    ['read-only', 'the disk is read-only', () => disk.makeReadOnly()],
  ])(
    'that is %s: what is kept can be used, what would be kept is exit 6, before anybody is asked',
    async (...fault) => {
      const [title, reason, spoil] = fault;
      spoil();
      const token = await machine.run(['token']);
      expect(token).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await machine.run(['whoami', '--claim', 'oid'])).toMatchObject({ stdout: `${alice.objectId}\n` });
      expect(await machine.run(['token', '--refresh'])).toMatchObject(unwritable(reason) as object);
      expect(await machine.run(['login', '--no-browser', '--force'])).toMatchObject(unwritable(reason) as object);
      expect(await machine.run(['token'])).toMatchObject({ exitCode: 0, stdout: token.stdout });
      if (title === 'read-only') {
        expect(await machine.run(['logout'])).toMatchObject({ exitCode: 6, stdout: '' });
        return;
      }
      disk.empty();
      expect(await machine.run(['token', '--refresh'])).toMatchObject({ exitCode: 0, stderr: '' });
      disk.fill('files');
      expect(await machine.run(['logout'])).toMatchObject({ exitCode: 0 });
    },
  );
});

describe('a process without', () => {
  const noHome = {
    exitCode: 2,
    stdout: '',
    stderr:
      'error: There is no home directory to keep settings and tokens in.\n' +
      '  try: Set HOME, or both ENTRA_LOGIN_CONFIG_DIR and ENTRA_LOGIN_STATE_DIR, to absolute paths.\n',
  };

  it('a HOME is told to set one, or both directories, which is enough', async () => {
    expect(await machine.run(['whoami'], { env: { HOME: '' } })).toMatchObject(noHome);
    const directories = {
      ENTRA_LOGIN_CONFIG_DIR: join(machine.home, 'config'),
      ENTRA_LOGIN_STATE_DIR: join(machine.home, '.local/state/entra-login'),
    };
    expect(await machine.signIn([], { env: { HOME: '', ...directories } })).toMatchObject({ exitCode: 0 });
    expect(await machine.run(['--version'], { env: { HOME: '' } })).toMatchObject({ exitCode: 0 });
  });

  it.skipIf(process.geteuid?.() !== 0)('HOME and an entry in the list of users is told the same', async () => {
    const { command, remove } = copyProgram();
    const through = ['setpriv', '--reuid', '54321', '--clear-groups'];
    const how = { env: { HOME: undefined }, through, command, workingDirectory: '/' };
    try {
      expect(await machine.run(['whoami'], how)).toMatchObject(noHome);
    } finally {
      remove();
    }
  });

  it('a directory for temporary files, where locks would lie there, goes on without locks', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'entra-login-state-'));
    // Not even root can make one in /proc, and there Node's recursive mkdir tries for ever.
    const env = { TMPDIR: '/proc/nothing', ENTRA_LOGIN_STATE_DIR: join(outside, 'x'.repeat(100)) };
    try {
      expect(await machine.signIn([], { env })).toMatchObject({ exitCode: 0 });
      expect(await machine.run(['token', '--refresh'], { env })).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await machine.run(['logout'], { env })).toMatchObject({ exitCode: 0 });
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});
