import { EntraLoginError } from '../errors.ts';

/**
 * A profile's name, or one with the kind of secret kept beside it (`work/client-secret`). Callers have checked it by
 * the contract's rule already; a store that builds a path or an item's name from it looks again.
 */
const namePattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}(?:\/[a-z][a-z-]{0,31})?$/;

/** Tells whether a secret store may keep something under the name. */
export function isSecretName(name: string): boolean {
  return namePattern.test(name);
}

/** Throws `store_failed` for a name that could leave its place in a store: a path, a part's name, a control character. */
export function checkSecretName(name: string): void {
  if (!isSecretName(name)) {
    throw new EntraLoginError('store_failed', `Nothing can be kept under the name ${JSON.stringify(name)}.`);
  }
}

/** Gives the command that forgets what is kept under the name: the mend for damaged content. */
export function forgetCommand(name: string): string {
  const [profile = name, kind] = name.split('/');
  return kind === undefined ? `entra-login logout --profile ${profile}` : `entra-login profile remove ${profile}`;
}

/** Makes the value of a probe, as large as a real profile: a keychain may keep a short one and refuse that. */
export function probeValue(name: string): string {
  return name.padEnd(6_000, '.');
}
