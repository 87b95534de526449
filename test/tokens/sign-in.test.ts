import { describe, expect, it } from 'vitest';
import type { TokenSet } from '../../src/auth/token-set.ts';
import type { KeptProfile } from '../../src/tokens/kept-profile.ts';
import { openMemoryStore } from '../../src/platform/memory-store.ts';
import {
  findIdentity,
  grantedScopes,
  keepSignIn,
  keptClaims,
  nobodySignedIn,
  requireSignIn,
  signInCommand,
  signedOutMeanwhile,
  toIdentity,
} from '../../src/tokens/sign-in.ts';
import { readProfile } from '../../src/tokens/token-store.ts';
import { graphToken, guest, inAnHour, now, signIn } from './kept.ts';

const claims = {
  iss: 'i',
  sub: 'S',
  tid: 'T',
  exp: 1,
  oid: 'O',
  name: 'Alice',
  preferred_username: 'alice@contoso.com',
};
const tokenSet: TokenSet = {
  accessToken: 'A2',
  tokenType: 'Bearer',
  expiresAt: inAnHour,
  scopes: ['openid', 'User.Read'],
  refreshToken: 'R2',
  idToken: 'I2',
  claims,
  signingKeys: signIn.signingKeys,
};

describe('a sign-in that is kept', () => {
  const { authorityHost, tenant, redirectUri, scopes, metadata } = signIn;
  const settings = { authorityHost, tenant, redirectUri, scopes };
  async function keep(kept: KeptProfile, changes: Partial<TokenSet> = {}, clientSecret?: string): Promise<KeptProfile> {
    const store = openMemoryStore();
    const context = {
      now: (): Date => now,
      signal: new AbortController().signal,
      takeLock: () => Promise.reject(new Error('memory needs no lock')),
    };
    const client = { metadata, clientId: 'C', clientSecret };
    const answer = await keepSignIn(context, { store, profile: 'work', kept }, client, settings, {
      ...tokenSet,
      ...changes,
    });
    const written = await readProfile(store, 'work');
    expect(written.signIn).toEqual(answer);
    return written;
  }

  it('holds what a later command needs: account, tokens, client, endpoints and keys, never the secret', async () => {
    const kept = await keep({ accessTokens: [] }, {}, 'hunter2');
    expect(kept).toEqual({
      signIn: {
        ...signIn,
        account: { ...signIn.account, loginHint: undefined },
        confidential: true,
        idToken: 'I2',
        refreshToken: 'R2',
        otherTenants: [],
      },
      accessTokens: [{ ...graphToken, accessToken: 'A2', scopes: ['openid', 'User.Read'], issuedAt: now, usedAt: now }],
    });
    expect(JSON.stringify(kept)).not.toContain('hunter2');
    expect(
      (await keep({ accessTokens: [] }, { refreshToken: undefined, signingKeys: undefined })).signIn,
    ).toMatchObject({
      confidential: false,
      signingKeys: [],
    });
  });

  it('leaves other access tokens of the same account, and none of another', async () => {
    const other = { ...graphToken, resource: 'https://a.example' };
    const application = { ...graphToken, kind: 'application' as const };
    const resourcesBeside = async (before: KeptProfile): Promise<string[]> =>
      (await keep(before)).accessTokens.map(({ kind, resource }) => `${kind} ${resource}`).toSorted();
    const [own, beside, apps] = [
      'person https://graph.microsoft.com',
      'person https://a.example',
      'application https://graph.microsoft.com',
    ];
    const accessTokens = [graphToken, other, application];
    expect(await resourcesBeside({ signIn, accessTokens })).toEqual([apps, beside, own]);
    for (const changed of [{ objectId: 'O2' }, { tenantId: 'T2' }]) {
      const before = { ...signIn, account: { ...signIn.account, ...changed } };
      expect(await resourcesBeside({ signIn: before, accessTokens })).toEqual([apps, own]);
    }
    expect(await resourcesBeside({ accessTokens })).toEqual([apps, own]);
  });

  it.each([{ claims: undefined }, { idToken: undefined }])('is refused without an ID token (%j)', async (changes) => {
    await expect(keep({ accessTokens: [] }, changes)).rejects.toMatchObject({
      code: 'untrusted_response',
      message: 'Entra sent no ID token, so nobody is signed in.',
    });
  });
});

