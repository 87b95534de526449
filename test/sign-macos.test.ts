import { expect, it } from 'vitest';
import { hasFittingSignature, signAdHoc } from '../scripts/sign-macos.mjs';

/** A Mach-O program with the two segments that signing looks at, code of that length, and some signature. */
function makeProgram(codeBytes: number): Buffer {
  const segment = (name: string, offset: number, size: number): Buffer => {
    const command = Buffer.alloc(72);
    command.writeUInt32LE(0x19, 0);
    command.writeUInt32LE(72, 4);
    command.write(name, 8, 'latin1');
    command.writeBigUInt64LE(BigInt(offset), 40);
    command.writeBigUInt64LE(BigInt(size), 48);
    return command;
  };
  const oldSignature = Buffer.from('a signature of other bytes');
  const signature = Buffer.alloc(16);
  [0x1d, 16, codeBytes, oldSignature.length].forEach((value, at) => signature.writeUInt32LE(value, 4 * at));
  const commands = [
    segment('__TEXT', 0, codeBytes - 100),
    segment('__LINKEDIT', codeBytes - 100, 100 + oldSignature.length),
    signature,
  ];
  const header = Buffer.alloc(32);
  header.writeUInt32LE(0xfeedfacf, 0);
  header.writeUInt32LE(commands.length, 16);
  const head = Buffer.concat([header, ...commands]);
  return Buffer.concat([head, Buffer.alloc(codeBytes - head.length, 'code'), oldSignature]);
}

it.each([4_096, 10_000, 12_288])('a macOS program of %i bytes is signed over all of them', (codeBytes) => {
  const program = makeProgram(codeBytes);
  expect(hasFittingSignature(program)).toBe(false);
  const signed = signAdHoc(program);
  expect(hasFittingSignature(signed)).toBe(true);
  // The code itself is as it was; the headers know of the signature, which ends the file.
  expect(signed.subarray(300, codeBytes).equals(program.subarray(300, codeBytes))).toBe(true);
  expect(signed.readUInt32LE(32 + 72 + 72 + 12)).toBe(signed.length - codeBytes);
  expect(Number(signed.readBigUInt64LE(32 + 72 + 48))).toBe(signed.length - codeBytes + 100);
  // A signature that fits is made again byte for byte.
  expect(signAdHoc(signed).equals(signed)).toBe(true);
});

it('a changed, cut or lengthened program has no fitting signature', () => {
  const signed = signAdHoc(makeProgram(10_000));
  for (const at of [300, 5_000, 9_999]) {
    const changed = Buffer.from(signed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(hasFittingSignature(changed)).toBe(false);
  }
  expect(hasFittingSignature(signed.subarray(0, -1))).toBe(false);
  expect(hasFittingSignature(Buffer.concat([signed, Buffer.of(0)]))).toBe(false);
});

it('what is no macOS program is refused', () => {
  expect(() => signAdHoc(Buffer.alloc(64))).toThrow('This is no 64-bit Mach-O program.');
});
