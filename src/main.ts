import { existsSync } from 'node:fs';
import type * as os from 'node:os';
import process from 'node:process';
import type { Context } from './context.ts';
import { EntraLoginError } from './errors.ts';
import { createFiles } from './platform/files.ts';
import { createMachine } from './platform/machine.ts';
import { findDirectories } from './platform/paths.ts';
import { openSecretStore } from './platform/secret-store.ts';
import { readSurroundings } from './platform/surroundings.ts';
import { createInput, createOutput } from './platform/terminal.ts';
import { runShortPath } from './short-path.ts';

/**
 * Builds the real Context, runs the command line, sets the exit code. What a kept token does without is imported when
 * it is first called (docs/decisions/bundle.md).
 */
async function main(): Promise<void> {
  const { platform } = process;
  // A copy: opening a browser takes the secrets out of process.env for a moment.
  const env = { ...process.env };
  const argv = process.argv.slice(2);
  const stderr = createOutput({ descriptor: 2, open: () => process.stderr }, { env, argv });
  const stdin = createInput(() => process.stdin);
  let signal: AbortSignal | undefined;
  let surroundings: Context['surroundings'] | undefined;
  let send: Promise<Context['fetch']> | undefined;
  // Found when first asked for: --help and --version need no home directory.
  let directories: Context['directories'] | undefined;
  const context: Context = {
    env,
    stdout: createOutput({ descriptor: 1, open: () => process.stdout }, { env, argv }),
    stderr,
    stdin,
    async fetch(input, init) {
      send ??= import('./platform/http.ts').then(({ createFetch }) => createFetch(env));
      return (await send)(input, init);
    },
    openBrowser: async (url, command) => (await import('./platform/browser.ts')).openBrowser(url, command),
    openStore: (kind) =>
      openSecretStore(kind, {
        env,
        stateDir: context.directories.state,
        get signal() {
          return context.signal;
        },
        get unlockTimeLimit() {
          return isSomebodyThere() ? 60_000 : 3_000;
        },
        onLocked: () => stderr.write('The keychain is locked: unlock it in the window that asks (60 seconds).\n'),
      }),
    async takeLock(profile, waiting) {
      const { takeLock } = await import('./platform/profile-lock.ts');
      return takeLock(profile, lockPlace(), waiting);
    },
    findPortOwner: async (port) => (await import('./platform/port-owner.ts')).findPortOwner(port),
    isFromOtherUser: async (connection) => (await import('./platform/peer-user.ts')).isFromOtherUser(connection),
    async runProgram(words, added) {
      const { runProgram } = await import('./platform/run-program.ts');
      return runProgram(words, { env, added, hasTerminal: process.stdin.isTTY });
    },
    files: createFiles(),
    get directories() {
      const home = env['HOME'] ?? findHome();
      return (directories ??= { ...findDirectories({ env, platform, home }), working: process.cwd(), home });
    },
    get surroundings() {
      return (surroundings ??= readSurroundings({ env, platform, release: system().release(), exists: existsSync }));
    },
    machine: createMachine(env),
    openPromptStreams: () => {
      // The prompts' colours come from util.styleText, which knows the environment but not our option.
      if (stderr.colorLevel === 0 && env['FORCE_COLOR'] === undefined) process.env['NO_COLOR'] = '1';
      return { input: process.stdin, output: process.stderr };
    },
    now: () => new Date(),
    // Until something asks for it, a signal ends the process the system's way.
    get signal() {
      return (signal ??= heedSignals());
    },
  };
  // Some CI jobs have a terminal at which nobody sits.
  const isSomebodyThere = (): boolean => stdin.isTerminal && stderr.isTerminal && context.surroundings.ci === undefined;
  const lockPlace = () => ({
    stateDir: context.directories.state,
    temporary: system().tmpdir(),
    platform,
    userId: process.getuid?.(),
  });
  process.exitCode = (await runShortPath(argv, context)) ?? (await runCommandLine(argv, context));
}

async function runCommandLine(argv: readonly string[], context: Context): Promise<number> {
  void context.signal; // heeded from here on
  const { run } = await import('./cli.ts');
  return run(argv, context);
}

// Not imported: each built-in module that a kept token does without is time saved.
const system = (): typeof os => process.getBuiltinModule('node:os');

// A user without an entry in the system's list, as in containers, has none, and homedir() throws.
function findHome(): string | undefined {
  try {
    return system().homedir();
  } catch {
    return undefined;
  }
}

function heedSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Once: a second Ctrl-C ends the process the system's way.
    process.once(name, () => controller.abort(new EntraLoginError('cancelled', 'Cancelled.')));
  }
  return controller.signal;
}

void main();
