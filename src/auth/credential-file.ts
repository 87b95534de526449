import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';

/** A file that proves who an application is. */
export interface CredentialFile {
  readonly path: string;
  /** The option, variable or file that names it, for messages. */
  readonly place: string;
}

// A certificate chain with its key is 2 to 10 kB, a token 1 to 5 kB.
const mostBytes = 64 * 1024;

/** Reads such a file; nothing of its content ever gets into a message. Errors: `configuration`, saying which and why. */
export async function readCredentialFile(
  { files }: Pick<Context, 'files'>,
  file: CredentialFile,
  what: string,
  signal: AbortSignal,
): Promise<string> {
  const read = await files.readLimited(file.path, { mostBytes, followsLinks: true, signal });
  if (read.outcome === 'read') return read.text;
  throw credentialFileError(file, what, read.reason, `Check ${file.place}: it is the path of a file.`);
}

/** Makes the error for such a file: "The client certificate of PLACE REASON (PATH)." */
export function credentialFileError(
  { path, place }: CredentialFile,
  what: string,
  reason: string,
  hint: string,
  cause?: unknown,
): EntraLoginError {
  // People paste the secret itself in place of the path.
  const isPath = path.length <= 300 && !/-----|eyJ|\n/.test(path);
  return new EntraLoginError('configuration', `The ${what} of ${place} ${reason}${isPath ? ` (${path})` : ''}.`, {
    hint,
    cause,
  });
}
