import { keychainService } from './keychain-items.ts';

/** What a message is sent to: destination, object, interface, method. */
type Target = readonly [destination: string, path: string, interfaceName: string, member: string];

const bus: Target = ['org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'Hello'];
const secrets = ['org.freedesktop.secrets', '/org/freedesktop/secrets'] as const;

/** The calls' serials, by which replies name them. */
const serials = { hello: 1, collections: 2, locked: 3, search: 4 } as const;

/** Far more than the paths of all our items take, in bytes. */
const longestAnswer = 1_000_000;

/**
 * Writes what a check of the Secret Service begins with: who asks, and something whose answer nobody needs. A property
 * that needs to know its client, asked for first, has gnome-keyring abort now and then: it gets to know clients in
 * another thread. All in one go, without waiting for the greeting, as sd-bus does.
 */
export function writeGreeting(userId: number): Buffer {
  const id = Buffer.from(String(userId)).toString('hex');
  return toBytes(
    `\0AUTH EXTERNAL ${id}\r\nBEGIN\r\n`,
    encodeCall(serials.hello, bus, '', ''),
    encodeGet(serials.collections, secrets[1], 'org.freedesktop.Secret.Service', 'Collections'),
  );
}

/** Writes the questions, once the greeting is answered: is the default keyring locked, which of our items are. */
export function writeQuestions(): Buffer {
  const attributes = encodeTexts('service', keychainService);
  const search: Target = [...secrets, 'org.freedesktop.Secret.Service', 'SearchItems'];
  return toBytes(
    encodeGet(serials.locked, `${secrets[1]}/aliases/default`, 'org.freedesktop.Secret.Collection', 'Locked'),
    // An array: its length, then its elements from the next multiple of 8.
    encodeCall(serials.search, search, 'a{ss}', `${encodeNumber(attributes.length)}\0\0\0\0${attributes}`),
  );
}

/** What was answered so far. */
export type CheckProgress = 'nothing' | 'greeting' | 'locked' | 'unlocked' | 'not a bus';

/** Reads all that was received so far. */
export function readProgress(received: Buffer): CheckProgress {
  if (!'OK '.startsWith(received.toString('latin1', 0, 3)) || received.length > longestAnswer) return 'not a bus';
  const replies = new Map<number, Buffer>();
  const greeting = received.indexOf('\r\n');
  let at = greeting < 0 ? received.length : greeting + 2;
  while (at + 16 <= received.length) {
    if (received[at] !== littleEndian) return 'not a bus';
    const body = at + align(8, 16 + received.readUInt32LE(at + 12));
    const end = body + received.readUInt32LE(at + 4);
    if (end > received.length) break;
    const header = received.subarray(at, body);
    for (const serial of Object.values(serials)) {
      if (header.includes(replyTo(serial), 0, 'latin1')) replies.set(serial, received.subarray(body, end));
    }
    at = end;
  }
  const [locked, search] = [replies.get(serials.locked), replies.get(serials.search)];
  if (locked !== undefined && search !== undefined) {
    return isCollectionLocked(locked) || isItemLocked(search) ? 'locked' : 'unlocked';
  }
  return replies.has(serials.collections) ? 'greeting' : 'nothing';
}

const littleEndian = 'l'.charCodeAt(0);

/** The header field that says which call a message replies to; no text in a header can contain these bytes. */
function replyTo(serial: number): string {
  return `\u0005\u0001u\0${encodeNumber(serial)}`;
}

/** Reads a variant of a boolean, `1 b 0 0` and the number. An error's body is a text, which begins otherwise. */
function isCollectionLocked(body: Buffer): boolean {
  return body.equals(Buffer.of(1, 'b'.charCodeAt(0), 0, 0, 1, 0, 0, 0));
}

/** Reads two arrays, of unlocked items and of locked ones. An error's body is a single text, as good as one array. */
function isItemLocked(body: Buffer): boolean {
  const second = body.length < 4 ? 0 : align(4, 4 + body.readUInt32LE(0));
  return second + 4 <= body.length && body.readUInt32LE(second) > 0;
}

function encodeGet(serial: number, path: string, interfaceName: string, property: string): string {
  const target: Target = [secrets[0], path, 'org.freedesktop.DBus.Properties', 'Get'];
  return encodeCall(serial, target, 'ss', encodeTexts(interfaceName, property));
}

/**
 * Encodes a method call: D-Bus specification, "Message Format", little-endian. A string stands for the bytes: the few
 * hundred of a check are made sooner so than of buffers.
 */
function encodeCall(serial: number, target: Target, signature: string, body: string): string {
  const [destination, path, interfaceName, member] = target;
  let fields = `\u0008\u0001g\0${String.fromCharCode(signature.length)}${signature}\0`;
  for (const [code, type, text] of [
    ['\u0001', 'o', path],
    ['\u0002', 's', interfaceName],
    ['\u0003', 's', member],
    ['\u0006', 's', destination],
  ] as const) {
    fields = `${pad(8, fields)}${code}\u0001${type}\0${encodeTexts(text)}`;
  }
  const lengths = [body.length, serial, fields.length].map(encodeNumber).join('');
  return `l\u0001\0\u0001${lengths}${pad(8, fields)}${body}`;
}

function encodeTexts(...texts: string[]): string {
  let bytes = '';
  for (const text of texts) bytes = `${pad(4, bytes)}${encodeNumber(text.length)}${text}\0`;
  return bytes;
}

function encodeNumber(value: number): string {
  return String.fromCharCode(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24);
}

function pad(multiple: number, bytes: string): string {
  return bytes.padEnd(align(multiple, bytes.length), '\0');
}

function align(multiple: number, length: number): number {
  return Math.ceil(length / multiple) * multiple;
}

function toBytes(...parts: string[]): Buffer {
  return Buffer.from(parts.join(''), 'latin1');
}
