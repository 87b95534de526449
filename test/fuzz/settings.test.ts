import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Context } from '../../src/context.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { LoadedSettings } from '../../src/settings.ts';
import { loadSettings } from '../../src/settings.ts';
import { itHolds } from '../support/fuzz.ts';
import { anyCuts, anyJsonText, anyText, applyCuts, damaged, foreseen, trapName } from '../support/hostile-values.ts';

const paths = { project: '/project/.entra-login.json', user: '/config/config.json' };

const sound = {
  tenant: 'contoso.com',
  clientId: 'C',
  redirectUri: 'http://localhost:5000/callback',
  scopes: ['openid', 'User.Read'],
  cloud: 'public',
};
const own = {
  ...sound,
  authorityHost: 'https://entra.test',
  clientCertificate: 'c.pem',
  store: 'file',
  browser: 'firefox',
};

const texts = (document: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(document, fc.constantFrom(undefined, 2, '\t'))
        .map(([value, space]) => JSON.stringify(value, undefined, space)),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(document, anyCuts)
        .map(([value, cuts]) => applyCuts(JSON.stringify(value, undefined, 2), cuts)),
    },
    { weight: 2, arbitrary: anyJsonText },
    { weight: 1, arbitrary: anyText },
    { weight: 1, arbitrary: document.map((value) => `\uFEFF${JSON.stringify(value)}`) },
    { weight: 1, arbitrary: anyJsonText.map((json) => `{"tenant": ${json}}`) },
  );
const projects = texts(damaged({ profile: 'work', ...sound }));
const users = texts(
  fc
    .tuple(damaged(own), damaged({ profile: 'work' }), fc.oneof(fc.constant('work'), trapName))
    .map(([settings, rest, name]) => ({ ...rest, profiles: { [name]: settings, ['__proto__']: settings } })),
);

const soundProject = fc.record({
  tenant: fc.constantFrom('contoso.com', 'organizations', 'fabrikam.onmicrosoft.com'),
  ...{ clientId: fc.constantFrom('C', 'D'), scopes: fc.constantFrom(['openid'], ['User.Read', 'x/y']) },
});
const soundUser = fc.record(
  {
    ...{ tenant: fc.constantFrom('contoso.com', 'common'), clientId: fc.constantFrom('C', 'E') },
    ...{
      redirectUri: fc.constantFrom('http://localhost', 'http://127.0.0.1:81/x'),
      cloud: fc.constantFrom('china', 'bleu'),
    },
    ...{ store: fc.constantFrom('file', 'memory'), browser: fc.constantFrom('firefox %s', 'none') },
  },
  { requiredKeys: [] },
);

function contextOf(files: Readonly<Record<string, string>>): Pick<Context, 'env' | 'files' | 'directories'> {
  return {
    env: {},
    files: {
      readText: (path) => Promise.resolve(files[path]),
      exists: (path) => Promise.resolve(files[path] !== undefined),
      isOwnedByUser: () => Promise.resolve(true),
      readLimited: () => Promise.reject(new Error('not asked for')),
      writeText: () => Promise.reject(new Error('not asked for')),
    },
    directories: { working: '/work', home: '/home/ada', configuration: '/config', state: '/state' },
  };
}

/** Every setting that the files give, or the error. */
async function read(files: Readonly<Record<string, string>>): Promise<unknown> {
  return await foreseen(async () => {
    const loaded: LoadedSettings = await loadSettings(contextOf(files), {});
    return {
      profile: loaded.profile,
      store: loaded.store,
      person: loaded.resolve(undefined),
      application: loaded.resolveApplication(undefined),
    };
  });
}

/** The error names the file, and a line that the file has. */
function checkError(error: EntraLoginError, files: Readonly<Record<string, string>>): void {
  expect(error.code).toBe('configuration');
  const path = Object.values(paths).find((one) => error.message.includes(one));
  expect(path).toBeDefined();
  const line = Number(/, line (\d+)\)/.exec(error.message)?.[1] ?? 1);
  expect(line).toBeLessThanOrEqual((files[path ?? ''] ?? '').split('\n').length);
  if (!error.message.includes('is not a JSON object')) expect(error.message).toContain(', line ');
}

describe('the settings files', () => {
  itHolds(
    'of any bytes are settings, or an error that names file and line, and leave no trace in a prototype',
    300,
    fc.asyncProperty(
      fc.option(projects, { nil: undefined }),
      fc.option(users, { nil: undefined }),
      async (project, user) => {
        const files = {
          ...(project === undefined ? {} : { [paths.project]: project }),
          ...(user === undefined ? {} : { [paths.user]: user }),
        };
        const outcome = await read(files);
        if (outcome instanceof EntraLoginError) checkError(outcome, files);
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(({} as { tenant?: unknown }).tenant).toBeUndefined();
      },
    ),
  );

  itHolds(
    'mean the same when they are written again, with other spaces, a byte order mark, or a member twice',
    150,
    fc.asyncProperty(soundProject, soundUser, fc.constantFrom('', '\uFEFF'), async (project, user, mark) => {
      const rewritten = (value: object): string =>
        `${mark}{"tenant":"overridden.com",${JSON.stringify(value, undefined, 4).slice(1)}`;
      const whole = { profile: 'work', profiles: { work: user, ['__proto__']: { tenant: 'other.com' } } };
      const one = { [paths.project]: JSON.stringify(project), [paths.user]: JSON.stringify(whole) };
      const other = { [paths.project]: rewritten(project), [paths.user]: JSON.stringify(whole, undefined, '\t') };
      const outcome = await read(one);
      expect(outcome).not.toBeInstanceOf(EntraLoginError);
      expect(await read(other)).toEqual(outcome);
    }),
  );

  itHolds(
    'of a project never say where a sign-in goes, what runs or where tokens are kept',
    150,
    fc.asyncProperty(projects, async (project) => {
      const outcome = await read({ [paths.project]: project });
      if (outcome instanceof EntraLoginError) return;
      const { store, person } = outcome as {
        store: unknown;
        person: { authorityHost: { value: string }; browser: unknown; clientSecret: unknown };
      };
      expect({ store, browser: person.browser, clientSecret: person.clientSecret }).toEqual({});
      expect(person.authorityHost.value).toMatch(/^https:\/\/login\./);
    }),
  );
});
