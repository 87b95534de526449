import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';

import type { BuiltPrograms } from './bundle-program.ts';
import type { StoreProgramRequest } from './store-program.ts';

/** How a run of the store program ended. */
interface StoreProgramResult {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The JSON it printed. */
  readonly answer: unknown;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs `store-program` as a process of its own, which nobody ends but itself; `onLocked` is called when it tells the person. */
export async function runStoreProgram(
  programs: BuiltPrograms,
  request: StoreProgramRequest,
  env: Readonly<Record<string, string>>,
  onLocked: (child: ChildProcess) => void = () => {},
): Promise<StoreProgramResult> {
  const started = performance.now();
  const program = join(programs.directory, 'store-program.cjs');
  const child = spawn(process.execPath, [program, JSON.stringify(request)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.once('data', () => onLocked(child));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return {
    exitCode: child.exitCode,
    signal: child.signalCode,
    answer: stdout === '' ? undefined : JSON.parse(stdout),
    stderr,
    milliseconds: performance.now() - started,
  };
}
