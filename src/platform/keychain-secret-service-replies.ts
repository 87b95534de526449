import { isUtf8 } from 'node:buffer';

import { EntraLoginError } from '../errors.ts';
import type { DbusFailure, DbusReply } from './keychain-dbus.ts';
import type { DbusValue } from './keychain-dbus-values.ts';
import { answerTimeLimit, keychainUnavailable } from './keychain-items.ts';
import { forgetCommand } from './secret-store-name.ts';

/** Reads a text or an object path. */
export function toText(value: DbusValue | undefined): string {
  if (typeof value === 'string') return value;
  throw describeFailure('broken');
}

/** Reads a list of object paths. */
export function toTexts(value: DbusValue | undefined): string[] {
  if (Array.isArray(value)) return value.map(toText);
  throw describeFailure('broken');
}

/** Gives what a call answered; throws what its error means for the person. */
export function expectValues(reply: DbusReply): readonly DbusValue[] {
  if (reply.kind === 'values') return reply.values;
  throw describeError(reply);
}

/** Reads a secret: (session, parameters, value, content type). Throws `store_failed` where the value is no text. */
export function readSecret(name: string, secret: DbusValue | undefined): string {
  const value = Array.isArray(secret) ? secret[2] : undefined;
  if (!(value instanceof Uint8Array)) throw describeFailure('broken');
  const text = Buffer.from(value.buffer, value.byteOffset, value.length);
  if (isUtf8(text)) return text.toString();
  throw new EntraLoginError('store_failed', `What the keychain keeps for ${name} is damaged.`, {
    hint: forgetCommand(name),
  });
}

type DbusError = Extract<DbusReply, { kind: 'error' }>;

/** Tells whether the keyring has to be unlocked first. */
export function isLocked(error: DbusError): boolean {
  return error.name === 'org.freedesktop.Secret.Error.IsLocked';
}

/** Tells whether the object is no longer there: somebody else deleted or replaced it. */
export function isGone(error: DbusError): boolean {
  return /\.(?:NoSuchObject|UnknownObject|UnknownMethod)$/.test(error.name);
}

/** Makes the error of a keyring that nobody unlocked. */
export function locked(): EntraLoginError {
  return keychainUnavailable('The keychain is locked, and it was not unlocked.', 'Unlock it and try again');
}

/** Makes the error of a keychain in which there is no place to put anything. */
export function noDefaultCollection(): EntraLoginError {
  return keychainUnavailable(
    'The keychain has no default keyring to keep anything in.',
    'Make one, e.g. with Passwords and Keys (seahorse)',
  );
}

/** Tells what an error of the bus or of the Secret Service means for the person. */
export function describeError(error: DbusError): EntraLoginError {
  const name = error.name.replace(/^.*\.(?=[A-Za-z]+$)/, '');
  const cause = new Error(`${error.name}: ${error.text}`);
  switch (name) {
    case 'IsLocked':
      return locked();
    case 'ServiceUnknown':
    case 'NameHasNoOwner':
      return keychainUnavailable(
        'No keychain runs in this login (nothing answers for the Secret Service on D-Bus).',
        'Start one, e.g. gnome-keyring-daemon --start --components=secrets',
        cause,
      );
    case 'NoReply':
    case 'Disconnected':
    case 'Timeout':
    case 'TimedOut':
      return keychainUnavailable('The keychain stopped answering.', 'Restart it', cause);
    default:
      return keychainUnavailable(`The keychain refused (${name}).`, 'Look at what it logs', cause);
  }
}

/** Makes the error of a connection that failed. */
export function describeFailure(failure: DbusFailure, cause?: Error): EntraLoginError {
  switch (failure) {
    case 'no-address':
      return keychainUnavailable(
        'There is no keychain here: DBUS_SESSION_BUS_ADDRESS names no D-Bus session bus.',
        'Run in a desktop login or under dbus-run-session with an unlocked gnome-keyring-daemon',
        cause,
      );
    case 'refused':
      return keychainUnavailable(
        'The keychain cannot be reached: the D-Bus session bus accepts no connection.',
        'Correct DBUS_SESSION_BUS_ADDRESS',
        cause,
      );
    case 'broken':
      return keychainUnavailable('The connection to the keychain broke.', 'Try again', cause);
    case 'time-limit':
      return keychainUnavailable(
        `The keychain did not answer within ${answerTimeLimit / 1_000} seconds.`,
        'Restart it',
        cause,
      );
    default:
      return failure satisfies never;
  }
}
