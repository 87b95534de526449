import { existsSync } from 'node:fs';
import { homedir, release, tmpdir } from 'node:os';
import process from 'node:process';
import { run } from './cli.ts';
import type { Context } from './context.ts';
import { EntraLoginError } from './errors.ts';
import { openBrowser } from './platform/browser.ts';
import { createFiles } from './platform/files.ts';
import { createFetch } from './platform/http.ts';
import { createMachine } from './platform/machine.ts';
import { findDirectories } from './platform/paths.ts';
import { isFromOtherUser } from './platform/peer-user.ts';
import { findPortOwner } from './platform/port-owner.ts';
import { takeLock } from './platform/profile-lock.ts';
import { openSecretStore } from './platform/secret-store.ts';
import { runProgram } from './platform/run-program.ts';
import { readSurroundings } from './platform/surroundings.ts';
import { createInput, createOutput } from './platform/terminal.ts';

/** Builds the real Context, runs the command line, sets the exit code. */
async function main(): Promise<void> {
  const { platform } = process;
  // A copy: opening a browser takes the secrets out of process.env for a moment.
  const env = { ...process.env };
  const argv = process.argv.slice(2);
  const stderr = createOutput(process.stderr, { env, argv });
  const stdin = createInput(() => process.stdin);
  const signal = heedSignals();
  const surroundings = readSurroundings({ env, platform, release: release(), exists: existsSync });
  // Some CI jobs have a terminal at which nobody sits.
  const isSomebodyThere = stdin.isTerminal && stderr.isTerminal && surroundings.ci === undefined;
  // Found when first asked for: --help and --version need no home directory.
  let directories: Context['directories'] | undefined;
  const context: Context = {
    env,
    stdout: createOutput(process.stdout, { env, argv }),
    stderr,
    stdin,
    fetch: createFetch(env),
    openBrowser,
    openStore: (kind) =>
      openSecretStore(kind, {
        env,
        stateDir: context.directories.state,
        signal,
        unlockTimeLimit: isSomebodyThere ? 60_000 : 3_000,
        onLocked: () => stderr.write('The keychain is locked: unlock it in the window that asks (60 seconds).\n'),
      }),
    takeLock: (profile, waiting) => takeLock(profile, lockPlace(), waiting),
    findPortOwner,
    isFromOtherUser: (connection) => isFromOtherUser(connection),
    runProgram: (words, added) => runProgram(words, { env, added, hasTerminal: process.stdin.isTTY }),
    files: createFiles(),
    get directories() {
      const home = env['HOME'] ?? findHome();
      return (directories ??= { ...findDirectories({ env, platform, home }), working: process.cwd(), home });
    },
    surroundings,
    machine: createMachine(env),
    openPromptStreams: () => {
      // The prompts' colours come from util.styleText, which knows the environment but not our option.
      if (stderr.colorLevel === 0 && env['FORCE_COLOR'] === undefined) process.env['NO_COLOR'] = '1';
      return { input: process.stdin, output: process.stderr };
    },
    now: () => new Date(),
    signal,
  };
  const lockPlace = () => ({
    stateDir: context.directories.state,
    temporary: tmpdir(),
    platform,
    userId: process.getuid?.(),
  });
  process.exitCode = await run(argv, context);
}

// A user without an entry in the system's list, as in containers, has none, and homedir() throws.
function findHome(): string | undefined {
  try {
    return homedir();
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
