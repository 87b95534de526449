import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';

/**
 * Finds a program's file as a shell would, but never in the working directory: Windows looks there first, and an
 * empty or relative entry of PATH means it on Unix, so a cloned repository could slip its own `firefox` in.
 * A name with a slash is taken as it stands. On Windows only `.exe` and `.com` count: scripts would need a shell.
 */
export async function findProgram(
  name: string,
  system: { readonly env: Readonly<Record<string, string | undefined>>; readonly platform: NodeJS.Platform },
): Promise<string | undefined> {
  for (const candidate of programCandidates(name, system)) {
    if (await isProgram(candidate)) return candidate;
  }
  return undefined;
}

/** Lists where a program may be, best first. */
export function programCandidates(
  name: string,
  system: { readonly env: Readonly<Record<string, string | undefined>>; readonly platform: NodeJS.Platform },
): string[] {
  const onWindows = system.platform === 'win32';
  const paths = onWindows ? win32 : posix;
  const names = onWindows && !/\.(exe|com)$/i.test(name) ? [`${name}.exe`, `${name}.com`] : [name];
  if (name.includes('/') || (onWindows && /[\\:]/.test(name))) return names;
  const path = Object.entries(system.env).find(([key]) => (onWindows ? key.toUpperCase() : key) === 'PATH')?.[1] ?? '';
  const directories = path.split(paths.delimiter).filter((directory) => paths.isAbsolute(directory));
  return directories.flatMap((directory) => names.map((file) => paths.join(directory, file)));
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
