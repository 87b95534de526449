import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntraLoginError } from '../src/errors.ts';
import { createFiles } from '../src/platform/files.ts';
import { loadSettings } from '../src/settings.ts';
import type { SchemaOf } from '../src/settings-schema.ts';
import { schemaText } from '../src/settings-schema.ts';
import { readUserProfiles } from '../src/settings-user-file.ts';

let home: string;
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'entra-login-schema-')));
  await mkdir(join(home, 'config'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Whether the readers take the document: every profile, every setting of it. */
const readerTakes = async (of: SchemaOf, document: unknown): Promise<boolean> => {
  const path = of === 'user' ? join(home, 'config/config.json') : join(home, '.entra-login.json');
  await writeFile(path, JSON.stringify(document));
  const directories = { configuration: join(home, 'config'), state: join(home, 'state'), working: home, home };
  const context = { env: {}, files: createFiles(), directories };
  const readAll = async (profile: string | undefined): Promise<void> => {
    const loaded = await loadSettings(context, { profile });
    loaded.resolve(undefined);
    loaded.resolveApplication(undefined);
    loaded.findCloud();
  };
  try {
    await readAll(undefined);
    for (const name of (await readUserProfiles(context)).profiles.keys()) await readAll(name);
    return true;
  } catch (error) {
    if (error instanceof EntraLoginError && error.code === 'configuration') return false;
    throw error;
  }
};
const schemaTakes = (of: SchemaOf): ((document: unknown) => boolean) => {
  const validate = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(schemaText(of)) as object);
  return (document) => validate(document);
};

const id = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
/** What a project file and a profile of the user have in common. */
const good: readonly object[] = [
  {},
  { tenant: 'contoso.com', clientId: id, redirectUri: 'http://localhost', scopes: ['openid'], cloud: 'public' },
  ...[id, id.toUpperCase(), 'a', 'organizations', 'x-y.example'].map((tenant) => ({ tenant })),
  ...['c', 'a_b.c:d~e-f', 'x'.repeat(200)].map((clientId) => ({ clientId })),
  ...['public', 'usgov', 'china', 'bleu', 'delos', 'govsg'].map((cloud) => ({ cloud })),
  ...['http://localhost/', 'http://localhost:0/callback', 'http://127.0.0.1:5000/a/b', 'HTTP://LocalHost:65535'].map(
    (redirectUri) => ({ redirectUri }),
  ),
  ...[['openid', 'offline_access'], ['https://vault.azure.net/.default'], ['a b'], ['a', '']].map((scopes) => ({
    scopes,
  })),
];
const bad: readonly object[] = [
  { clientSecret: 'hunter2' },
  { federatedTokenFile: '/tmp/token' },
  { $Schema: 's' },
  { constructor: 'x' },
  ...[7, null, '', ' contoso.com', 'contoso.com ', 'contoso.com\n', 'a..b', '-a', 'a-', 'a/b', 'ä.example'].map(
    (tenant) => ({ tenant }),
  ),
  ...[7, '', 'a b', 'x'.repeat(201), 'a\n', 'ä'].map((clientId) => ({ clientId })),
  ...[7, '', 'PUBLIC', 'germany', ['public']].map((cloud) => ({ cloud })),
  ...[7, '', 'localhost', 'https://localhost', 'http://[::1]:5000', 'http://example.com', 'http://localhost:'].map(
    (redirectUri) => ({ redirectUri }),
  ),
  ...[
    'http://user@localhost',
    'http://localhost/?a',
    'http://localhost/#',
    'http://localhost/ x',
    'http:localhost',
  ].map((redirectUri) => ({ redirectUri })),
  ...['http://127.1', 'http://127.0.0.1.example.com', 'http://localhost\\@example.com'].map((redirectUri) => ({
    redirectUri,
  })),
  ...['openid', [], [''], [' '], ['openid', 7], ['"'], ['a\\b'], ['ä'], [['openid']]].map((scopes) => ({ scopes })),
];
/** What only the user's own file may hold. */
const goodOfUser: readonly object[] = [
  ...['keychain', 'file', 'memory'].map((store) => ({ store })),
  ...['firefox', 'firefox -P work %s', ' "/opt/my browser" ', 'none'].map((browser) => ({ browser })),
  ...['work.pem', '/home/me/work.pem'].map((clientCertificate) => ({ clientCertificate })),
  ...[
    'https://login.contoso.com',
    'https://login.contoso.com:8443/',
    'login.contoso.com',
    'HTTPS://Login.Contoso.com',
  ].map((authorityHost) => ({ authorityHost })),
  ...['http://localhost:8080', 'http://127.0.0.1/', 'http://[::1]:8080', 'https://[::1]'].map((authorityHost) => ({
    authorityHost,
  })),
];
const badOfUser: readonly object[] = [
  { $schema: './config.schema.json' },
  { profile: 'work' },
  ...[7, '', 'Keychain', 'disk'].map((store) => ({ store })),
  ...[7, '', '  ', 'a\nb', 'a\u0000b', 'a\r'].map((browser) => ({ browser })),
  ...[7, ''].map((clientCertificate) => ({ clientCertificate })),
  ...[7, '', 'http://login.contoso.com', 'https://login.contoso.com/tenant', 'https://u@login.contoso.com'].map(
    (authorityHost) => ({ authorityHost }),
  ),
  ...[
    'https://:p@login.contoso.com',
    'https:///login.contoso.com',
    'https://a b',
    'ftp://a',
    'https://a?b',
    'https://',
  ].map((authorityHost) => ({ authorityHost })),
];
const goodNames = ['work', '_', '-', '0', 'a.b', '__proto__', 'x'.repeat(64)];
const badNames = ['', '.work', 'wo rk', 'a/b', 'x'.repeat(65), 'ä', 'a\n'];
const withProfile = (name: string, settings: unknown): unknown => ({ profiles: { [name]: settings } });

const documents: Readonly<Record<SchemaOf, { readonly good: readonly unknown[]; readonly bad: readonly unknown[] }>> = {
  project: {
    good: [...good, { $schema: 'https://example.com/s.json' }, ...goodNames.map((profile) => ({ profile }))],
    bad: [
      ...[...bad, ...goodOfUser, { profiles: {} }, [], 'text', null],
      ...[7, ...badNames].map((profile) => ({ profile })),
    ],
  },
  user: {
    good: [
      ...[...good, ...goodOfUser].map((settings) => withProfile('work', settings)),
      ...goodNames.map((name) => withProfile(name, {})),
      ...goodNames.map((profile) => ({ profile })),
      ...[{}, { $schema: './config.schema.json', profile: 'a', profiles: { a: {}, b: { tenant: 'b.example' } } }],
    ],
    bad: [
      ...[...bad, ...badOfUser].map((settings) => withProfile('other', settings)),
      ...badNames.map((name) => withProfile(name, {})),
      ...[7, ...badNames].map((profile) => ({ profile })),
      ...[{ tenant: 'contoso.com' }, { profiles: [] }, { profiles: null }, withProfile('work', 7), [], 'text', null],
    ],
  },
};

describe.each(['project', 'user'] as const)('the schema of the %s file', (of) => {
  it('takes what the reader takes, and refuses what it refuses', async () => {
    const takes = schemaTakes(of);
    const judged: { document: string; schema: boolean; reader: boolean }[] = [];
    const { good: fine, bad: wrong } = documents[of];
    for (const document of [...fine, ...wrong]) {
      judged.push({
        document: JSON.stringify(document),
        schema: takes(document),
        reader: await readerTakes(of, document),
      });
    }
    expect(judged).toEqual([
      ...fine.map((document) => ({ document: JSON.stringify(document), schema: true, reader: true })),
      ...wrong.map((document) => ({ document: JSON.stringify(document), schema: false, reader: false })),
    ]);
  });

  it('says what each setting is', () => {
    const bare: string[] = [];
    const look = (schema: Record<string, unknown>): void => {
      for (const [name, member] of Object.entries(schema)) {
        if (typeof member !== 'object' || member === null) continue;
        if (schema['properties'] !== member) {
          look(member as Record<string, unknown>);
          continue;
        }
        for (const [property, of_] of Object.entries(member as Record<string, { description?: string }>)) {
          if (of_.description === undefined) bare.push(`${name}.${property}`);
        }
      }
    };
    look(JSON.parse(schemaText(of)) as Record<string, unknown>);
    expect(bare).toEqual([]);
  });
});