describe('the sign-in of a profile', () => {
  const wanted = { profile: 'work', clientId: 'C', authorityHost: 'https://entra.test' };
  const kept = { signIn, accessTokens: [] };
  const failureOf = (attempt: () => unknown): unknown => {
    try {
      return attempt();
    } catch (error) {
      const { code, message, hint } = error as Record<string, unknown>;
      return { code, message, hint };
    }
  };

  it('is used for the client and the authority host it was made with', () => {
    expect(requireSignIn(kept, wanted)).toBe(signIn);
  });

  it('is never used for another, and says why and what to do', () => {
    expect(failureOf(() => requireSignIn(kept, { ...wanted, clientId: 'C2' }))).toEqual({
      code: 'sign_in_required',
      message: 'The settings name client ID C2, but profile "work" is signed in with C; its tokens are not used.',
      hint: 'Sign in under another profile: entra-login login --profile NAME --client-id C2',
    });
    expect(failureOf(() => requireSignIn(kept, { ...wanted, authorityHost: 'https://evil.test' }))).toEqual({
      code: 'sign_in_required',
      message:
        'The settings name authority host https://evil.test, but profile "work" is signed in at https://entra.test; its tokens are not used.',
      hint: 'Sign in under another profile: entra-login login --profile NAME --client-id C',
    });
  });

  it('is asked for where there is none, or no longer', () => {
    expect(failureOf(() => requireSignIn({ accessTokens: [] }, wanted))).toEqual({
      code: 'sign_in_required',
      message: 'Nobody is signed in (profile "work").',
      hint: 'entra-login login --profile work',
    });
    expect(nobodySignedIn('default').hint).toBe('entra-login login');
    expect(signedOutMeanwhile('work')).toMatchObject({
      code: 'sign_in_required',
      message: 'The account of profile "work" was signed out or replaced meanwhile.',
      hint: signInCommand('work'),
    });
  });

  it('tells the claims of its ID token, and the mend where it cannot', () => {
    expect(keptClaims(signIn)).toEqual({ name: 'Alice' });
    expect(failureOf(() => keptClaims({ ...signIn, idToken: 'damaged' }))).toMatchObject({
      code: 'store_failed',
      hint: 'entra-login login --force',
    });
  });

  it('tells the scopes that were granted, else those asked for', () => {
    expect(grantedScopes({ accessTokens: [graphToken] })).toEqual([]);
    expect(grantedScopes({ signIn, accessTokens: [] })).toEqual(signIn.scopes);
    expect(grantedScopes({ signIn, accessTokens: [graphToken] })).toEqual(graphToken.scopes);
    const others = [
      { ...graphToken, kind: 'application' as const },
      { ...graphToken, asked: ['Mail.Read'] },
    ];
    expect(grantedScopes({ signIn, accessTokens: others })).toEqual(signIn.scopes);
  });
});

describe('who the person is in a tenant', () => {
  it('is found by the tenant’s name or ID', () => {
    expect([undefined, 'contoso.com', 'T'].map((tenant) => findIdentity(signIn, tenant))).toEqual([
      signIn,
      signIn,
      signIn,
    ]);
    expect(['fabrikam.com', 'T2', 'elsewhere.com'].map((tenant) => findIdentity(signIn, tenant))).toEqual([
      guest,
      guest,
      undefined,
    ]);
  });

  it('is what a renewal proves; what it does not say stays', () => {
    const { metadata } = signIn;
    expect(toIdentity(signIn, undefined, 'contoso.com', metadata, tokenSet)).toEqual({
      tenant: 'contoso.com',
      account: { username: 'alice@contoso.com', name: 'Alice', objectId: 'O', tenantId: 'T' },
      subject: 'S',
      metadata,
      signingKeys: signIn.signingKeys,
    });
    const silent = { ...tokenSet, claims: undefined, signingKeys: undefined };
    expect(toIdentity(signIn, guest, 'fabrikam.com', metadata, silent)).toEqual(guest);
    expect(toIdentity(signIn, undefined, 'c', metadata, { ...tokenSet, signingKeys: undefined }).signingKeys).toEqual(
      [],
    );
    expect(() => toIdentity(signIn, undefined, 'fabrikam.com', metadata, silent)).toThrow(
      'Entra sent no ID token, so it is not known who the token is for.',
    );
  });
});
