import { EntraLoginError } from '../errors.ts';
import { answerTimeLimit } from './keychain-items.ts';
import { forgetCommand } from './secret-store-name.ts';

/** What the library's words mean for a person: the message, and what would make the keychain usable. */
const meanings: readonly (readonly [pattern: RegExp, message: string, mend: string])[] = [
  [
    /native binding|Cannot find module/i,
    'The part of entra-login that speaks to the keychain is not installed.',
    'Install entra-login again, with optional dependencies',
  ],
  [
    /interaction is not allowed/i,
    'The keychain is locked, and nobody can be asked to unlock it (no desktop login).',
    'Unlock it with: security unlock-keychain',
  ],
  [
    /dismissed|cancell?ed|\blocked|IsLocked/i,
    'The keychain is locked, and it was not unlocked.',
    'Unlock it and try again',
  ],
  [
    /not provided by any|ServiceUnknown|NameHasNoOwner/i,
    'No keychain runs in this login (nothing answers for the Secret Service on D-Bus).',
    'Start one, e.g. gnome-keyring-daemon --start --components=secrets',
  ],
  [
    /no result found/i,
    'The keychain has no default keyring to keep anything in.',
    'Make one, e.g. with Passwords and Keys (seahorse)',
  ],
  [
    /receive a reply|disconnect|connection.*closed|failed to connect|timed? ?out/i,
    'The keychain stopped answering.',
    'Restart it',
  ],
  [/denied|auth|passphrase/i, 'The keychain did not permit it.', 'Try again and allow it'],
];

/**
 * Tells what an error of the keychain library means; the one place that does. Every one has the code `GenericFailure`,
 * so its text decides.
 */
export function describeKeychainError(name: string, error: unknown): EntraLoginError {
  const text = error instanceof Error ? error.message : String(error);
  if (/not (?:a )?valid utf-?(?:8|16)/i.test(text)) {
    const message = `What the keychain keeps for ${name} is damaged.`;
    return new EntraLoginError('store_failed', message, { hint: forgetCommand(name), cause: error });
  }
  if (/matched by \d+ credentials/i.test(text)) {
    const message = `The keychain has several items for ${name}, and no way to tell which is the right one.`;
    const hint = `Delete all but one of the entra-login items for ${name} in the keychain's own program (e.g. seahorse)`;
    return new EntraLoginError('store_failed', message, { hint, cause: error });
  }
  for (const [pattern, message, mend] of meanings) {
    if (pattern.test(text)) return keychainUnavailable(message, mend, error);
  }
  const reason = text.replaceAll(/\p{C}+/gu, ' ').slice(0, 200);
  return keychainUnavailable(`The keychain cannot be used (${reason}).`, 'Mend that', error);
}

/** Tells whether it is the library that gave up waiting for one reply: it does so after 2 seconds. */
export function isMissingReply(error: unknown): boolean {
  return error instanceof EntraLoginError && /receive a reply/.test(String(error.cause));
}

/** Makes the error of a keychain that does not answer. */
export function keychainSilent(): EntraLoginError {
  return keychainUnavailable(
    `The keychain did not answer within ${answerTimeLimit / 1_000} seconds.`,
    'Restart it, or unlock it',
  );
}

/** Makes the error of a keychain that stayed locked. */
export function keychainLocked(): EntraLoginError {
  return describeKeychainError('', 'locked');
}

/** Makes the error of a keychain that cannot be used; `mend` is what would make it usable. */
export function keychainUnavailable(what: string, mend: string, cause?: unknown): EntraLoginError {
  return new EntraLoginError('keychain_unavailable', what, {
    hint: `${mend}, or keep tokens in a file that is not encrypted: --store file (ENTRA_LOGIN_STORE=file)`,
    cause,
  });
}
