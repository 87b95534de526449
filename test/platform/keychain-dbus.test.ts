import { describe, expect, it } from 'vitest';

import { findSessionBus } from '../../src/platform/keychain-dbus.ts';
import { decodeMessage, encodeCall } from '../../src/platform/keychain-dbus-message.ts';
import { DbusDecoder, DbusEncoder, type DbusValue } from '../../src/platform/keychain-dbus-values.ts';

describe('the address of the session bus', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['a path', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus' }, '/run/user/1000/bus'],
    ['a path and the bus identity', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/tmp/d,guid=1f' }, '/tmp/d'],
    ['an escaped path', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/tmp/a%20b%2cc' }, '/tmp/a b,c'],
    ['an abstract socket', { DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=/tmp/dbus-x,guid=1f' }, '\0/tmp/dbus-x'],
    ['several, the first not spoken', { DBUS_SESSION_BUS_ADDRESS: 'tcp:host=h,port=1;unix:path=/b' }, '/b'],
    ['the runtime directory', { DBUS_SESSION_BUS_ADDRESS: 'unix:runtime=yes', XDG_RUNTIME_DIR: '/r' }, '/r/bus'],
    ['no address, a runtime directory', { XDG_RUNTIME_DIR: '/r' }, '/r/bus'],
    ['an empty address', { DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '/r' }, '/r/bus'],
    ['nothing', {}, undefined],
    ['nothing spoken', { DBUS_SESSION_BUS_ADDRESS: 'autolaunch:', XDG_RUNTIME_DIR: '/r' }, undefined],
  ])('is found where there is %s', (_title, env, path) => {
    expect(findSessionBus(env)).toBe(path);
  });
});

describe('D-Bus values', () => {
  it.each<[string, DbusValue[]]>([
    ['ybus', [7, true, 4_000_000_000, 'ä€😀']],
    ['og', ['/a/b', 'a{sv}']],
    ['yayy', [1, Buffer.of(1, 2, 3), 2]],
    [
      'a{ss}',
      [
        [
          ['service', 'entra-login'],
          ['username', 'work'],
        ],
      ],
    ],
    ['yv', [1, { signature: 'a(yv)', value: [[1, { signature: 's', value: 'x' }]] }]],
    ['a{sv}(oayays)b', [[['k', { signature: 's', value: 'v' }]], ['/s', Buffer.of(), Buffer.of(9), 't'], false]],
    ['aoao', [[], ['/x']]],
  ])('of type %s are read as they were written', (signature, values) => {
    const encoder = new DbusEncoder();
    encoder.writeAll(signature, values);
    expect(new DbusDecoder(encoder.bytes()).readAll(signature)).toEqual(values);
  });

  it('stand in the bytes that the specification gives', () => {
    // D-Bus specification, "Summary of D-Bus marshalling": padding before the string's length and after its NUL.
    const encoder = new DbusEncoder();
    encoder.writeAll('ysu', [1, 'foo', 2]);
    expect([...encoder.bytes()]).toEqual([1, 0, 0, 0, 3, 0, 0, 0, 0x66, 0x6f, 0x6f, 0, 2, 0, 0, 0]);
  });
});

describe('a D-Bus message that came in', () => {
  const call = encodeCall(1, {
    destination: 'd',
    path: '/p',
    interface: 'i.i',
    member: 'M',
    signature: 'sas',
    arguments: ['x', ['y', 'z']],
  });

  it('is read once it is whole', () => {
    const taken = decodeMessage(Buffer.concat([call, Buffer.of(1)]));
    expect([taken?.length, taken?.message.member, taken?.message.values()]).toEqual([
      call.length,
      'M',
      ['x', ['y', 'z']],
    ]);
    for (let length = 0; length < call.length; length += 1) {
      expect(decodeMessage(call.subarray(0, length))).toBeUndefined();
    }
  });

  it('never does more than throw a RangeError, whichever byte of it is wrong', () => {
    let refused = 0;
    for (let at = 0; at < call.length; at += 1) {
      for (const byte of [0, 1, 0x28, 0x61, 0x76, 0x7f, 0xff]) {
        const damaged = Buffer.from(call);
        damaged[at] = byte;
        try {
          decodeMessage(damaged)?.message.values();
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(50);
  });

  it('is not read into memory when it claims to be huge', () => {
    const huge = Buffer.from(call);
    huge.writeUInt32LE(0x7fff_ffff, 4);
    expect(() => decodeMessage(huge)).toThrow(RangeError);
  });
});
