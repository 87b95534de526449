/**
 * The program that asks the keychain where a call may block for ever: reads one request from its standard input,
 * answers on its standard output, and is killed when it takes too long. See keychain-process.ts.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

import type { SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { openNativeItems } from './keychain-native.ts';
import type { KeychainAnswer, KeychainRequest } from './keychain-process.ts';
import { createKeychainStore } from './keychain-store.ts';

const standardInput = 0;

void answerRequest().then((answer) => process.stdout.write(JSON.stringify(answer)));

async function answerRequest(): Promise<KeychainAnswer> {
  try {
    const request: KeychainRequest = JSON.parse(readFileSync(standardInput, 'utf8'));
    const items = openNativeItems();
    // macOS sets no limit to an item.
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
