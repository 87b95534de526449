import { describe, expect, it } from 'vitest';
import { decodeWithoutVerifying } from '../../src/auth/jwt.ts';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = part({ alg: 'RS256', kid: 'k' });
const claims = part({ name: 'Dünser', iat: 1 });

describe('a JWT', () => {
  it('is taken apart into header, claims, what is signed, and the signature', () => {
    const signature = Buffer.from([0, 255, 1]);
    expect(decodeWithoutVerifying(`${header}.${claims}.${signature.toString('base64url')}`)).toEqual({
      header: { alg: 'RS256', kid: 'k' },
      claims: { name: 'Dünser', iat: 1 },
      signedPart: `${header}.${claims}`,
      signature,
    });
  });

  it('without a signature is taken apart too: whoever verifies it refuses it', () => {
    expect(decodeWithoutVerifying(`${header}.${claims}.`)?.signature).toEqual(Buffer.alloc(0));
  });

  it.each([
    ['empty', ''],
    ['in two parts', `${header}.${claims}`],
    ['in four parts', `${header}.${claims}.c2ln.c2ln`],
    ['in five parts, encrypted', `${header}.a.b.c.d`],
    ['without claims', `${header}..c2ln`],
    ['with padding', `${header}.${claims}=.c2ln`],
    ['with the other base64 alphabet', `${header}.+/+/.c2ln`],
    ['with a line break', `${header}.${claims}.c2ln\n`],
    ['with a header that is no JSON', `YWJj.${claims}.c2ln`],
    ['with a header that is a list', `${part([])}.${claims}.c2ln`],
    ['with claims that are a text', `${header}.${part('x')}.c2ln`],
    // AQE and AQF are the same two bytes: a signature must not fit two tokens.
    ['with another text of the same signature', `${header}.${claims}.AQF`],
    [
      'with claims nested too deep to print',
      `${header}.${Buffer.from(`{"a":${'['.repeat(9_000)}${']'.repeat(9_000)}}`).toString('base64url')}.c2ln`,
    ],
    ['longer than 64 KiB', `${header}.${part({ a: 'x'.repeat(64 * 1024) })}.c2ln`],
  ])('is none that is %s', (_what, text) => {
    expect(decodeWithoutVerifying(text)).toBeUndefined();
  });
});
