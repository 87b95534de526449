import type { ReadStream, WriteStream } from 'node:tty';
import { EntraLoginError } from '../errors.ts';
import type { Input, Output } from '../context.ts';

/** What decides on colours. */
export interface ColorSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv: readonly string[];
}

/** Makes an output of a stream of the process. A reader that went away (`| head -1`) is no error. */
export function createOutput(stream: WriteStream, sources: ColorSources): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const isTerminal = stream.isTTY;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    // It may change while we run.
    get columns() {
      return isTerminal && stream.columns > 0 ? stream.columns : 80;
    },
    colorLevel: colorLevelOf(sources, isTerminal ? stream.getColorDepth() : 1),
  };
}

/**
 * Decides on colours: `--no-color`, then `FORCE_COLOR`, `NO_COLOR` (no-color.org), `TERM=dumb`, then what the terminal
 * shows (bits of colour depth, 1 where there is no terminal).
 */
export function colorLevelOf({ env, argv }: ColorSources, depth: number): Output['colorLevel'] {
  if (argv.includes('--no-color')) return 0;
  const force = env['FORCE_COLOR'];
  if (force !== undefined) {
    if (force === '0' || force === 'false') return 0;
    return force === '2' ? 2 : force === '3' ? 3 : 1;
  }
  if ((env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return 0;
  return depth >= 24 ? 3 : depth >= 8 ? 2 : depth >= 4 ? 1 : 0;
}

/** Makes the input of the process's stdin; nothing is read, and nothing keeps the process alive, before it is asked. */
export function createInput(open: () => ReadStream): Input {
  let stream: ReadStream | undefined;
  const stdin = (): ReadStream => (stream ??= open());
  // What came in one piece after the line that was read; a pipe may carry several answers.
  let rest = '';
  return {
    get isTerminal() {
      return stdin().isTTY;
    },
    readLine: async ({ hidden, signal }) => {
      const input = stdin();
      const raw = hidden && input.isTTY;
      if (raw) input.setRawMode(true);
      try {
        const read = await readLine(input, raw, rest, signal);
        rest = read.rest;
        return read.line;
      } finally {
        if (raw) input.setRawMode(false);
        input.pause();
        input.unref();
      }
    },
  };
}

// A redirected URL is 2 to 4 kB, a token up to 20; more is not what was asked for.
const longestLine = 64 * 1024;

interface LineRead {
  readonly line: string | undefined;
  readonly rest: string;
}

async function readLine(input: ReadStream, raw: boolean, before: string, signal: AbortSignal): Promise<LineRead> {
  signal.throwIfAborted();
  return await new Promise<LineRead>((resolve, reject) => {
    let text = '';
    let isDone = false;
    const finish = (end: () => void): void => {
      isDone = true;
      input.off('data', onData).off('end', onEnd).off('error', onError);
      signal.removeEventListener('abort', onAbort);
      end();
    };
    const onAbort = (): void => {
      finish(() => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')));
    };
    const onEnd = (): void => finish(() => resolve({ line: text === '' ? undefined : text, rest: '' }));
    const onError = (error: Error): void => finish(() => reject(unreadable(error)));
    const onData = (chunk: Buffer | string): void => {
      // Pasted text comes in brackets where the terminal marks it so.
      const typed = String(chunk).replaceAll(/\u001b\[20[01]~/g, '');
      for (let index = 0; index < typed.length; index += 1) {
        const character = typed.charAt(index);
        if (character === '\n' || (raw && character === '\r')) {
          const line = text.endsWith('\r') ? text.slice(0, -1) : text;
          finish(() => resolve({ line, rest: typed.slice(index + 1) }));
          return;
        }
        if (raw && character === '\u0003') {
          finish(() => reject(new EntraLoginError('cancelled', 'Cancelled.')));
          return;
        }
        if (raw && character === '\u0004' && text === '') {
          onEnd();
          return;
        }
        if (raw && (character === '\u007f' || character === '\b')) text = text.slice(0, -1);
        else if (raw && character === '\u0015') text = '';
        else if (!raw || character >= ' ') text += character;
      }
      if (text.length > longestLine) finish(() => reject(unreadable(undefined)));
    };
    input.setEncoding('utf8');
    input.on('end', onEnd).on('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    input.ref();
    if (before !== '') onData(before);
    // Resumed by name: a stream that was paused does not flow again for a new listener.
    if (!isDone) input.on('data', onData).resume();
    if (!isDone && input.readableEnded) onEnd();
  });
}

function unreadable(cause: Error | undefined): EntraLoginError {
  const message = cause === undefined ? 'The line on standard input is too long.' : 'Standard input cannot be read.';
  return new EntraLoginError('usage', message, { hint: 'Give one line, at most 64 KiB.', cause });
}
