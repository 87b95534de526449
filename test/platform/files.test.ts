import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, lchown, mkdtemp, open, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EntraLoginError } from '../../src/errors.ts';
import { createFiles } from '../../src/platform/files.ts';

const files = createFiles();
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'entra-login-files-'));
});
afterEach(() => rm(root, { recursive: true }));

test('reads a text, and undefined where there is no file or no directory to hold it', async () => {
  const path = join(root, 'file');
  await writeFile(path, 'Grüße\n');
  expect([
    await files.readText(path),
    await files.readText(join(root, 'none')),
    await files.readText(join(path, 'below a file')),
  ]).toEqual(['Grüße\n', undefined, undefined]);
});

test('says why a file cannot be read, as a fault of the configuration', async () => {
  const error: unknown = await files.readText(root).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EntraLoginError);
  expect(error).toMatchObject({
    code: 'configuration',
    message: `${root} cannot be read (EISDIR).`,
    hint: 'Mend its permissions, or remove it.',
    cause: { code: 'EISDIR' },
  });
  await expect(files.readText('\0')).rejects.toMatchObject({
    code: 'configuration',
    message: '\0 cannot be read (ERR_INVALID_ARG_VALUE).',
  });
});

test.runIf(process.platform !== 'win32')('reads no device and nothing huge, which a link may lead to', async () => {
  const huge = join(root, 'huge');
  await writeFile(huge, '');
  await truncate(huge, 1024 * 1024 + 1);
  await symlink('/dev/zero', join(root, 'device'));
  await symlink(huge, join(root, 'link'));
  await expect(files.readText(join(root, 'device'))).rejects.toMatchObject({
    code: 'configuration',
    message: `${join(root, 'device')} cannot be read (it is a device, a pipe or a socket).`,
  });
  await expect(files.readText(join(root, 'link'))).rejects.toMatchObject({
    code: 'configuration',
    message: `${join(root, 'link')} cannot be read (it is larger than 1 MiB).`,
  });
});

describe('reading at most some bytes', () => {
  const { signal } = new AbortController();
  const read = (path: string, followsLinks = true): Promise<unknown> =>
    files.readLimited(path, { mostBytes: 4, followsLinks, signal });

  test('gives the text, or says why not', async () => {
    const path = join(root, 'file');
    await writeFile(path, 'four');
    await writeFile(join(root, 'five'), 'fives');
    await symlink(path, join(root, 'link'));
    expect([
      await read(path, false),
      await read(join(root, 'link')),
      await read(join(root, 'link'), false),
      await read(join(root, 'five')),
      await read(join(root, 'none')),
      await read(join(path, 'below a file'), false),
      await read(root),
      await read('/dev/zero'),
      await read('\0'),
    ]).toEqual([
      { outcome: 'read', text: 'four' },
      { outcome: 'read', text: 'four' },
      { outcome: 'failed', reason: 'is a symbolic link' },
      { outcome: 'failed', reason: 'is larger than 4 bytes' },
      { outcome: 'failed', reason: 'does not exist' },
      { outcome: 'failed', reason: 'does not exist' },
      { outcome: 'failed', reason: 'is a directory' },
      { outcome: 'failed', reason: 'is larger than 4 bytes' },
      { outcome: 'failed', reason: 'cannot be read (ERR_INVALID_ARG_VALUE)' },
    ]);
  });

  test.runIf(process.platform !== 'win32')(
    'takes a pipe, as a shell gives for <(…), and waits no longer than asked',
    async () => {
      const pipe = join(root, 'pipe');
      execFileSync('mkfifo', [pipe]);
      expect(await read(pipe)).toEqual({ outcome: 'read', text: '' }); // nobody writes
      const writer = spawn('sh', ['-c', 'exec 3>"$0"; read go; printf four >&3', pipe], { stdio: 'pipe' });
      const holder = await open(pipe, 'r+'); // lets the writer open it, and keeps it open
      const text = read(pipe);
      writer.stdin.end('go\n');
      await once(writer, 'exit');
      await holder.close();
      expect(await text).toEqual({ outcome: 'read', text: 'four' });

      const silent = await open(pipe, 'r+');
      const controller = new AbortController();
      const waiting = files.readLimited(pipe, { mostBytes: 4, followsLinks: true, signal: controller.signal });
      controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
      await silent.close();
    },
  );
});

test('tells whether something exists, be it a file or a directory', async () => {
  expect([await files.exists(root), await files.exists(join(root, 'none'))]).toEqual([true, false]);
});

test('tells whether the user owns a file, where the system knows owners', async () => {
  const own = join(root, 'own');
  await writeFile(own, '');
  expect(await files.isOwnedByUser(own)).toBe(true);
  // Only root may give a file away; for anybody else root's own directory is another's.
  const foreign = process.getuid?.() === 0 ? own : '/';
  if (foreign === own) await chown(own, 12_345, 12_345);
  expect(await files.isOwnedByUser(foreign)).toBe(process.getuid === undefined);
  const link = join(root, 'link');
  await symlink(foreign, link);
  expect(await files.isOwnedByUser(link)).toBe(process.getuid === undefined);
});

test.runIf(process.getuid?.() === 0)('takes another user’s link to an own file for the other user’s', async () => {
  const link = join(root, 'link');
  await writeFile(join(root, 'own'), '');
  await symlink(join(root, 'own'), link);
  expect(await files.isOwnedByUser(link)).toBe(true);
  await lchown(link, 12_345, 12_345);
  expect(await files.isOwnedByUser(link)).toBe(false);
});
