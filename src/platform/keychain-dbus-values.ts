/** A value by its D-Bus type: `ay` is bytes, other arrays and structs are arrays, a dictionary is an array of pairs. */
export type DbusValue = number | bigint | boolean | string | Uint8Array | readonly DbusValue[] | DbusVariant;

/** A value that carries its own type (`v`). */
interface DbusVariant {
  readonly signature: string;
  readonly value: DbusValue;
}

/** Tells a variant from the other values. */
export function isVariant(value: DbusValue | undefined): value is DbusVariant {
  return typeof value === 'object' && 'signature' in value;
}

/** Writes values in the D-Bus wire format (D-Bus specification, "Type System"), little-endian. */
export class DbusEncoder {
  length = 0;
  /** Holds zeros beyond the length, so that padding needs no writing. */
  #buffer = Buffer.alloc(1_024);

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  align(boundary: number): void {
    this.#reserve(alignTo(this.length, boundary) - this.length);
  }

  writeAll(signature: string, values: readonly DbusValue[]): void {
    const types = splitSignature(signature);
    if (types.length !== values.length) throw new TypeError(`${signature} does not take ${values.length} values`);
    types.forEach((type, index) => this.#write(type, values[index]));
  }

  #write(type: string, value: DbusValue | undefined): void {
    this.align(alignment(type));
    switch (type.charAt(0)) {
      case 'y':
        return this.#writeByte(Number(value));
      case 'b':
      case 'u':
        return this.#writeNumber(Number(value));
      case 's':
      case 'o':
      case 'g': {
        if (typeof value !== 'string') break;
        const size = Buffer.byteLength(value);
        if (type === 'g') this.#writeByte(size);
        else this.#writeNumber(size);
        // The NUL at its end is there already.
        const offset = this.#reserve(size + 1);
        this.#buffer.write(value, offset);
        return undefined;
      }
      case 'v':
        if (!isVariant(value)) break;
        this.#write('g', value.signature);
        return this.#write(value.signature, value.value);
      case '(':
      case '{':
        if (!Array.isArray(value)) break;
        return this.writeAll(type.slice(1, -1), value);
      case 'a':
        if (value instanceof Uint8Array) {
          this.#writeNumber(value.length);
          const offset = this.#reserve(value.length);
          this.#buffer.set(value, offset);
          return undefined;
        }
        if (!Array.isArray(value)) break;
        return this.#writeArray(type.slice(1), value);
      default:
    }
    throw new TypeError(`no value of D-Bus type ${type}`);
  }

  #writeArray(type: string, values: readonly DbusValue[]): void {
    const sizeOffset = this.#reserve(4);
    this.align(alignment(type));
    const start = this.length;
    for (const value of values) this.#write(type, value);
    this.#buffer.writeUInt32LE(this.length - start, sizeOffset);
  }

  #writeByte(value: number): void {
    const offset = this.#reserve(1);
    this.#buffer.writeUInt8(value, offset);
  }

  #writeNumber(value: number): void {
    const offset = this.#reserve(4);
    this.#buffer.writeUInt32LE(value, offset);
  }

  /** Makes room for that many bytes; answers where they begin. */
  #reserve(size: number): number {
    const offset = this.length;
    this.length += size;
    if (this.length > this.#buffer.length) {
      const larger = Buffer.alloc(2 * this.length);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return offset;
  }
}

/** Reads values in the D-Bus wire format; throws a RangeError where the bytes are not what the signature says. */
export class DbusDecoder {
  #offset = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  readAll(signature: string): DbusValue[] {
    return splitSignature(signature).map((type) => this.#read(type));
  }

  #read(type: string): DbusValue {
    this.#offset = alignTo(this.#offset, alignment(type));
    switch (type.charAt(0)) {
      case 'y':
        return this.#bytes.readUInt8(this.#skip(1));
      case 'n':
      case 'q':
        return this.#bytes.readUInt16LE(this.#skip(2));
      case 'b':
        return this.#bytes.readUInt32LE(this.#skip(4)) === 1;
      case 'i':
      case 'u':
      case 'h':
        return this.#bytes.readUInt32LE(this.#skip(4));
      case 'x':
      case 't':
      case 'd':
        return this.#bytes.readBigUInt64LE(this.#skip(8));
      case 's':
      case 'o':
      case 'g': {
        return this.#readText(type === 'g' ? 'y' : 'u');
      }
      case 'v': {
        const signature = this.#readText('y');
        return { signature, value: this.#read(signature) };
      }
      case '(':
      case '{':
        return this.readAll(type.slice(1, -1));
      case 'a':
        return this.#readArray(type.slice(1));
      default:
        throw new RangeError(`no D-Bus type ${type}`);
    }
  }

  #readText(sizeType: 'y' | 'u'): string {
    const text = this.#take(Number(this.#read(sizeType))).toString();
    this.#skip(1);
    return text;
  }

  #readArray(type: string): DbusValue {
    const size = Number(this.#read('u'));
    if (type === 'y') return this.#take(size);
    this.#offset = alignTo(this.#offset, alignment(type));
    const end = this.#offset + size;
    const values: DbusValue[] = [];
    while (this.#offset < end) values.push(this.#read(type));
    return values;
  }

  #take(size: number): Buffer {
    const start = this.#skip(size);
    if (this.#offset > this.#bytes.length) throw new RangeError('a D-Bus message that ends too early');
    return this.#bytes.subarray(start, start + size);
  }

  #skip(size: number): number {
    this.#offset += size;
    return this.#offset - size;
  }
}

/** Rounds an offset up to the next boundary. */
export function alignTo(offset: number, boundary: number): number {
  return Math.ceil(offset / boundary) * boundary;
}

function alignment(type: string): number {
  switch (type.charAt(0)) {
    case 'y':
    case 'g':
    case 'v':
      return 1;
    case 'n':
    case 'q':
      return 2;
    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{':
      return 8;
    default:
      return 4;
  }
}

/** Splits `sa{sv}(oayays)` into the complete types `s`, `a{sv}` and `(oayays)`. */
function splitSignature(signature: string): string[] {
  const types: string[] = [];
  let start = 0;
  let depth = 0;
  for (let index = 0; index < signature.length; index += 1) {
    const char = signature[index];
    if (char === '(' || char === '{') depth += 1;
    if (char === ')' || char === '}') depth -= 1;
    if (depth < 0) break;
    if (depth > 0 || char === 'a') continue;
    types.push(signature.slice(start, index + 1));
    start = index + 1;
  }
  if (start !== signature.length) throw new RangeError('a D-Bus signature that does not end');
  return types;
}
