import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplicationTokenContext, ApplicationTokenOptions } from '../../src/commands/application-token.ts';
import { applicationToken, wantsApplication } from '../../src/commands/application-token.ts';
import type { SecretStore } from '../../src/context.ts';
import { EntraLoginError, exitCodes } from '../../src/errors.ts';
import { openFileStore } from '../../src/platform/file-store.ts';
import { createFiles } from '../../src/platform/files.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';
import { takeLock } from '../../src/platform/profile-lock.ts';
import type { PrintableToken } from '../../src/render/token.ts';
import type { World } from './world.ts';

/** How asking for an application's token went. */
export interface ApplicationRun {
  readonly exitCode: number;
  readonly stderr: string;
  readonly token: PrintableToken | undefined;
  readonly error: EntraLoginError | undefined;
}

/** What a test changes about the world for one call. */
export interface ApplicationRunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly now: () => Date;
  /** Where Azure Arc's agent puts its keys. */
  readonly keyDirectory: string;
  readonly keychain?: SecretStore;
  readonly fetch?: typeof globalThis.fetch;
}

/** Asks for an application's token as `token` does, without the printing. */
export async function runApplication(
  world: World,
  options: ApplicationTokenOptions,
  { env, now, keyDirectory, keychain = world.keychain, fetch = globalThis.fetch }: ApplicationRunOptions,
): Promise<ApplicationRun> {
  const { home } = world;
  const state = join(home, 'state');
  const place = { stateDir: state, temporary: tmpdir(), platform: process.platform, userId: process.getuid?.() };
  let stderr = '';
  const context: ApplicationTokenContext = {
    env: { ...world.env, ...env },
    stderr: { write: (text) => void (stderr += text), isTerminal: false, columns: 80, colorLevel: 0 },
    fetch,
    openStore: (kind) => (kind === 'file' ? openFileStore(state) : kind === 'keychain' ? keychain : openMemoryStore()),
    takeLock: (profile, waiting) => takeLock(profile, place, waiting),
    files: createFiles(),
    directories: { configuration: join(home, 'config'), state, working: home, home },
    now,
    signal: new AbortController().signal,
  };
  try {
    if (!wantsApplication(options)) throw new Error('These options want no application.');
    const token = await applicationToken(options, context, keyDirectory);
    return { exitCode: 0, stderr, token, error: undefined };
  } catch (error) {
    if (!(error instanceof EntraLoginError)) throw error;
    return { exitCode: exitCodes[error.code], stderr, token: undefined, error };
  }
}
