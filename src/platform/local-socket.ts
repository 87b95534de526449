import process from 'node:process';

/** A connection to a local socket. */
export interface LocalSocket {
  readonly write: (bytes: Uint8Array) => void;
  /** Ends it at once; nothing is heard of it after that. */
  readonly destroy: () => void;
}

/** What is heard of a connection; nothing before `connectLocal` has returned. */
export interface LocalSocketEvents {
  /** The bytes are valid during the call alone. */
  readonly onBytes: (bytes: Uint8Array) => void;
  readonly onError: (error: Error) => void;
  /** The other side ended it. */
  readonly onClose: () => void;
}

/**
 * Connects to a Unix socket; a name that begins with NUL is Linux's abstract one. What is written before it is connected is
 * kept. Node's `net` is not imported: what keeps tokens in a file does without it. In the standalone binary `net` takes
 * five times as long to load as all else that a kept token needs, so there it is Bun's own.
 */
export function connectLocal(path: string, first: Uint8Array, events: LocalSocketEvents): LocalSocket {
  const bun: unknown = Reflect.get(globalThis, 'Bun');
  return hasSockets(bun) ? connectByBun(bun, path, first, events) : connectByNode(path, first, events);
}

function hasSockets(bun: unknown): bun is BunSockets {
  return typeof bun === 'object' && bun !== null && 'connect' in bun;
}

function connectByNode(path: string, first: Uint8Array, { onBytes, onError, onClose }: LocalSocketEvents): LocalSocket {
  const { connect } = process.getBuiltinModule('node:net');
  const callback = (size: number, buffer: Uint8Array): boolean => {
    onBytes(buffer.subarray(0, size));
    return true;
  };
  // Past the stream, which would take longer to get going than the other side to answer.
  const socket = connect({ path, onread: { buffer: Buffer.alloc(64 * 1024), callback } });
  socket.on('error', onError).on('close', onClose);
  socket.write(first);
  return { write: (bytes) => void socket.write(bytes), destroy: () => void socket.destroy() };
}

/** What is used of Bun.connect (Bun's documentation, "TCP sockets"). */
interface BunSockets {
  connect(options: { readonly unix: string; readonly socket: BunSocketEvents }): Promise<BunSocket>;
}

interface BunSocket {
  /** Answers how many bytes were taken. */
  write(bytes: Uint8Array): number;
  terminate(): void;
}

interface BunSocketEvents {
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Uint8Array): void;
  drain(socket: BunSocket): void;
  error(socket: BunSocket, error: Error): void;
  connectError(): void;
  close(): void;
}

function connectByBun(bun: BunSockets, path: string, first: Uint8Array, events: LocalSocketEvents): LocalSocket {
  let socket: BunSocket | undefined;
  let waiting = first;
  let isDone = false;
  const unlessDone = (tell: () => void): void => {
    if (!isDone) tell();
  };
  const flush = (to: BunSocket): void => {
    waiting = waiting.subarray(Math.max(0, to.write(waiting)));
  };
  const connecting = bun.connect({
    unix: path,
    socket: {
      open(opened) {
        socket = opened;
        if (isDone) opened.terminate();
        else flush(opened);
      },
      data: (_socket, bytes) => unlessDone(() => events.onBytes(bytes)),
      drain: (to) => flush(to),
      error: (_socket, error) => unlessDone(() => events.onError(error)),
      connectError: () => {}, // without it Bun throws; it comes before connect() has returned, the promise after
      close: () => unlessDone(events.onClose),
    },
  });
  connecting.catch((error: unknown) =>
    unlessDone(() => events.onError(error instanceof Error ? error : new Error('no connection', { cause: error }))),
  );
  return {
    write(bytes) {
      waiting = Buffer.concat([waiting, bytes]);
      if (socket !== undefined) flush(socket);
    },
    destroy() {
      isDone = true;
      socket?.terminate();
    },
  };
}
