import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lchown,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
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
  execFileSync('mkfifo', [join(root, 'pipe')]);
  await expect(files.readText(join(root, 'pipe'))).rejects.toMatchObject({
    message: `${join(root, 'pipe')} cannot be read (it is a pipe).`,
  });
  await expect(files.readText(join(root, 'device'))).rejects.toMatchObject({
    code: 'configuration',
    message: `${join(root, 'device')} cannot be read (it is a device).`,
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

describe('writing a text', () => {
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

  test('makes the file and its directories, for the user alone, and leaves nothing beside it', async () => {
    const path = join(root, 'new/config/file');
    await files.writeText(path, 'Grüße\n');
    await chmod(path, 0o644);
    await files.writeText(path, 'again\n');
    expect([await readFile(path, 'utf8'), await readdir(join(root, 'new/config'))]).toEqual(['again\n', ['file']]);
    if (process.platform === 'win32') return;
    expect([await modeOf(path), await modeOf(join(root, 'new')), await modeOf(join(root, 'new/config'))]).toEqual([
      0o600, 0o700, 0o700,
    ]);
  });

  test('replaces what links lead to and leaves the links, as people keep their dotfiles', async () => {
    await mkdir(join(root, 'dotfiles/entra'), { recursive: true });
    await symlink('dotfiles/entra', join(root, 'config'));
    await symlink('../own.json', join(root, 'dotfiles/entra/config.json'));
    const path = join(root, 'config/config.json');
    await files.writeText(path, 'first'); // what the link leads to is yet to be made
    await files.writeText(path, 'second');
    expect([
      await readFile(join(root, 'dotfiles/own.json'), 'utf8'),
      await readlink(path),
      await readdir(join(root, 'dotfiles')),
      await readdir(join(root, 'dotfiles/entra')),
    ]).toEqual(['second', '../own.json', ['entra', 'own.json'], ['config.json']]);
  });

  test('replaces the file as a whole: who has the old one open reads it to its end', async () => {
    const path = join(root, 'file');
    await writeFile(path, 'old');
    const reader = await open(path);
    await files.writeText(path, 'new');
    expect([await reader.readFile('utf8'), await readFile(path, 'utf8')]).toEqual(['old', 'new']);
    await reader.close();
  });

  test('says why it cannot, as a fault of the configuration, and leaves nothing behind', async () => {
    const directory = join(root, 'directory');
    await mkdir(directory);
    await symlink('loop', join(root, 'loop'));
    await writeFile(join(root, 'file'), 'file');
    const write = (path: string): Promise<unknown> =>
      files.writeText(path, 'text').catch((error: unknown) => (error instanceof EntraLoginError ? error : undefined));
    expect([
      await write(directory),
      await write(join(root, 'loop')),
      await write(join(root, 'file/below')),
    ]).toMatchObject([
      { code: 'configuration', message: `${directory} cannot be written (it is no regular file).` },
      { message: `${join(root, 'loop')} cannot be written (its links go in circles).` },
      {
        message: `${join(root, 'file/below')} cannot be written (EEXIST).`,
        hint: 'Mend its permissions, or set ENTRA_LOGIN_CONFIG_DIR to a directory of yours on a disk with room.',
      },
    ]);
    expect(await readdir(root)).toEqual(['directory', 'file', 'loop']);
  });

  test.runIf(process.platform !== 'win32')('renames over no device, which a link may lead to', async () => {
    await symlink('/dev/null', join(root, 'link'));
    await expect(files.writeText(join(root, 'link'), 'text')).rejects.toMatchObject({ code: 'configuration' });
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });
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
