import { describe, expect, it } from 'vitest';
import { parseProfile, serializeProfile } from '../../src/tokens/kept-profile.ts';
import { graphToken, guest, signIn } from './kept.ts';

const kept = { signIn, accessTokens: [graphToken, { ...graphToken, kind: 'application' as const, tenant: 'other' }] };

describe('what is kept', () => {
  it('is read back as it was written, moments to the millisecond', () => {
    expect(parseProfile(serializeProfile(kept))).toEqual(kept);
  });

  it('may lack what a sign-in need not have, and the sign-in itself', () => {
    const {
      deviceAuthorizationEndpoint: _d,
      endSessionEndpoint: _e,
      userInfoEndpoint: _u,
      ...metadata
    } = signIn.metadata;
    const least = {
      ...signIn,
      metadata,
      account: { ...signIn.account, loginHint: undefined },
      refreshToken: undefined,
      signingKeys: [{ kid: 'K', modulus: 'N', exponent: 'E' }],
      otherTenants: [],
    };
    expect(parseProfile(serializeProfile({ signIn: least, accessTokens: [] }))).toEqual({
      signIn: least,
      accessTokens: [],
    });
    expect(parseProfile('{"version":1,"accessTokens":[]}')).toEqual({ accessTokens: [] });
    const managed = { ...graphToken, kind: 'managed_identity' as const };
    expect(parseProfile(serializeProfile({ accessTokens: [managed] }))).toEqual({ accessTokens: [managed] });
  });

  it('is taken without members that nobody knows', () => {
    const more = JSON.parse(serializeProfile(kept)) as Record<string, unknown>;
    expect(parseProfile(JSON.stringify({ ...more, surprise: 1, signIn: { ...signIn, surprise: 1 } }))).toEqual(kept);
  });

  it.each([
    '',
    'text',
    '[]',
    'null',
    '{}',
    '{"version":1}',
    '{"version":2,"accessTokens":[]}',
    '{"version":1,"accessTokens":{}}',
  ])('is none of ours: %j', (text) => {
    expect(parseProfile(text)).toBeUndefined();
  });

  /** Every way to damage one value: leave it out, or put what is of another kind. */
  const damages = (value: object, optional: readonly string[]): [string, object][] =>
    Object.keys(value).flatMap((name): [string, object][] => [
      ...(optional.includes(name) ? [] : [[`without ${name}`, { ...value, [name]: undefined }] as [string, object]]),
      ...[7, [7], ''].map((wrong): [string, object] => [
        `${name} ${JSON.stringify(wrong)}`,
        { ...value, [name]: wrong },
      ]),
      [`${name} null`, { ...value, [name]: null }],
    ]);
  const broken = (signInLike: unknown): string => JSON.stringify({ version: 1, signIn: signInLike, accessTokens: [] });

  it.each(damages(graphToken, []))('is damaged with an access token %s', (_what, token) => {
    expect(parseProfile(JSON.stringify({ version: 1, accessTokens: [graphToken, token] }))).toBeUndefined();
  });

  it.each(damages(signIn, ['refreshToken']))('is damaged with a sign-in %s', (_what, damaged) => {
    expect(parseProfile(broken(damaged))).toBeUndefined();
  });

  it.each(damages(signIn.account, ['loginHint']))('is damaged with an account %s', (_what, account) => {
    expect(parseProfile(broken({ ...signIn, account }))).toBeUndefined();
  });

  it.each(damages(signIn.metadata, ['deviceAuthorizationEndpoint', 'endSessionEndpoint', 'userInfoEndpoint']))(
    'is damaged with metadata %s',
    (_what, metadata) => {
      expect(parseProfile(broken({ ...signIn, metadata }))).toBeUndefined();
    },
  );

  it.each(damages(signIn.signingKeys[0] ?? {}, ['algorithm', 'issuer']))('is damaged with a key %s', (_what, key) => {
    expect(parseProfile(broken({ ...signIn, signingKeys: [key] }))).toBeUndefined();
  });

  it.each([
    ['a sign-in that is a text', 'text'],
    ['a sign-in that is null', null],
    ['another tenant that is none', { ...signIn, otherTenants: [{ ...guest, subject: '' }] }],
    ['keys that are no list', { ...signIn, signingKeys: {} }],
    ['a key that is none', { ...signIn, signingKeys: ['K'] }],
    ['an account that is a list', { ...signIn, account: [] }],
    ['an authority host that is no URL', { ...signIn, authorityHost: 'x' }],
    ['an endpoint that is no URL', { ...signIn, metadata: { ...signIn.metadata, endSessionEndpoint: 'x' } }],
  ])('is damaged with %s', (_what, damaged) => {
    expect(parseProfile(broken(damaged))).toBeUndefined();
  });

  it('is damaged with an access token that is no object, of an unknown kind, or of a moment that is none', () => {
    const tokens = ['A', { ...graphToken, kind: 'device' }, { ...graphToken, expiresAt: 'soon' }];
    expect(tokens.map((token) => parseProfile(JSON.stringify({ version: 1, accessTokens: [token] })))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
