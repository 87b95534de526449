import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntraLoginError } from '../src/errors.ts';
import { createFiles } from '../src/platform/files.ts';
import { takeLock } from '../src/platform/profile-lock.ts';
import { schemaText } from '../src/settings-schema.ts';
import type { UserFileContext } from '../src/settings-user-file.ts';
import {
  chooseCurrentProfile,
  readUserProfiles,
  removeProfileSettings,
  writeProfileSettings,
} from '../src/settings-user-file.ts';

let root: string;
let path: string;
let context: UserFileContext;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'entra-login-user-file-'));
  path = join(root, 'config', 'config.json');
  const stateDir = join(root, 'state');
  const place = { stateDir, temporary: tmpdir(), platform: process.platform, userId: process.getuid?.() };
  context = {
    files: createFiles(),
    directories: { configuration: join(root, 'config'), state: stateDir, working: root, home: root },
    takeLock: (name, signal) => takeLock(name, place, signal),
    signal: new AbortController().signal,
  };
});
afterEach(() => rm(root, { recursive: true, force: true }));

const put = async (text: string): Promise<void> => {
  await mkdir(join(root, 'config'), { recursive: true });
  await writeFile(path, text);
};
const text = (): Promise<string> => readFile(path, 'utf8');

describe('reading the profiles', () => {
  it('gives each with its settings, in the order of the file, and the chosen one', async () => {
    const work = {
      tenant: 'contoso.com',
      clientId: 'c',
      redirectUri: 'http://localhost',
      scopes: ['openid', 'User.Read'],
      cloud: 'usgov',
      authorityHost: 'https://login.example.com',
      clientCertificate: 'work.pem',
      store: 'file',
      browser: 'firefox %s',
    };
    await put(JSON.stringify({ $schema: 's', profile: 'work', profiles: { work, private: {} } }));
    const { current, profiles } = await readUserProfiles(context);
    expect({ current, profiles: [...profiles] }).toEqual({
      current: 'work',
      profiles: [
        ['work', work],
        ['private', {}],
      ],
    });
  });

  it('gives none where there is no file', async () => {
    expect(await readUserProfiles(context)).toEqual({ current: undefined, profiles: new Map() });
  });

  it('refuses a file in which any profile is damaged or has a name that no profile may have', async () => {
    await put('{\n"profiles": {\n"work": {},\n"broken": 7}}');
    await expect(readUserProfiles(context)).rejects.toMatchObject({
      code: 'configuration',
      message: `"broken" must be an object (${path}, line 4).`,
    });
    await put('{\n"profiles": {\n"wo rk": {}}}');
    await expect(readUserProfiles(context)).rejects.toMatchObject({
      code: 'configuration',
      message: `"wo rk" is no name for a profile (${path}, line 3).`,
      hint: 'Allowed: letters, digits, ".", "_" and "-", at most 64, not beginning with a dot.',
    });
  });
});

