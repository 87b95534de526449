import { chown, lchown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../src/context.ts';
import { EntraLoginError } from '../src/errors.ts';
import { createFiles } from '../src/platform/files.ts';
import { readProjectFile, readUserFile } from '../src/settings-files.ts';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'entra-login-settings-files-')));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const put = async (name: string, content: unknown): Promise<string> => {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
  return path;
};
const contextAt = (working: string, home: string | undefined = root): Pick<Context, 'files' | 'directories'> => ({
  files: createFiles(),
  directories: {
    configuration: join(root, 'config'),
    state: join(root, 'state'),
    working: join(root, working),
    home,
  },
});
const failureOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'no failure',
    (error: unknown) =>
      error instanceof EntraLoginError ? { code: error.code, message: error.message, hint: error.hint } : error,
  );

describe('the project file', () => {
  const pathFrom = async (working: string, home?: string): Promise<string | undefined> =>
    (await readProjectFile(contextAt(working, home)))?.path;

  it('is the one in the working directory, else the nearest above it', async () => {
    await mkdir(join(root, 'repo/src/deep'), { recursive: true });
    expect(await pathFrom('repo/src/deep')).toBeUndefined();
    const top = await put('repo/.entra-login.json', {});
    expect(await pathFrom('repo/src/deep')).toBe(top);
    const near = await put('repo/src/.entra-login.json', {});
    expect([await pathFrom('repo/src/deep'), await pathFrom('repo/src'), await pathFrom('repo')]).toEqual([
      near,
      near,
      top,
    ]);
  });

  it('is not looked for above the repository’s root, be .git a directory or a work tree’s file', async () => {
    await put('.entra-login.json', {});
    await put('repo/.git/HEAD', 'ref: refs/heads/main');
    await put('tree/.git', 'gitdir: ../repo/.git/worktrees/tree');
    await mkdir(join(root, 'repo/src'));
    expect([await pathFrom('repo/src'), await pathFrom('tree')]).toEqual([undefined, undefined]);
    const own = await put('repo/.entra-login.json', {});
    expect(await pathFrom('repo/src')).toBe(own);
  });

  it('is not looked for above HOME, however HOME is written', async () => {
    await put('.entra-login.json', {});
    await mkdir(join(root, 'home/me/code'), { recursive: true });
    expect(await pathFrom('home/me/code', join(root, 'home/me'))).toBeUndefined();
    expect(await pathFrom('home/me/code', `${join(root, 'home/me')}/`)).toBeUndefined();
    const own = await put('home/me/.entra-login.json', {});
    expect(await pathFrom('home/me/code', join(root, 'home/me'))).toBe(own);
  });

  it('is looked for up to the root of the file system where there is neither', async () => {
    const own = await put('.entra-login.json', {});
    await mkdir(join(root, 'a/b'), { recursive: true });
    expect(await pathFrom('a/b', undefined)).toBe(own);
    const nowhere = {
      ...contextAt('a'),
      directories: { ...contextAt('a').directories, working: '/', home: undefined },
    };
    expect(await readProjectFile(nowhere)).toBeUndefined();
  });

  it('is found by backslashes on Windows', async () => {
    const asked: string[] = [];
    const files: Context['files'] = {
      readText: () => Promise.resolve(undefined),
      readLimited: () => Promise.reject(new Error('must not be asked')),
      writeText: () => Promise.reject(new Error('must not be asked')),
      exists: (path) => Promise.resolve(void asked.push(path)).then(() => false),
      isOwnedByUser: () => Promise.resolve(true),
    };
    const at = String.raw`C:\Users\me\code`;
    const directories = { configuration: '', state: '', working: at, home: String.raw`C:\Users\me` };
    expect(await readProjectFile({ files, directories })).toBeUndefined();
    expect(asked).toEqual([
      String.raw`C:\Users\me\code\.entra-login.json`,
      String.raw`C:\Users\me\code\.git`,
      String.raw`C:\Users\me\.entra-login.json`,
    ]);
  });

  it('gives its settings, and the line of each', async () => {
    const path = await put('.entra-login.json', {
      $schema: 'https://example.com/schema.json',
      profile: 'work',
      tenant: 'contoso.com',
      clientId: 'c',
      redirectUri: 'http://localhost:5000/callback',
      scopes: ['openid', 'User.Read'],
      cloud: 'usgov',
    });
    const file = await readProjectFile(contextAt(''));
    expect({ ...file, placeOf: ['profile', 'scopes', 'cloud'].map((name) => file?.placeOf(name)) }).toEqual({
      path,
      values: {
        profile: 'work',
        tenant: 'contoso.com',
        clientId: 'c',
        redirectUri: 'http://localhost:5000/callback',
        scopes: 'openid User.Read',
        cloud: 'usgov',
      },
      placeOf: [`${path}, line 3`, `${path}, line 7`, `${path}, line 11`],
    });
  });

  it.each([
    'clientSecret',
    'authorityHost',
    'browser',
    'store',
    'clientCertificate',
    'federatedTokenFile',
    'profiles',
    'constructor',
    '__proto__',
  ])('refuses the member "%s" by name and line, and uses nothing', async (name) => {
    const path = await put('.entra-login.json', `{\n  "tenant": "contoso.com",\n  "${name}": "hunter2"\n}`);
    expect(await failureOf(readProjectFile(contextAt('')))).toEqual({
      code: 'configuration',
      message: `"${name}" is not allowed (${path}, line 3).`,
      hint: 'A project file may hold only profile, tenant, clientId, redirectUri, scopes, cloud.',
    });
  });

  it.each([
    ['"tenant": 7', '"tenant" must be a string'],
    ['"tenant": null', '"tenant" must be a string'],
    ['"scopes": "openid"', '"scopes" must be an array of strings'],
    ['"scopes": ["openid", 7]', '"scopes" must be an array of strings'],
  ])('refuses %s', async (member, message) => {
    const path = await put('.entra-login.json', `{\n\n${member}}`);
    expect(await failureOf(readProjectFile(contextAt('')))).toEqual({
      code: 'configuration',
      message: `${message} (${path}, line 3).`,
      hint: 'Mend the file; nothing in it was used.',
    });
  });

  it.each(['', '[]', '"text"', 'null', '{"tenant": "contoso.com",}', '{"a":1'])(
    'refuses a file that holds %j, without repeating it',
    async (content) => {
      const path = await put('.entra-login.json', content);
      expect(await failureOf(readProjectFile(contextAt('')))).toEqual({
        code: 'configuration',
        message: `${path} is not a JSON object.`,
        hint: 'Mend or remove the file; nothing in it was used.',
      });
    },
  );

  it('takes a file that begins with a byte order mark, as Windows editors write it', async () => {
    await put('.entra-login.json', '\uFEFF{"tenant":"contoso.com"}');
    expect((await readProjectFile(contextAt('')))?.values).toEqual({ tenant: 'contoso.com' });
  });

  it('names the line of the member itself: not of a text or a deeper member that looks like it', async () => {
    const path = await put(
      '.entra-login.json',
      String.raw`{
  "$schema": {"tenant": [{"tenant": 1}, "tenant"]},
  "profile": "\"tenant\": [{",
  "cloud" : "tenant",
  "tenant"
    : 7}`,
    );
    expect(await failureOf(readProjectFile(contextAt('')))).toMatchObject({
      message: `"tenant" must be a string (${path}, line 6).`,
    });
  });

  it('refuses one that belongs to another user', async () => {
    const path = await put('repo/.entra-login.json', { tenant: 'contoso.com' });
    const files = createFiles();
    // Only root may give a file away; for others, ask about a file that is root's.
    if (process.getuid?.() === 0) await chown(path, 12_345, 12_345);
    else files.isOwnedByUser = () => createFiles().isOwnedByUser('/');
    expect(await failureOf(readProjectFile({ ...contextAt('repo'), files }))).toEqual({
      code: 'configuration',
      message: `${path} belongs to another user, so it is not used.`,
      hint: 'Make it your own, or work in another directory.',
    });
  });

  it.runIf(process.getuid?.() === 0)(
    'refuses a link to another user’s file, and another user’s link to an own one',
    async () => {
      const path = join(root, '.entra-login.json');
      const target = await put('target.json', { tenant: 'contoso.com' });
      await symlink(target, path);
      expect((await readProjectFile(contextAt('')))?.values).toEqual({ tenant: 'contoso.com' });
      await chown(target, 12_345, 12_345);
      expect(await failureOf(readProjectFile(contextAt('')))).toMatchObject({
        message: `${path} belongs to another user, so it is not used.`,
      });
      await chown(target, 0, 0);
      await lchown(path, 12_345, 12_345);
      expect(await failureOf(readProjectFile(contextAt('')))).toMatchObject({
        message: `${path} belongs to another user, so it is not used.`,
      });
    },
  );

  it('that vanishes between the look and the reading is none', async () => {
    const files: Context['files'] = {
      readText: () => Promise.resolve(undefined),
      readLimited: () => Promise.reject(new Error('must not be asked')),
      writeText: () => Promise.reject(new Error('must not be asked')),
      exists: () => Promise.resolve(true),
      isOwnedByUser: () => Promise.resolve(true),
    };
    expect(await readProjectFile({ ...contextAt(''), files })).toBeUndefined();
  });

  it('that cannot be read is an error, not silence', async () => {
    await mkdir(join(root, '.entra-login.json'));
    expect(await failureOf(readProjectFile(contextAt('')))).toMatchObject({
      code: 'configuration',
      message: `${join(root, '.entra-login.json')} cannot be read (EISDIR).`,
    });
  });
});

