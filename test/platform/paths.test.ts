import { describe, expect, it } from 'vitest';
import { EntraLoginError } from '../../src/errors.ts';
import type { PathSources } from '../../src/platform/paths.ts';
import { findDirectories } from '../../src/platform/paths.ts';

const failureOf = (sources: PathSources): unknown => {
  try {
    return findDirectories(sources);
  } catch (error) {
    return error instanceof EntraLoginError
      ? { code: error.code, message: error.message, hint: error.hint }
      : 'another error';
  }
};

describe('the directories by the system’s convention', () => {
  it.each<[string, PathSources, string, string]>([
    [
      'Linux',
      { platform: 'linux', home: '/home/me', env: {} },
      '/home/me/.config/entra-login',
      '/home/me/.local/state/entra-login',
    ],
    [
      'Linux with XDG variables',
      { platform: 'linux', home: '/home/me', env: { XDG_CONFIG_HOME: '/x/c', XDG_STATE_HOME: '/x/s' } },
      '/x/c/entra-login',
      '/x/s/entra-login',
    ],
    [
      'Linux with relative or empty XDG variables, which are invalid',
      { platform: 'linux', home: '/home/me', env: { XDG_CONFIG_HOME: 'c', XDG_STATE_HOME: '' } },
      '/home/me/.config/entra-login',
      '/home/me/.local/state/entra-login',
    ],
    [
      'macOS',
      { platform: 'darwin', home: '/Users/me', env: { XDG_CONFIG_HOME: '/x/c' } },
      '/Users/me/Library/Application Support/entra-login',
      '/Users/me/Library/Application Support/entra-login',
    ],
    [
      'Windows',
      {
        platform: 'win32',
        home: String.raw`C:\Users\me`,
        env: { APPDATA: String.raw`D:\Roaming`, LOCALAPPDATA: String.raw`D:\Local` },
      },
      String.raw`D:\Roaming\entra-login`,
      String.raw`D:\Local\entra-login`,
    ],
    [
      'Windows without its variables',
      { platform: 'win32', home: String.raw`C:\Users\me`, env: {} },
      String.raw`C:\Users\me\AppData\Roaming\entra-login`,
      String.raw`C:\Users\me\AppData\Local\entra-login`,
    ],
    [
      'Windows with empty or relative variables, which would mean the working directory',
      { platform: 'win32', home: String.raw`C:\Users\me`, env: { APPDATA: '', LOCALAPPDATA: 'Local' } },
      String.raw`C:\Users\me\AppData\Roaming\entra-login`,
      String.raw`C:\Users\me\AppData\Local\entra-login`,
    ],
  ])('on %s', (_system, sources, configuration, state) => {
    expect(findDirectories(sources)).toEqual({ configuration, state });
  });
});

describe('the directories of our own variables', () => {
  it('come before the convention, and need no home directory', () => {
    const env = { ENTRA_LOGIN_CONFIG_DIR: '/my/config', ENTRA_LOGIN_STATE_DIR: '/my/state', XDG_STATE_HOME: '/x' };
    expect(findDirectories({ platform: 'linux', home: undefined, env })).toEqual({
      configuration: '/my/config',
      state: '/my/state',
    });
    expect(findDirectories({ platform: 'linux', home: '/h', env: { ...env, ENTRA_LOGIN_STATE_DIR: '' } })).toEqual({
      configuration: '/my/config',
      state: '/x/entra-login',
    });
  });

  it('are absolute by the rules of the system', () => {
    const env = { ENTRA_LOGIN_CONFIG_DIR: String.raw`D:\config`, ENTRA_LOGIN_STATE_DIR: String.raw`\\server\state` };
    expect(findDirectories({ platform: 'win32', home: undefined, env })).toEqual({
      configuration: String.raw`D:\config`,
      state: String.raw`\\server\state`,
    });
    expect(failureOf({ platform: 'linux', home: '/h', env })).toMatchObject({ code: 'configuration' });
  });

  it.each(['ENTRA_LOGIN_CONFIG_DIR', 'ENTRA_LOGIN_STATE_DIR'])(
    'may not be relative: %s would scatter tokens over working directories',
    (name) => {
      expect(failureOf({ platform: 'linux', home: '/home/me', env: { [name]: './here' } })).toEqual({
        code: 'configuration',
        message: `${name} is not an absolute path.`,
        hint: 'Set it to one that begins at the root, or unset it.',
      });
    },
  );
});

describe('without a home directory', () => {
  it.each<[NodeJS.Platform, string | undefined]>([
    ['linux', undefined],
    ['linux', ''],
    ['linux', '.'],
    ['darwin', undefined],
    ['win32', undefined],
    ['win32', 'Users'],
  ])('says on %s which variables to set (home %j)', (platform, home) => {
    const failure = {
      code: 'configuration',
      message: 'There is no home directory to keep settings and tokens in.',
      hint: 'Set HOME, or both ENTRA_LOGIN_CONFIG_DIR and ENTRA_LOGIN_STATE_DIR, to absolute paths.',
    };
    expect(failureOf({ platform, home, env: {} })).toEqual(failure);
    expect(failureOf({ platform, home, env: { ENTRA_LOGIN_CONFIG_DIR: '/c', APPDATA: '/c' } })).toEqual(failure);
  });
});
