import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
});
