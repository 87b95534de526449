import process from 'node:process';
import { unescape } from 'node:querystring';

import type { KeychainOptions } from './keychain-options.ts';
import { readProgress, writeGreeting, writeQuestions } from './keychain-check-messages.ts';
import { keychainSilent, keychainUnavailable } from './keychain-errors.ts';
import { answerTimeLimit } from './keychain-items.ts';
import { connectLocal } from './local-socket.ts';

/**
 * Asks the Secret Service whether it would keep a call waiting for a person: its default keyring or one of our items is
 * locked. The keychain library cannot be asked that, and blocks the whole process on a bus that does not answer, so
 * this comes before it. Where the service refuses the question the answer is no, and the library says what is wrong.
 * Throws `keychain_unavailable` where nobody answers, and the signal's reason when it aborts.
 */
export function isKeychainLocked({ env, signal }: Pick<KeychainOptions, 'env' | 'signal'>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = connectLocal(findSessionBus(env), writeGreeting(process.getuid?.() ?? 0), {
      onBytes: receive,
      onError: (error) => fail(noBus('the D-Bus session bus accepts no connection', error)),
      onClose: () => fail(noBus('the D-Bus session bus hung up')),
    });
    const settle = (finish: () => void): void => {
      clearTimeout(limit);
      signal?.removeEventListener('abort', cancel);
      socket.destroy();
      finish();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const cancel = (): void => fail(signal?.reason);
    // On a busy machine the answer may be there, and this process have had no turn to read it: that comes first.
    const limit = setTimeout(() => setImmediate(() => fail(keychainSilent())), answerTimeLimit);
    signal?.addEventListener('abort', cancel);

    let received = Buffer.alloc(0);
    let hasAsked = false;
    function receive(bytes: Uint8Array): void {
      limit.refresh();
      received = Buffer.concat([received, bytes]);
      const progress = readProgress(received);
      if (progress === 'not a bus') fail(noBus('what DBUS_SESSION_BUS_ADDRESS names is no D-Bus, or not yours'));
      if (progress === 'greeting' && !hasAsked) {
        hasAsked = true;
        socket.write(writeQuestions());
      }
      if (progress === 'locked' || progress === 'unlocked') settle(() => resolve(progress === 'locked'));
    }
  });
}

/** Finds the bus's socket as libdbus does: by the first address, without one where systemd puts it. */
function findSessionBus(env: KeychainOptions['env']): string {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtimeDir } = env;
  if (!address && runtimeDir) return `${runtimeDir}/bus`;
  const [, kind, name = ''] = /^unix:(?:[^;]*,)?(path|abstract)=([^,;]+)/.exec(address ?? '') ?? [];
  if (kind === undefined) throw noBus('DBUS_SESSION_BUS_ADDRESS names no D-Bus session bus');
  return (kind === 'abstract' ? '\0' : '') + unescape(name);
}

function noBus(what: string, cause?: Error): Error {
  return keychainUnavailable(
    `There is no keychain here: ${what}.`,
    'Run in a desktop login, or under dbus-run-session with an unlocked gnome-keyring-daemon',
    cause,
  );
}