describe('the user file', () => {
  const read = (): ReturnType<typeof readUserFile> => readUserFile(contextAt(''));

  it('need not be there', async () => {
    expect(await read()).toBeUndefined();
  });

  it('gives the chosen profile and the settings of each', async () => {
    const work = {
      tenant: 'contoso.com',
      clientId: 'c',
      redirectUri: 'http://localhost',
      scopes: ['a', 'b'],
      cloud: 'china',
      authorityHost: 'https://login.example.com',
      clientCertificate: '/home/me/certificate.pem',
      store: 'file',
      browser: 'firefox %s',
    };
    const path = await put('config/config.json', { $schema: 's', profile: 'work', profiles: { work } });
    const file = await read();
    expect({ ...file?.profile, placeOf: file?.profile.placeOf('profile') }).toEqual({
      path,
      values: { profile: 'work' },
      placeOf: `${path}, line 3`,
    });
    expect(file?.settingsOf('work').values).toEqual({ ...work, scopes: 'a b' });
    expect(file?.settingsOf('other').values).toEqual({});
    expect(file?.settingsOf('__proto__').values).toEqual({});
  });

  it.each([
    [
      { tenant: 'contoso.com' },
      '"tenant" is not allowed (PATH, line 2).',
      'The configuration file may hold only profiles and profile.',
    ],
    [{ profile: ['work'] }, '"profile" must be a string (PATH, line 2).', 'Mend the file; nothing in it was used.'],
    [{ profiles: ['work'] }, '"profiles" must be an object (PATH, line 2).', 'Mend the file; nothing in it was used.'],
    [{ profiles: null }, '"profiles" must be an object (PATH, line 2).', 'Mend the file; nothing in it was used.'],
  ])('refuses %j', async (content, message, hint) => {
    const path = await put('config/config.json', content);
    expect(await failureOf(read())).toEqual({ code: 'configuration', message: message.replace('PATH', path), hint });
  });

  it('refuses a profile that is no object, or holds what a profile may not, once it is the one used', async () => {
    const path = await put('config/config.json', {
      profiles: { broken: 7, work: { tenant: 'contoso.com', clientSecret: 'hunter2' } },
    });
    const settingsOf = async (profile: string): Promise<unknown> => (await read())?.settingsOf(profile).values;
    expect(await failureOf(settingsOf('broken'))).toEqual({
      code: 'configuration',
      message: `"broken" must be an object (${path}, line 3).`,
      hint: 'Mend the file; nothing in it was used.',
    });
    expect(await failureOf(settingsOf('work'))).toEqual({
      code: 'configuration',
      message: `"clientSecret" is not allowed (${path}, line 6).`,
      hint: 'A profile may hold only tenant, clientId, redirectUri, scopes, cloud, authorityHost, clientCertificate, store, browser.',
    });
    expect(await settingsOf('other')).toEqual({});
  });

  it('that is not JSON is refused', async () => {
    const path = await put('config/config.json', 'profile = work');
    expect(await failureOf(read())).toMatchObject({
      code: 'configuration',
      message: `${path} is not a JSON object.`,
    });
  });

  it('that is nested as deep as it is long is refused at once', async () => {
    const path = await put('config/config.json', `${'{"profiles":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    expect(await failureOf(read())).toMatchObject({ code: 'configuration', message: `${path} is not a JSON object.` });
  });

  it('that cannot be read is refused', async () => {
    await mkdir(join(root, 'config/config.json'), { recursive: true });
    expect(await failureOf(read())).toMatchObject({
      code: 'configuration',
      message: `${join(root, 'config/config.json')} cannot be read (EISDIR).`,
    });
  });
});
