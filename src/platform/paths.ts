import { posix, win32 } from 'node:path';
import { EntraLoginError } from '../errors.ts';

/** What decides where things are kept. */
export interface PathSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The home directory as the system tells it; `undefined` without one. */
  readonly home: string | undefined;
}

/**
 * Answers the configuration and state directories: `ENTRA_LOGIN_CONFIG_DIR` and `ENTRA_LOGIN_STATE_DIR`, else the
 * system's convention (XDG Base Directory Specification; `Library/Application Support`; `%APPDATA%`, `%LOCALAPPDATA%`).
 * Throws `configuration` if there is neither.
 */
export function findDirectories(sources: PathSources): { readonly configuration: string; readonly state: string } {
  return {
    configuration: named(sources, 'ENTRA_LOGIN_CONFIG_DIR') ?? conventional(sources, 'configuration'),
    state: named(sources, 'ENTRA_LOGIN_STATE_DIR') ?? conventional(sources, 'state'),
  };
}

// A relative one would mean another directory in each working directory: tokens would be scattered.
function named({ env, platform }: PathSources, variable: string): string | undefined {
  const value = env[variable];
  if (value === undefined || value === '') return undefined;
  if ((platform === 'win32' ? win32 : posix).isAbsolute(value)) return value;
  throw new EntraLoginError('configuration', `${variable} is not an absolute path.`, {
    hint: 'Set it to one that begins at the root, or unset it.',
  });
}

function conventional(sources: PathSources, kind: 'configuration' | 'state'): string {
  const { env, platform } = sources;
  if (platform === 'win32') {
    const [variable, folder] = kind === 'configuration' ? ['APPDATA', 'Roaming'] : ['LOCALAPPDATA', 'Local'];
    const data = env[variable];
    // An empty or relative one would mean the working directory.
    const base = data !== undefined && win32.isAbsolute(data) ? data : undefined;
    return win32.join(base ?? win32.join(requireHome(sources), 'AppData', folder), 'entra-login');
  }
  if (platform === 'darwin') {
    return posix.join(requireHome(sources), 'Library', 'Application Support', 'entra-login');
  }
  const xdg = env[kind === 'configuration' ? 'XDG_CONFIG_HOME' : 'XDG_STATE_HOME'];
  // The XDG specification: relative paths are invalid and ignored.
  const base = xdg !== undefined && posix.isAbsolute(xdg) ? xdg : undefined;
  const fallback = kind === 'configuration' ? '.config' : '.local/state';
  return posix.join(base ?? posix.join(requireHome(sources), fallback), 'entra-login');
}

// A relative one would scatter tokens too; HOME=. stands in some service files.
function requireHome({ platform, home }: PathSources): string {
  if (home !== undefined && (platform === 'win32' ? win32 : posix).isAbsolute(home)) return home;
  throw new EntraLoginError('configuration', 'There is no home directory to keep settings and tokens in.', {
    hint: 'Set HOME, or both ENTRA_LOGIN_CONFIG_DIR and ENTRA_LOGIN_STATE_DIR, to absolute paths.',
  });
}
