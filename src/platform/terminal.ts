import { fstatSync, writeSync } from 'node:fs';
import process from 'node:process';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Input, Output } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { colorLevelOf } from './terminal-colors.ts';
import type { ColorSources } from './terminal-colors.ts';
import { readPiped, readTyped } from './terminal-line.ts';
import type { LineRead } from './terminal-line.ts';

/** What an output is made of. */
export interface OutputSource {
  readonly descriptor: number;
  /** Opens the process's stream for it. */
  readonly open: () => WriteStream;
}

/**
 * Makes an output of a stream of the process. The stream is opened only where it must be: that takes longer than all
 * that a kept token needs. A reader that went away (`| head -1`) is no failure.
 */
export function createOutput({ descriptor, open }: OutputSource, sources: ColorSources): Output {
  let stream: WriteStream | undefined;
  let failure: NodeJS.ErrnoException | undefined;
  const heed = (error: NodeJS.ErrnoException): void => {
    // EIO: the terminal was closed.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') failure = error;
  };
  const opened = (): WriteStream => (stream ??= open().on('error', heed));
  const isTerminal = once(() => isTerminalAt(descriptor));
  const colorLevel = once(() => colorLevelOf(sources, isTerminal, () => opened().getColorDepth(sources.env)));
  return {
    write(text) {
      const rest = stream === undefined ? writeDirectly(descriptor, text) : text;
      if (rest.length > 0) opened().write(rest);
    },
    async settle() {
      if (stream === undefined) return; // all was written at once
      // Files are written at once; that it failed is told with the next turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (failure !== undefined) throw unwritten(failure);
    },
    get isTerminal() {
      return isTerminal();
    },
    // It may change while we run.
    get columns() {
      return isTerminal() && opened().columns > 0 ? opened().columns : 80;
    },
    get rows() {
      return isTerminal() && opened().rows > 0 ? opened().rows : undefined;
    },
    get colorLevel() {
      return colorLevel();
    },
  };
}

function unwritten(cause: NodeJS.ErrnoException): EntraLoginError {
  const reason = cause.code === 'ENOSPC' ? 'the disk is full' : (cause.code ?? 'unknown reason');
  return new EntraLoginError('store_failed', `The result cannot be written to standard output: ${reason}.`, {
    hint: 'Send it to where there is room; what was done is done.',
    cause,
  });
}

/** Writes what can be written at once, and answers the rest. */
function writeDirectly(descriptor: number, text: string): Buffer {
  let rest = Buffer.from(text);
  // Windows' consoles take text, not bytes.
  if (process.platform === 'win32') return rest;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
  } catch {
    // A pipe that is full and does not block, a full disk, a reader that is gone: the stream tells.
  }
  return rest;
}

function isTerminalAt(descriptor: number): boolean {
  if (process.platform !== 'win32' && !isCharacterDevice(descriptor)) return false;
  // Not imported: it brings all of Node's network with it.
  return process.getBuiltinModule('node:tty').isatty(descriptor);
}

function isCharacterDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return false; // closed
  }
}

function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => (found ??= { value: find() }).value;
}

/**
 * Makes the input of the process's stdin. The stream is opened at the first read, since opening alone makes a pipe
 * non-blocking for whoever shares it; between reads it keeps nothing alive.
 */
export function createInput(open: () => ReadStream): Input {
  let stream: ReadStream | undefined;
  // What came in one piece after the line that was read; a pipe may carry several answers.
  let rest = '';
  const isTerminal = once(() => isTerminalAt(0));
  return {
    get isTerminal() {
      return isTerminal();
    },
    readLine: async ({ hidden, signal }) => {
      if (signal.aborted) throw cancelled(signal.reason);
      const input = (stream ??= open());
      const raw = hidden && input.isTTY;
      if (raw) input.setRawMode(true);
      try {
        const read = await readLine(input, raw ? readTyped : readPiped, rest, signal);
        rest = read.rest;
        return read.line;
      } finally {
        if (raw) input.setRawMode(false);
        input.pause();
        if (canBeUnreferenced(input)) input.unref();
      }
    },
  };
}

// A redirected URL is 2 to 4 kB, a token up to 20; more is not what was asked for.
const longestLine = 64 * 1024;

async function readLine(
  input: ReadStream,
  read: (text: string, isEnd: boolean) => LineRead,
  before: string,
  signal: AbortSignal,
): Promise<{ readonly line: string | undefined; readonly rest: string }> {
  return await new Promise((resolve, reject) => {
    let text = before;
    let isDone = false;
    const take = (isEnd: boolean): void => {
      const outcome = read(text, isEnd);
      if (outcome.kind === 'line') finish(() => resolve(outcome));
      else if (outcome.kind === 'cancelled') finish(() => reject(cancelled(undefined)));
      else if (isEnd) finish(() => resolve({ line: undefined, rest: '' }));
      else if (text.length > longestLine) finish(() => reject(tooLong()));
    };
    const onData = (chunk: Buffer | string): void => {
      text += String(chunk);
      take(false);
    };
    const onEnd = (): void => take(true);
    const onError = (error: Error): void => finish(() => reject(unreadable(error)));
    const onAbort = (): void => finish(() => reject(cancelled(signal.reason)));
    const finish = (settle: () => void): void => {
      isDone = true;
      input.off('data', onData).off('end', onEnd).off('error', onError);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    input.setEncoding('utf8');
    if (canBeUnreferenced(input)) input.ref();
    input.on('data', onData).on('end', onEnd).on('error', onError);
    if (input.errored) return onError(input.errored);
    take(input.readableEnded);
    // By name: a stream that was paused does not flow again for a new listener.
    if (!isDone) input.resume();
  });
}

// Where stdin is a file it is another class, without them.
function canBeUnreferenced(input: ReadStream): boolean {
  return 'unref' in input;
}

function cancelled(reason: unknown): EntraLoginError {
  return reason instanceof EntraLoginError ? reason : new EntraLoginError('cancelled', 'Cancelled.', { cause: reason });
}

function tooLong(): EntraLoginError {
  return new EntraLoginError('usage', 'The line on standard input is longer than 64 KiB.', {
    hint: 'Give one line with nothing else in it.',
  });
}

function unreadable(cause: Error): EntraLoginError {
  return new EntraLoginError('usage', 'Standard input cannot be read.', {
    hint: 'Give one line, or a terminal.',
    cause,
  });
}
