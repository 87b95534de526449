import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Reads the arguments of a process, NUL between them; empty once it is gone. */
export function readCommandLine(processId: number): string {
  return readText(`/proc/${processId}/cmdline`);
}

/** Reads the peak of a process's resident memory (VmHWM); 0 once it is gone. */
export function readPeakMegabytes(processId: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readText(`/proc/${processId}/status`))?.[1] ?? 0) / 1_024;
}

/** Lists the processes that a process started, theirs too. */
export function listDescendants(processId: number): number[] {
  const threads = readNames(`/proc/${processId}/task`);
  const children = threads.flatMap((thread) => {
    const text = readText(`/proc/${processId}/task/${thread}/children`).trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
  return children.flatMap((child) => [child, ...listDescendants(child)]);
}

/** Tells whether a process runs; one that ended and was not waited for yet does not. */
export function isRunning(processId: number): boolean {
  const state = readText(`/proc/${processId}/stat`).split(') ').at(-1)?.charAt(0) ?? '';
  return state !== '' && state !== 'Z';
}

/** Tells whether anything answers on a port of the loopback addresses. */
export async function isListening(port: number): Promise<boolean> {
  const answers = await Promise.all(['127.0.0.1', '::1'].map((host) => connects(host, port)));
  return answers.includes(true);
}

async function connects(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function readNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // gone
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone
  }
}
