// Signs a macOS program ad hoc, as Apple's linker does: without a name, for the kernel alone, which ends a program whose
// signature does not fit it. Bun 1.4 leaves its own signature on the darwin-x64 binaries that it makes, and that no longer
// fits. The layout is that of Apple's cs_blobs.h and mach-o/loader.h.
import { createHash } from 'node:crypto';

const machHeader64 = 0xfeedfacf;
const segmentCommand64 = 0x19;
const codeSignatureCommand = 0x1d;
const superBlob = 0xfade0cc0;
const codeDirectory = 0xfade0c02;
const pageBits = 12;
const identifier = 'entra-login';

/** Answers the program with an ad-hoc signature in place of whatever signature it has. */
export function signAdHoc(program) {
  const { signature, text, linkEdit } = readLayout(program);
  const codeLimit = signature.offset;
  const slots = Math.ceil(codeLimit / 2 ** pageBits);
  const headSize = 88;
  const directorySize = headSize + identifier.length + 1 + 32 * slots;
  const size = 20 + directorySize;
  const code = Buffer.from(program.subarray(0, codeLimit));
  // The headers are hashed too, so they are changed first.
  code.writeUInt32LE(size, signature.command + 12);
  const linkEditSize = codeLimit + size - linkEdit.offset;
  code.writeBigUInt64LE(BigInt(Math.ceil(linkEditSize / 0x4000) * 0x4000), linkEdit.command + 32);
  code.writeBigUInt64LE(BigInt(linkEditSize), linkEdit.command + 48);

  const head = Buffer.alloc(20 + headSize);
  [superBlob, size, 1, 0, 20].forEach((value, at) => head.writeUInt32BE(value, 4 * at));
  const version = 0x20400;
  const adHocByLinker = 0x20002;
  const hashOffset = headSize + identifier.length + 1;
  const fields = [codeDirectory, directorySize, version, adHocByLinker, hashOffset, headSize, 0, slots, codeLimit];
  fields.forEach((value, at) => head.writeUInt32BE(value, 20 + 4 * at));
  const sha256 = 2;
  head.set([32, sha256, 0, pageBits], 20 + 36);
  const mainBinary = 1n;
  [BigInt(text.offset), BigInt(text.size), mainBinary].forEach((value, at) =>
    head.writeBigUInt64BE(value, 84 + 8 * at),
  );
  return Buffer.concat([code, head, Buffer.from(`${identifier}\0`), ...hashPages(code, slots)]);
}

/** Tells whether the signature fits every byte of the program. */
export function hasFittingSignature(program) {
  const { signature } = readLayout(program);
  const { offset, size } = signature;
  if (size === 0 || offset + size !== program.length || program.readUInt32BE(offset) !== superBlob) return false;
  const blobs = Array.from({ length: program.readUInt32BE(offset + 8) }, (_, at) =>
    program.subarray(offset + program.readUInt32BE(offset + 16 + 8 * at)),
  );
  const directory = blobs.find((blob) => blob.readUInt32BE(0) === codeDirectory);
  if (directory === undefined) return false;
  const [hashOffset, slots, codeLimit] = [16, 28, 32].map((at) => directory.readUInt32BE(at));
  if (codeLimit !== offset || slots !== Math.ceil(codeLimit / 2 ** pageBits)) return false;
  const hashes = directory.subarray(hashOffset, hashOffset + 32 * slots);
  return hashes.equals(Buffer.concat(hashPages(program.subarray(0, codeLimit), slots)));
}

function hashPages(code, slots) {
  return Array.from({ length: slots }, (_, at) =>
    createHash('sha256')
      .update(code.subarray(at << pageBits, (at + 1) << pageBits))
      .digest(),
  );
}

function readLayout(program) {
  if (program.readUInt32LE(0) !== machHeader64) throw new Error('This is no 64-bit Mach-O program.');
  const found = {};
  let at = 32;
  for (let count = program.readUInt32LE(16); count > 0; count -= 1) {
    const command = program.readUInt32LE(at);
    if (command === codeSignatureCommand) {
      found.signature = { command: at, offset: program.readUInt32LE(at + 8), size: program.readUInt32LE(at + 12) };
    } else if (command === segmentCommand64) {
      const name = program.toString('latin1', at + 8, at + 24).replaceAll('\0', '');
      const [offset, size] = [40, 48].map((field) => Number(program.readBigUInt64LE(at + field)));
      found[{ __TEXT: 'text', __LINKEDIT: 'linkEdit' }[name] ?? name] = { command: at, offset, size };
    }
    at += program.readUInt32LE(at + 4);
  }
  if (found.signature === undefined || found.text === undefined || found.linkEdit === undefined) {
    throw new Error('This program has no room for a signature.');
  }
  return found;
}
