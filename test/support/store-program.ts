/**
 * A program that makes one call of a secret store, or writes until it is killed; run by tests as a process. Its only
 * argument is a `StoreProgramRequest` in JSON. Prints what came back, or `{"code","message","hint"}` with exit code 6
 * (130 for `cancelled`).
 */
import process from 'node:process';

import type { SecretStore } from '../../src/context.ts';
import { EntraLoginError, exitCodes } from '../../src/errors.ts';
import { openFileStore } from '../../src/platform/file-store.ts';
import { withSecretService } from '../../src/platform/keychain-linux.ts';
import { createKeychainStore, type WithItems } from '../../src/platform/keychain-store.ts';
import { openKeychain } from '../../src/platform/keychain.ts';
import type { KeychainOptions } from '../../src/platform/keychain-options.ts';
import { generationValue } from './kill-writers.ts';

/** What the program is to do. */
export interface StoreProgramRequest {
  readonly store:
    | { readonly kind: 'file'; readonly stateDir: string }
    | {
        readonly kind: 'keychain';
        readonly platform?: NodeJS.Platform;
        readonly itemLimit?: number;
        /** A process to stop (SIGSTOP) when the keychain was found to answer, and a first item was read. */
        readonly freeze?: number;
      };
  readonly call: 'read' | 'write' | 'delete' | 'list' | 'probe' | 'write until killed';
  readonly value?: string;
  readonly unlockTimeLimit?: number;
}

const request: StoreProgramRequest = JSON.parse(process.argv[2] ?? '');
const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new EntraLoginError('cancelled', 'Cancelled.')));

void run(openStore()).catch((error: unknown) => {
  if (!(error instanceof EntraLoginError)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
  process.exitCode = exitCodes[error.code];
});

function openStore(): SecretStore {
  if (request.store.kind === 'file') return openFileStore(request.store.stateDir);
  const options: KeychainOptions = {
    env: process.env,
    unlockTimeLimit: request.unlockTimeLimit ?? 3_000,
    onLocked: () => process.stderr.write('locked\n'),
    signal: controller.signal,
  };
  const { platform, itemLimit, freeze } = request.store;
  if (itemLimit === undefined && freeze === undefined) return openKeychain(options, platform);
  const withItems = withSecretService(options, [process.execPath]);
  const freezing: WithItems = (work) =>
    withItems(async (items) => {
      await items.get('work');
      if (freeze !== undefined) process.kill(freeze, 'SIGSTOP');
      return work(items);
    });
  return createKeychainStore(freeze === undefined ? withItems : freezing, itemLimit);
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