describe('writing the settings of a profile', () => {
  it('makes the file, readable by the user alone', async () => {
    await writeProfileSettings(context, 'work', { tenant: 'contoso.com', clientId: undefined, scopes: ['openid'] });
    expect(await text()).toBe(`{
  "$schema": "./config.schema.json",
  "profiles": {
    "work": {
      "tenant": "contoso.com",
      "scopes": [
        "openid"
      ]
    }
  }
}
`);
  });

  it('replaces them and leaves everything else as it stands, order and indentation too', async () => {
    await put(`{
\t"profiles": {
\t\t"private": {
\t\t\t"store": "file"
\t\t},
\t\t"work": {
\t\t\t"tenant": "old.example",
\t\t\t"browser": "none"
\t\t},
\t\t"test": {}
\t},
\t"profile": "private",
\t"$schema": "https://example.com/mine.json"
}
`);
    await writeProfileSettings(context, 'work', { tenant: 'contoso.com' });
    expect(await text()).toBe(`{
\t"profiles": {
\t\t"private": {
\t\t\t"store": "file"
\t\t},
\t\t"work": {
\t\t\t"tenant": "contoso.com"
\t\t},
\t\t"test": {}
\t},
\t"profile": "private",
\t"$schema": "https://example.com/mine.json"
}
`);
  });

  it('puts the schema beside a file that refers to it, for editors, and keeps it current', async () => {
    const schema = join(root, 'config/config.schema.json');
    await writeProfileSettings(context, 'work', {});
    expect(await readFile(schema, 'utf8')).toBe(schemaText('user'));
    await writeFile(schema, 'of an older version');
    await writeProfileSettings(context, 'work', {});
    expect(await readFile(schema, 'utf8')).toBe(schemaText('user'));
    await rm(schema);
    await mkdir(schema); // an editor's convenience stops nobody
    await writeProfileSettings(context, 'work', { tenant: 'contoso.com' });
    expect(await text()).toContain('contoso.com');
    await rm(schema, { recursive: true });
    await put('{"profiles": {}}');
    await writeProfileSettings(context, 'work', {});
    expect(await readdir(join(root, 'config'))).toEqual(['config.json']);
  });

  it('takes a profile by a name that every object has already', async () => {
    for (const name of ['__proto__', 'constructor']) {
      expect(await removeProfileSettings(context, name)).toBe(false);
      await writeProfileSettings(context, name, { tenant: 'contoso.com' });
    }
    expect([...(await readUserProfiles(context)).profiles]).toEqual([
      ['__proto__', { tenant: 'contoso.com' }],
      ['constructor', { tenant: 'contoso.com' }],
    ]);
    expect(await removeProfileSettings(context, '__proto__')).toBe(true);
    expect([...(await readUserProfiles(context)).profiles.keys()]).toEqual(['constructor']);
  });

  it.each([
    'profiles',
    '[]',
    '{"profiles": []}',
    '{"profiles": {"other": {"clientSecret": "hunter2"}}}',
    '{"tenant": "contoso.com"}',
  ])('never writes over a file that holds %s', async (content) => {
    await put(content);
    const attempts = [
      () => writeProfileSettings(context, 'work', {}),
      () => chooseCurrentProfile(context, 'work'),
      () => removeProfileSettings(context, 'other'),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'configuration' });
    expect(await text()).toBe(content);
  });

  it('says why it cannot write', async () => {
    await writeFile(join(root, 'config'), 'a file where the directory should be');
    await expect(writeProfileSettings(context, 'work', {})).rejects.toMatchObject({
      code: 'configuration',
      message: `${path} cannot be written (EEXIST).`,
    });
  });

  it('loses no change of others that write at the same time', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `work-${at}`);
    const write = (name: string): Promise<void> =>
      writeProfileSettings({ ...context, signal: new AbortController().signal }, name, { tenant: `${name}.example` });
    await Promise.all(names.map(write));
    expect([...(await readUserProfiles(context)).profiles.keys()].toSorted()).toEqual(names.toSorted());
    expect(await readdir(join(root, 'config'))).toEqual(['config.json', 'config.schema.json']);
  });

  it('goes on without a lock where there is no place for one', async () => {
    const unavailable = { outcome: 'unavailable', reason: 'read-only' } as const;
    await writeProfileSettings({ ...context, takeLock: () => Promise.resolve(unavailable) }, 'work', {});
    expect([...(await readUserProfiles(context)).profiles.keys()]).toEqual(['work']);
  });

  it('heeds Ctrl-C while it waits for another', async () => {
    const held = await context.takeLock('/config.json', context.signal);
    const controller = new AbortController();
    const waiting = writeProfileSettings({ ...context, signal: controller.signal }, 'work', {});
    controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    if (held.outcome === 'taken') await held.release();
  });
});

describe('choosing the profile', () => {
  it('names it before the profiles, and changes the name where it stands', async () => {
    await put('{"$schema": "s", "profiles": {"work": {}}}');
    await chooseCurrentProfile(context, 'work');
    expect(Object.keys(JSON.parse(await text()) as object)).toEqual(['$schema', 'profile', 'profiles']);
    await put('{"profiles": {"work": {}}, "profile": "private"}');
    await chooseCurrentProfile(context, 'work');
    expect(JSON.parse(await text())).toEqual({ profiles: { work: {} }, profile: 'work' });
    expect(Object.keys(JSON.parse(await text()) as object)).toEqual(['profiles', 'profile']);
  });

  it('makes the file', async () => {
    await chooseCurrentProfile(context, 'work');
    expect(await readUserProfiles(context)).toEqual({ current: 'work', profiles: new Map() });
  });
});

describe('removing the settings of a profile', () => {
  it('answers whether there were any, and writes nothing where there were none', async () => {
    expect(await removeProfileSettings(context, 'work')).toBe(false);
    expect(await context.files.exists(path)).toBe(false);
    await put('{"profile":"private","profiles":{"work":{},"private":{}}}');
    expect(await removeProfileSettings(context, 'other')).toBe(false);
    expect(await text()).toBe('{"profile":"private","profiles":{"work":{},"private":{}}}');
    expect(await removeProfileSettings(context, 'work')).toBe(true);
    expect(JSON.parse(await text())).toEqual({ profile: 'private', profiles: { private: {} } });
  });

  it('no longer chooses the profile that is gone, be it chosen alone', async () => {
    await put('{"profile":"work","profiles":{"work":{},"private":{}}}');
    expect(await removeProfileSettings(context, 'work')).toBe(true);
    expect(JSON.parse(await text())).toEqual({ profiles: { private: {} } });
    await put('{"profile":"work"}');
    expect(await removeProfileSettings(context, 'work')).toBe(true);
    expect(JSON.parse(await text())).toEqual({});
  });
});
