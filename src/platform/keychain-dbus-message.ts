import { alignTo, DbusDecoder, DbusEncoder, isVariant, type DbusValue } from './keychain-dbus-values.ts';

/** A method call (D-Bus specification, "Message Protocol"); `signature` is the type of each argument in a row. */
export interface DbusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly arguments: readonly DbusValue[];
}

/** A message that came in; `values()` reads its body and throws a RangeError if that is not what its signature says. */
export interface DbusMessage {
  readonly type: 'reply' | 'error' | 'signal' | 'other';
  readonly replySerial: number | undefined;
  readonly path: string | undefined;
  readonly member: string | undefined;
  readonly errorName: string | undefined;
  values(): DbusValue[];
}

/** What the D-Bus specification allows a message to take is 128 MiB; nothing that is kept here comes near this. */
const sizeLimit = 16 * 1024 * 1024;

const messageTypes: Readonly<Record<number, DbusMessage['type']>> = { 2: 'reply', 3: 'error', 4: 'signal' };

/** Encodes a method call that awaits a reply and lets the bus start the service. */
export function encodeCall(serial: number, call: DbusCall): Buffer {
  const body = new DbusEncoder();
  body.writeAll(call.signature, call.arguments);
  const fields: DbusValue[] = [
    [1, { signature: 'o', value: call.path }],
    [2, { signature: 's', value: call.interface }],
    [3, { signature: 's', value: call.member }],
    [6, { signature: 's', value: call.destination }],
  ];
  if (call.signature !== '') fields.push([8, { signature: 'g', value: call.signature }]);
  const header = new DbusEncoder();
  header.writeAll('yyyyuua(yv)', [0x6c, 1, 0, 1, body.length, serial, fields]);
  header.align(8);
  return Buffer.concat([header.bytes(), body.bytes()]);
}

/**
 * Takes the first message off the bytes: `undefined` while it is not whole. Throws a RangeError for what is no message.
 */
export function decodeMessage(bytes: Buffer): { message: DbusMessage; length: number } | undefined {
  if (bytes.length < 16) return undefined;
  if (bytes[0] !== 0x6c) throw new RangeError('not a little-endian D-Bus message');
  const bodyStart = alignTo(16 + bytes.readUInt32LE(12), 8);
  const length = bodyStart + bytes.readUInt32LE(4);
  if (length > sizeLimit) throw new RangeError('a D-Bus message beyond every measure');
  if (bytes.length < length) return undefined;

  const [type, fields] = new DbusDecoder(bytes.subarray(0, bodyStart)).readAll('yyyyuua(yv)').filter(isTypeOrFields);
  const field = new Map<DbusValue, DbusValue>();
  for (const entry of Array.isArray(fields) ? fields : []) {
    const [code, variant] = Array.isArray(entry) ? entry : [];
    if (code !== undefined && isVariant(variant)) field.set(code, variant.value);
  }
  const text = (code: number): string | undefined => {
    const value = field.get(code);
    return typeof value === 'string' ? value : undefined;
  };
  const replySerial = field.get(5);
  return {
    message: {
      type: messageTypes[Number(type)] ?? 'other',
      replySerial: typeof replySerial === 'number' ? replySerial : undefined,
      path: text(1),
      member: text(3),
      errorName: text(4),
      values: () => new DbusDecoder(bytes.subarray(bodyStart, length)).readAll(text(8) ?? ''),
    },
    length,
  };
}

/** The header is endianness, type, flags, version, body length, serial, fields. */
function isTypeOrFields(_value: DbusValue, index: number): boolean {
  return index === 1 || index === 6;
}
