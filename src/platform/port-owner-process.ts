import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Names a process as a person knows it: ourselves by our own name rather than `node`, other programs by their file,
 * without what they wrote behind it (`nginx: master process`).
 */
export function nameProcess(commandLine: string, fallback: string): string {
  if (/(^|[\s"\\/\0])entra-login(-(linux|darwin|windows)-[a-z\d-]+)?(\.c?js|\.exe)?(["\s\0]|$)/.test(commandLine))
    return 'entra-login';
  if (fallback.startsWith('ControlCe')) return 'AirPlay Receiver (ControlCenter)'; // lsof may cut names at nine letters
  const program = commandLine.split('\0')[0] ?? '';
  const name = program.slice(program.lastIndexOf('/') + 1).replace(/[:\s].*$/s, '');
  return name === '' ? fallback : name;
}

/** Says whether whoever listens at this numeric address keeps others from the loopback ones. */
export function takesLoopback(host: string): boolean {
  return /^(\*|0\.0\.0\.0|127\..*|\[?::1?\]?)$/.test(host);
}

/** Runs a system program and answers what it printed. */
export type RunProgram = (file: string, words: readonly string[]) => Promise<string>;

/** Runs programs by their full path, without a shell and with nothing of our environment, until the signal. */
export function programRunner(signal: AbortSignal): RunProgram {
  return async (file, words) => {
    const { stdout } = await promisify(execFile)(file, words, { signal, windowsHide: true, env: { LC_ALL: 'C' } });
    return stdout;
  };
}
