import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import type { ProgramEnd } from '../context.ts';
import { findProgram } from './find-program.ts';
import { withoutSecretVariables } from './secret-variables.ts';

/** What running a program depends on, besides the program. */
export interface ProgramSurroundings {
  /** Its environment; variables that hold secrets of the sign-in are taken out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Added after that. */
  readonly added: Readonly<Record<string, string>>;
  /** Whether a terminal sends Ctrl-C to the program too, as it does to the whole group. */
  readonly hasTerminal: boolean;
  readonly platform?: NodeJS.Platform;
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a program with our standard streams and answers its exit code as a shell does: 127 where there is none, 126
 * where it cannot be run, 128 and the signal's number where a signal ended it. Signals to us are passed on.
 */
export async function runProgram(
  [program = '', ...argv]: readonly string[],
  { env, added, hasTerminal, platform = process.platform }: ProgramSurroundings,
): Promise<ProgramEnd> {
  // Windows itself looks into the working directory before PATH, where a repository may have a program of that name.
  const file = platform === 'win32' ? await findProgram(program, { env, platform }) : program;
  if (file === undefined) return { exitCode: 127, failure: 'not found' };
  const child = spawn(file, argv, {
    stdio: 'inherit',
    env: { ...withoutSecretVariables(env), ...added },
    shell: false,
    windowsHide: true,
  });
  const pass = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT' || !hasTerminal) child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, pass);
  try {
    return await new Promise<ProgramEnd>((resolve) => {
      child.once('error', ({ code }: NodeJS.ErrnoException) => {
        const isMissing = code === 'ENOENT';
        resolve({ exitCode: isMissing ? 127 : 126, failure: isMissing ? 'not found' : `cannot be run (${code})` });
      });
      child.once('close', (code, signal) => {
        resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), failure: undefined });
      });
    });
  } finally {
    for (const signal of forwarded) process.off(signal, pass);
  }
}
