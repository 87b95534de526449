import { EntraLoginError } from '../errors.ts';

/** Makes the error of a file that is not used because of what it is. */
export function refusal(path: string, why: string): EntraLoginError {
  return new EntraLoginError('store_failed', `${path} ${why}; entra-login does not use it.`, {
    hint: `Look at it and remove it: ${path}`,
  });
}

/** Turns an error of the file system into `store_failed` with what to do about it. */
export function translateErrors<T>(path: string, done: 'read' | 'written' | 'deleted', work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof EntraLoginError) throw cause;
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    throw new EntraLoginError('store_failed', `${path} cannot be ${done}: ${reasons[code] ?? code}.`, {
      hint: 'Set ENTRA_LOGIN_STATE_DIR to a directory of yours on a disk with room, or use --store keychain or memory.',
      cause,
    });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is no directory',
  ELOOP: 'its path goes in circles',
  ENAMETOOLONG: 'its path is too long',
  EIO: 'the disk reports an error',
};

/** Gives the code of an error of the system, e.g. `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
