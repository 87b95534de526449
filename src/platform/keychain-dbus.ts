import { connect } from 'node:net';

import { decodeMessage, encodeCall, type DbusCall, type DbusMessage } from './keychain-dbus-message.ts';
import type { DbusValue } from './keychain-dbus-values.ts';

/** What came back for a call. */
export type DbusReply =
  | { readonly kind: 'values'; readonly values: readonly DbusValue[] }
  | { readonly kind: 'error'; readonly name: string; readonly text: string };

/** Why there is no connection, or no longer one. */
export type DbusFailure = 'no-address' | 'refused' | 'broken' | 'time-limit';

/** A connection to the session bus; it ends by itself when the time limit runs out. */
export interface DbusConnection {
  /** Sends a call; rejects with what `fail` was given when the connection ends first. */
  call(call: DbusCall): Promise<DbusReply>;
  /** Waits for the next signal of the object. */
  nextSignal(path: string, member: string): Promise<readonly DbusValue[]>;
  /** Ends the connection when the bus has been silent for that many milliseconds. */
  limitSilence(milliseconds: number): void;
  /** Ends the connection with the error that many milliseconds from now, whatever is heard. */
  limitTime(milliseconds: number, error: Error): void;
  /** Waits that many milliseconds, but no longer than the connection lasts. */
  wait(milliseconds: number): Promise<void>;
  /** Rejects all that waits with the error and closes. */
  fail(error: Error): void;
  close(): void;
}

/** Where the session bus listens: D-Bus specification, "Server Addresses", of which only Unix sockets are spoken. */
export function findSessionBus(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  // systemd's bus has this address; a shell from su, cron or ssh often lacks the variable that says so.
  const addresses = env['DBUS_SESSION_BUS_ADDRESS'] || 'unix:runtime=yes';
  for (const address of addresses.split(';')) {
    if (!address.startsWith('unix:')) continue;
    const pairs = address.slice('unix:'.length).split(',');
    const values = new Map(
      pairs.map((pair) => [pair.split('=', 1)[0], unescapeValue(pair.slice(pair.indexOf('=') + 1))]),
    );
    const path = values.get('path');
    if (path !== undefined) return path;
    const abstract = values.get('abstract');
    if (abstract !== undefined) return `\0${abstract}`;
    if (values.get('runtime') === 'yes' && runtimeDir !== undefined) return `${runtimeDir}/bus`;
  }
  return undefined;
}

/**
 * Connects to the bus and says hello; calls made before it answers are sent at once, behind the greeting.
 * `describe` makes the error of each way in which a connection fails.
 */
export function connectDbus(
  socketPath: string,
  describe: (failure: DbusFailure, cause?: Error) => Error,
): DbusConnection {
  const socket = connect(socketPath);
  const waiting = new Map<number, { resolve(reply: DbusReply): void; reject(error: Error): void }>();
  const signals: {
    path: string;
    member: string;
    resolve(v: readonly DbusValue[]): void;
    reject(error: Error): void;
  }[] = [];
  let serial = 0;
  let greeted = false;
  let received: Buffer = Buffer.alloc(0);
  let ended: Error | undefined;
  let timer: NodeJS.Timeout | undefined;
  let silence: number | undefined;

  const fail = (error: Error): void => {
    if (ended !== undefined) return;
    ended = error;
    clearTimeout(timer);
    socket.destroy();
    for (const waiter of [...waiting.values(), ...signals]) waiter.reject(error);
  };

  const startTimer = (milliseconds: number, error: () => Error): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const due = timer;
      // A process that was not given the processor finds its timers due before it has read what came in meanwhile.
      setImmediate(() => {
        if (timer === due) fail(error());
      });
    }, milliseconds);
  };
  const restartSilence = (): void => {
    if (silence !== undefined) startTimer(silence, () => describe('time-limit'));
  };

  const dispatch = (message: DbusMessage): void => {
    if (message.type === 'signal') {
      const index = signals.findIndex(({ path, member }) => path === message.path && member === message.member);
      if (index >= 0) signals.splice(index, 1)[0]?.resolve(message.values());
      return;
    }
    const caller = waiting.get(message.replySerial ?? 0);
    if (caller === undefined) return;
    waiting.delete(message.replySerial ?? 0);
    if (message.type === 'error') {
      const [text] = message.values();
      caller.resolve({
        kind: 'error',
        name: message.errorName ?? '',
        text: typeof text === 'string' ? text : '',
      });
    } else {
      caller.resolve({ kind: 'values', values: message.values() });
    }
  };

  const receive = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    restartSilence();
    if (!greeted) {
      const length = greetingLength(received.toString('latin1', 0, 1_024));
      if (length === undefined) return;
      received = received.subarray(length);
      greeted = true;
    }
    for (let next = decodeMessage(received); next !== undefined; next = decodeMessage(received)) {
      received = received.subarray(next.length);
      dispatch(next.message);
    }
  };

  const connection: DbusConnection = {
    call(call) {
      return new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        serial += 1;
        waiting.set(serial, { resolve, reject });
        socket.write(encodeCall(serial, call));
      });
    },
    nextSignal(path, member) {
      return new Promise((resolve, reject) => {
        if (ended === undefined) signals.push({ path, member, resolve, reject });
        else reject(ended);
      });
    },
    limitSilence(milliseconds) {
      silence = milliseconds;
      restartSilence();
    },
    limitTime(milliseconds, error) {
      silence = undefined;
      startTimer(milliseconds, () => error);
    },
    wait(milliseconds) {
      return new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended);
        // Should the connection end meanwhile, the next call says so.
        setTimeout(resolve, milliseconds);
      });
    },
    fail,
    close: () => fail(describe('broken')),
  };

  socket.on('data', (chunk) => {
    try {
      receive(chunk);
    } catch (error) {
      fail(describe('broken', error instanceof Error ? error : undefined));
    }
  });
  socket.on('error', (error) => fail(describe(greeted ? 'broken' : 'refused', error)));
  socket.on('close', () => fail(describe('broken')));
  // Who we are the bus learns from the socket; naming the user ID as well would fail in a container that maps it.
  // Nothing waits for an answer: that saves a millisecond, and what follows is void if the bus refuses.
  socket.write('\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n');
  connection
    .call({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'Hello',
      signature: '',
      arguments: [],
    })
    .catch(() => {
      // Whatever ends the connection rejects the calls that follow too.
    });
  return connection;
}

/** Measures the answers to AUTH and DATA, after which messages follow; `undefined` while they are not whole. */
function greetingLength(text: string): number | undefined {
  const [first = '', second = ''] = text.split('\r\n').slice(0, -1);
  if ((first !== '' && !first.startsWith('DATA')) || (second !== '' && !second.startsWith('OK '))) {
    throw new RangeError('no D-Bus, or not for this user');
  }
  return second === '' ? undefined : first.length + second.length + 2 * '\r\n'.length;
}

function unescapeValue(value: string): string {
  return value.replaceAll(/%([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
