/**
 * The program that asks the keychain where a call may block for ever: reads one request, a line on its standard input,
 * answers on its standard output, and is killed when it takes too long. See keychain-process.ts.
 */
import process from 'node:process';
import { createInterface } from 'node:readline';

import type { SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { openNativeItems } from './keychain-native.ts';
import type { KeychainAnswer, KeychainRequest } from './keychain-process.ts';
import { createKeychainStore } from './keychain-store.ts';

const lines = createInterface(process.stdin);
// Who asked is gone, killed perhaps: nobody is there to end a call that waits, and what it writes would be a surprise.
lines.once('close', () => process.kill(process.pid, 'SIGKILL'));
lines.once('line', (line) => void answer(line));

async function answer(line: string): Promise<void> {
  process.stdout.write(JSON.stringify(await answerRequest(line)));
  lines.removeAllListeners('close').close();
  process.stdin.destroy();
}

async function answerRequest(line: string): Promise<KeychainAnswer> {
  try {
    const request: KeychainRequest = JSON.parse(line);
    const items = openNativeItems();
    // No system that needs this program sets a limit to an item.
    const store = createKeychainStore((work) => work(items), undefined);
    return { outcome: 'done', value: await callStore(store, request) };
  } catch (error) {
    if (!(error instanceof EntraLoginError)) throw error;
    const { code, message, hint } = error;
    return { outcome: 'failed', code, message, hint };
  }
}

async function callStore(
  store: SecretStore,
  request: KeychainRequest,
): Promise<string | boolean | readonly string[] | undefined> {
  switch (request.call) {
    case 'read':
      return store.read(request.name);
    case 'write':
      await store.write(request.name, request.value);
      return undefined;
    case 'delete':
      return store.delete(request.name);
    case 'list':
      return store.list();
    case 'probe':
      await store.probe();
      return undefined;
    default:
      return request.call satisfies never;
  }
}
