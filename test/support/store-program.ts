/**
 * A program that makes one call of a secret store, or writes until it is killed; run by tests as a process. Its only
 * argument is a `StoreProgramRequest` in JSON. Prints what came back, or `{"code","message","hint"}` with exit code 6.
 */
import process from 'node:process';

import type { SecretStore } from '../../src/context.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { openFileStore } from '../../src/platform/file-store.ts';
import { openKeychain, type KeychainOptions } from '../../src/platform/keychain.ts';
import { withSecretService } from '../../src/platform/keychain-secret-service.ts';
import { createKeychainStore } from '../../src/platform/keychain-store.ts';
import { generationValue } from './kill-writers.ts';

/** What the program is to do. */
export interface StoreProgramRequest {
  readonly store:
    | { readonly kind: 'file'; readonly stateDir: string }
    | { readonly kind: 'keychain'; readonly platform?: NodeJS.Platform; readonly itemLimit?: number };
  readonly call: 'read' | 'write' | 'delete' | 'list' | 'probe' | 'write until killed';
  readonly value?: string;
}

const request: StoreProgramRequest = JSON.parse(process.argv[2] ?? '');

void run(openStore()).catch((error: unknown) => {
  if (!(error instanceof EntraLoginError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
  process.exitCode = 6;
});

function openStore(): SecretStore {
  if (request.store.kind === 'file') return openFileStore(request.store.stateDir);
  const options: KeychainOptions = {
    env: process.env,
    unlockTimeLimit: 3_000,
    onLocked: () => process.stderr.write('locked\n'),
    signal: undefined,
  };
  const { platform, itemLimit } = request.store;
  if (itemLimit === undefined) return openKeychain(options, platform);
  return createKeychainStore((work) => withSecretService(options, work), itemLimit);
}

async function run(store: SecretStore): Promise<void> {
  const print = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value ?? null)}\n`);
  switch (request.call) {
    case 'read':
      print(await store.read('work'));
      return;
    case 'write':
      print(await store.write('work', request.value ?? ''));
      return;
    case 'delete':
      print(await store.delete('work'));
      return;
    case 'list':
      print(await store.list());
      return;
    case 'probe':
      print(await store.probe());
      return;
    case 'write until killed':
      for (let generation = 0; ; generation += 1) {
        await store.write('work', generationValue(generation));
        print(generation);
      }
    default:
      request.call satisfies never;
  }
}
