import { chown, lchown, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
    message: `${join(root, 'device')} cannot be read (it is a device).`,
  });
  await expect(files.readText(join(root, 'link'))).rejects.toMatchObject({
    code: 'configuration',
    message: `${join(root, 'link')} cannot be read (it is larger than 1 MiB).`,
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
