import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';

// Azure Arc: "the key file … is smaller than 4 KB".
const mostBytes = 4096;

/**
 * Answers Azure Arc's challenge (`Basic realm=FILE`) with what stands in the file, which only members of its group can
 * read. Whoever answers at the endpoint chooses the file, so nothing but a small `.key` file directly in the agent's own
 * directory is ever read and sent. Errors: `untrusted_response` for any other file, `configuration` if it cannot be read.
 */
export async function answerArcChallenge(
  { files }: Pick<Context, 'files'>,
  challenge: string | undefined,
  keyDirectory: string,
  signal: AbortSignal,
): Promise<string> {
  const path = /^Basic realm="?([^"]+)"?$/i.exec(challenge?.trim() ?? '')?.[1];
  if (path === undefined || !isKeyFile(path, keyDirectory)) {
    throw new EntraLoginError('untrusted_response', 'The challenge of Azure Arc names no key file of its agent.', {
      hint: `Check IDENTITY_ENDPOINT; a key file ends with .key and lies in ${keyDirectory}.`,
    });
  }
  const read = await files.readLimited(path, { mostBytes, followsLinks: false, signal });
  if (read.outcome === 'failed') throw unusableKey(path, read.reason);
  const key = read.text.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) throw unusableKey(path, 'holds no key');
  return key;
}

function isKeyFile(path: string, keyDirectory: string): boolean {
  const isWindows = keyDirectory.includes('\\');
  // Windows ignores case.
  const plain = (text: string): string => (isWindows ? text.toLowerCase() : text);
  const prefix = `${keyDirectory}${isWindows ? '\\' : '/'}`;
  const name = path.slice(prefix.length);
  return plain(path.slice(0, prefix.length)) === plain(prefix) && /^\w[\w.-]*\.key$/i.test(name);
}

function unusableKey(path: string, reason: string): EntraLoginError {
  return new EntraLoginError('configuration', `The key file of Azure Arc ${reason} (${path}).`, {
    hint: "The agent's group may read its keys: sudo usermod -aG himds USER; otherwise mend the agent's installation.",
  });
}
