import { spawn, type ChildProcess } from 'node:child_process';
import type { Machine } from './program.ts';
import { programCommand } from './program.ts';

/** How one of many programs ended. */
export interface ManyEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** One of many programs, running. */
export interface OneOfMany {
  readonly processId: number;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<ManyEnd>;
}

// A hundred Node processes need ten seconds on two cores; one of them that hangs must not hold the test.
const patience = 60_000;

/**
 * Starts the built program as `Machine.start` does, but does not look at its memory and arguments all the time: a
 * hundred such watchers would take the processor from those they watch, and from the emulator.
 */
export function startOneOfMany(machine: Machine, argv: readonly string[]): OneOfMany {
  const startedAt = performance.now();
  const [program = '', ...words] = programCommand;
  const child: ChildProcess = spawn(program, [...words, ...argv], {
    cwd: machine.home,
    env: machine.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => (texts[name] += text));
  }
  const ended = new Promise<ManyEnd>((resolve, reject) => {
    const hung = setTimeout(() => child.kill('SIGKILL'), patience);
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      clearTimeout(hung);
      resolve({ exitCode, signal, ...texts, milliseconds: performance.now() - startedAt });
    });
  });
  return { processId: child.pid ?? 0, kill: (signal) => void child.kill(signal), ended };
}
