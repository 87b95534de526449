import { expect, it } from 'vitest';

import { describeKeychainError } from '../../src/platform/keychain-errors.ts';

const stopped = 'The keychain stopped answering.';
const locked = 'The keychain is locked, and it was not unlocked.';

/** The library's own words, as they came on Linux, and as its sources and the systems' documentation have them. */
it.each([
  ["Couldn't access platform storage: Secret Service: unlock prompt was dismissed", locked],
  ['zbus error: org.freedesktop.Secret.Error.IsLocked: Cannot get secret of a locked object', locked],
  ['Platform failure: User canceled the operation.', locked],
  [
    'Platform failure: User interaction is not allowed.',
    'The keychain is locked, and nobody can be asked to unlock it (no desktop login).',
  ],
  ['Platform failure: The user name or passphrase you entered is not correct.', 'The keychain did not permit it.'],
  [
    'Platform failure: DBus error: The name org.freedesktop.secrets was not provided by any .service files',
    'No keychain runs in this login (nothing answers for the Secret Service on D-Bus).',
  ],
  [
    "Couldn't access platform storage: Secret Service: no result found",
    'The keychain has no default keyring to keep anything in.',
  ],
  [
    'Platform failure: DBus error: Did not receive a reply. Possible causes include: the remote application did not ' +
      'send a reply, the message bus security policy blocked the reply, the reply timeout expired, or the network ' +
      'connection was broken.',
    stopped,
  ],
  ['Platform failure: DBus error: Connection is closed', stopped],
  ['Platform failure: DBus error: Connection was disconnected before a reply was received', stopped],
  ['Platform failure: DBus error: Failed to connect to socket /run/bus: Connection refused', stopped],
  [
    'Cannot find native binding. npm has a bug related to optional dependencies.',
    'The part of entra-login that speaks to the keychain is not installed.',
  ],
  ['Platform failure: some\nthing else', 'The keychain cannot be used (Platform failure: some thing else).'],
])('says what it means that the library says: %s', (text, message) => {
  const error = describeKeychainError('work', new Error(text));
  expect(error).toMatchObject({
    code: 'keychain_unavailable',
    message,
    hint: expect.stringContaining('--store file (ENTRA_LOGIN_STORE=file)'),
  });
});

it.each([
  ['Password data is not valid UTF-8', 'entra-login logout --profile work'],
  ['Entry is matched by 2 credentials: [Entry {}, Entry {}]', expect.stringContaining('Delete all but one')],
])('calls what is kept damaged where the library says: %s', (text, hint) => {
  expect(describeKeychainError('work', new Error(text))).toMatchObject({ code: 'store_failed', hint });
});
