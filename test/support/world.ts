import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli.ts';
import type { Context, Output, SecretStore, StoreKind } from '../../src/context.ts';
import { contoso, desktopApplication, alice } from '../../src/emulator/default-directory.ts';
import type { Emulator, EmulatorOptions } from '../../src/emulator/emulator.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { ScriptedPersonOptions, ScriptedSignIn } from '../../src/emulator/scripted-person.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { openFileStore } from '../../src/platform/file-store.ts';
import { createFiles } from '../../src/platform/files.ts';
import { createMachine } from '../../src/platform/machine.ts';
import { takeLock } from '../../src/platform/profile-lock.ts';
import { runShortPath } from '../../src/short-path.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';

const lockSystem = { platform: process.platform, userId: process.getuid?.() };

/** How one command line went. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a test changes about the world for one command line. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Lines on standard input; a function gets what stderr said so far. */
  readonly stdin?: readonly (string | ((stderr: string) => string))[];
  readonly terminal?: boolean;
  /** The size of that terminal; 80 columns, and it does not tell its rows. */
  readonly size?: { readonly columns: number; readonly rows: number };
  /** Whether it shows colours; without one it shows none. */
  readonly colorLevel?: Output['colorLevel'];
  /** What differs from a desktop. */
  readonly surroundings?: Partial<Context['surroundings']>;
  /** What happens when the browser is to open; `undefined` signs alice in. */
  readonly browser?: Context['openBrowser'];
  readonly keychain?: SecretStore;
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
  readonly fetch?: typeof fetch;
  readonly runProgram?: Context['runProgram'];
  readonly working?: string;
  /** Leaves everything to commander. */
  readonly withoutShortPath?: boolean;
  readonly machine?: Partial<Context['machine']>;
  readonly findPortOwner?: Context['findPortOwner'];
  /** Hears stderr as it is written. */
  readonly onStderr?: (text: string) => void;
}

/** A fresh machine and an Entra ID: real files in a temporary directory, real sockets, the command line in-process. */
export interface World {
  readonly emulator: Emulator;
  readonly home: string;
  /** What a keychain holds here: a store in memory that outlives a command. */
  readonly keychain: SecretStore;
  /** The settings of the emulator's desktop application as environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** What the scripted person saw, sign-in by sign-in; waits for those under way. */
  signIns(): Promise<readonly ScriptedSignIn[]>;
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** A browser in which the person with these options signs in. */
  browserOf(person: Partial<ScriptedPersonOptions>): Context['openBrowser'];
  /** Everything printed so far, but for what `token` and `git-credential` were asked to print. */
  printed(): string;
  /** Ends it all; fails if a secret the emulator issued stands anywhere in the output, those two excepted. */
  close(): Promise<void>;
}

/** Starts a world. */
export async function startWorld(emulatorOptions: EmulatorOptions = {}): Promise<World> {
  const emulator = await startEmulator(emulatorOptions);
  const home = await mkdtemp(join(tmpdir(), 'entra-login-test-'));
  const keychain: SecretStore = { ...openMemoryStore(), kind: 'keychain' };
  const printed: string[] = [];
  const people: Promise<ScriptedSignIn>[] = [];
  const env = {
    HOME: home,
    ENTRA_LOGIN_AUTHORITY_HOST: emulator.origin,
    ENTRA_LOGIN_TENANT: contoso.id,
    ENTRA_LOGIN_CLIENT_ID: desktopApplication.clientId,
    ENTRA_LOGIN_REDIRECT_URI: 'http://localhost:0/callback',
  };
  const browserOf = (person: Partial<ScriptedPersonOptions>): Context['openBrowser'] => {
    return (url) => {
      const signIn = signInAsScriptedPerson(url, { username: alice.username, ...person });
      signIn.catch(() => {}); // a person whose listener is gone; a test that wants to know awaits signIns()
      people.push(signIn);
      return Promise.resolve({ outcome: 'opened', command: 'a scripted person' });
    };
  };

  const runOnce = async (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> => {
    const texts = { stdout: '', stderr: '' };
    const output = (name: 'stdout' | 'stderr'): Output => ({
      write: (text) => {
        texts[name] += text;
        if (name === 'stderr') options.onStderr?.(text);
      },
      isTerminal: options.terminal === true,
      columns: options.size?.columns ?? 80,
      rows: options.size?.rows,
      colorLevel: options.colorLevel ?? 0,
    });
    const lines = [...(options.stdin ?? [])];
    const openStore = (kind: StoreKind): SecretStore => {
      if (kind === 'file') return openFileStore(join(home, 'state'));
      return kind === 'keychain' ? (options.keychain ?? keychain) : openMemoryStore();
    };
    const context: Context = {
      env: { ...env, ...options.env },
      stdout: output('stdout'),
      stderr: output('stderr'),
      stdin: {
        isTerminal: options.terminal === true,
        readLine: ({ signal }) => {
          if (signal.aborted) return Promise.reject(signal.reason as Error);
          const line = lines.shift();
          return Promise.resolve(typeof line === 'function' ? line(texts.stderr) : line);
        },
      },
      fetch: options.fetch ?? globalThis.fetch,
      openBrowser: options.browser ?? browserOf({}),
      openStore,
      takeLock: (profile, waiting) =>
        takeLock(profile, { ...{ stateDir: join(home, 'state'), temporary: tmpdir() }, ...lockSystem }, waiting),
      findPortOwner: options.findPortOwner ?? (() => Promise.resolve(undefined)),
      isFromOtherUser: () => Promise.resolve(false),
      runProgram: options.runProgram ?? (() => Promise.resolve({ exitCode: 0, failure: undefined })),
      files: createFiles(),
      directories: {
        configuration: join(home, 'config'),
        state: join(home, 'state'),
        working: options.working ?? home,
        home,
      },
      surroundings: {
        ...{ ci: undefined, ssh: false, display: true, wsl: false },
        ...{ container: false, codespaces: false, cloudShell: false },
        ...options.surroundings,
      },
      openPromptStreams: () => {
        throw new Error('questions are for test/e2e, where there is a terminal');
      },
      machine: { ...createMachine(options.env ?? {}), ...options.machine },
      now: options.now ?? emulatorOptions.now ?? ((): Date => new Date()),
      signal: options.signal ?? new AbortController().signal,
    };
    const short = options.withoutShortPath === true ? undefined : await runShortPath(argv, context);
    const exitCode = short ?? (await run(argv, context));
    printed.push(
      // `demo --serve` exists to tell the settings of its own emulator, whose client secret is in the source.
      argv.includes('demo') && argv.includes('--serve') ? '' : texts.stderr,
      ['token', 'git-credential'].includes(argv[0] ?? '') && exitCode === 0 ? '' : texts.stdout,
    );
    return { exitCode, ...texts };
  };

  return {
    ...{ emulator, home, keychain, env, browserOf },
    signIns: () => Promise.all(people),
    run: runOnce,
    printed: () => printed.join('\n'),
    close: async () => {
      await Promise.allSettled(people);
      await emulator.close();
      await rm(home, { recursive: true, force: true });
      const seen = await Promise.allSettled(people);
      const bodies = seen.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.body : ''));
      const all = [...printed, ...bodies].join('\n');
      for (const { kind, value } of emulator.issued) {
        if (all.includes(value)) throw new Error(`A secret was printed: a ${kind} that the emulator issued.`);
      }
    },
  };
}

/** A store that cannot be had, as on a machine without a keychain. */
export function missingKeychain(): SecretStore {
  const fail = (): Promise<never> =>
    Promise.reject(
      new EntraLoginError('keychain_unavailable', 'There is no keychain here.', { hint: 'ENTRA_LOGIN_STORE=file' }),
    );
  return { kind: 'keychain', read: fail, write: fail, delete: fail, list: fail, probe: fail };
}
