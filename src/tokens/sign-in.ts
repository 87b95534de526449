import { accountOf } from '../auth/account.ts';
import { decodeWithoutVerifying } from '../auth/jwt.ts';
import { resourceOf, scopesOfFirstResource } from '../auth/scopes.ts';
import type { EntraClient } from '../auth/token-endpoint.ts';
import type { TokenSet } from '../auth/token-set.ts';
import type { Context, SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { KeptAccessToken, KeptIdentity, KeptProfile, KeptSignIn } from './kept-profile.ts';
import { overrideRenewals } from './profile-lock.ts';
import { keepAccessToken, replaceAccessToken, writeProfile } from './token-store.ts';

/** With what a person signed in, as the settings had it. */
export type SignInSettings = Pick<KeptSignIn, 'authorityHost' | 'tenant' | 'redirectUri' | 'scopes'>;

/** Keeps a sign-in: its account, and its access token beside those of the same client that are kept already. */
export async function keepSignIn(
  context: Pick<Context, 'now' | 'takeLock' | 'signal'>,
  place: { readonly store: SecretStore; readonly profile: string; readonly kept: KeptProfile },
  client: EntraClient,
  settings: SignInSettings,
  tokenSet: TokenSet,
): Promise<KeptSignIn> {
  const { claims, idToken, refreshToken, signingKeys = [] } = tokenSet;
  if (claims === undefined || idToken === undefined) {
    throw new EntraLoginError('untrusted_response', 'Entra sent no ID token, so nobody is signed in.');
  }
  const signIn: KeptSignIn = {
    ...settings,
    clientId: client.clientId,
    confidential: client.clientSecret !== undefined,
    account: accountOf(claims),
    subject: claims.sub,
    idToken,
    refreshToken,
    metadata: client.metadata,
    signingKeys,
    otherTenants: [],
  };
  const now = context.now();
  const token = keepAccessToken(signIn, tokenSet, settings.scopes, now);
  const accessTokens = replaceAccessToken(tokensOfSameAccount(place.kept, signIn), token);
  await overrideRenewals(context, place.store, place.profile, () =>
    writeProfile(place.store, place.profile, { signIn, accessTokens }, now),
  );
  return signIn;
}

// A person's tokens of another account must not be handed out for this one; an application's stay.
function tokensOfSameAccount(kept: KeptProfile, signIn: KeptSignIn): KeptProfile['accessTokens'] {
  const before = kept.signIn?.account;
  const isSame = before?.objectId === signIn.account.objectId && before.tenantId === signIn.account.tenantId;
  return kept.accessTokens.filter((token) => token.kind !== 'person' || isSame);
}

/** Answers the kept sign-in if it is the settings' own; throws `sign_in_required` that says why not. */
export function requireSignIn(
  kept: KeptProfile,
  wanted: { readonly profile: string; readonly clientId: string; readonly authorityHost: string },
): KeptSignIn {
  const { signIn } = kept;
  if (signIn === undefined) throw nobodySignedIn(wanted.profile);
  const differs =
    signIn.clientId !== wanted.clientId
      ? `client ID ${wanted.clientId}, but profile "${wanted.profile}" is signed in with ${signIn.clientId}`
      : signIn.authorityHost !== wanted.authorityHost
        ? `authority host ${wanted.authorityHost}, but profile "${wanted.profile}" is signed in at ${signIn.authorityHost}`
        : undefined;
  if (differs === undefined) return signIn;
  throw new EntraLoginError('sign_in_required', `The settings name ${differs}; its tokens are not used.`, {
    hint: `Sign in under another profile: entra-login login --profile NAME --client-id ${wanted.clientId}`,
  });
}

/** Answers who the person is in a tenant; `undefined` for one where the refresh token has not been used yet. */
export function findIdentity(signIn: KeptSignIn, tenant: string | undefined): KeptIdentity | undefined {
  if (tenant === undefined) return signIn;
  return [signIn, ...signIn.otherTenants].find(
    (identity) => identity.tenant === tenant || identity.account.tenantId === tenant,
  );
}

/**
 * Makes the identity that a renewal proved; what its answer does not say stays as it was. A tenant that is known under
 * another name must give the same identity as there: `untrusted_response` otherwise.
 */
export function toIdentity(
  signIn: KeptSignIn,
  known: KeptIdentity | undefined,
  tenant: string,
  metadata: KeptIdentity['metadata'],
  tokenSet: TokenSet,
): KeptIdentity {
  const signingKeys = tokenSet.signingKeys ?? known?.signingKeys ?? [];
  if (tokenSet.claims !== undefined) {
    const account = accountOf(tokenSet.claims);
    const subject = tokenSet.claims.sub;
    const there = findIdentity(signIn, account.tenantId);
    if (there !== undefined && (there.account.objectId !== account.objectId || there.subject !== subject)) {
      throw new EntraLoginError('untrusted_response', 'The ID token names another account than the one signed in.', {
        hint: 'Nothing new is kept. Sign in again: entra-login login',
      });
    }
    return { tenant: known?.tenant ?? tenant, account, subject, metadata, signingKeys };
  }
  if (known !== undefined) return { ...known, signingKeys };
  throw new EntraLoginError('untrusted_response', 'Entra sent no ID token, so it is not known who the token is for.');
}

/** The error for a profile that nobody is signed in with. */
export function nobodySignedIn(profile: string): EntraLoginError {
  return new EntraLoginError('sign_in_required', `Nobody is signed in (profile "${profile}").`, {
    hint: signInCommand(profile),
  });
}

/** The error for a renewal that a sign-out, or another sign-in, overtook. */
export function signedOutMeanwhile(profile: string): EntraLoginError {
  const message = `The account of profile "${profile}" was signed out or replaced meanwhile.`;
  return new EntraLoginError('sign_in_required', message, { hint: signInCommand(profile) });
}

/** The command that signs the profile's account in again. */
export function signInCommand(profile: string): string {
  return profile === 'default' ? 'entra-login login' : `entra-login login --profile ${profile}`;
}

/** The claims of the kept ID token, which was verified before it was kept. */
export function keptClaims(signIn: KeptSignIn): Record<string, unknown> {
  const decoded = decodeWithoutVerifying(signIn.idToken);
  if (decoded !== undefined) return decoded.claims;
  throw new EntraLoginError('store_failed', 'The kept ID token cannot be read.', { hint: 'entra-login login --force' });
}

/** The access token of the sign-in's resource, expired or not; `undefined` once it was dropped. */
export function tokenOfSignIn({ signIn, accessTokens }: KeptProfile): KeptAccessToken | undefined {
  if (signIn === undefined) return undefined;
  const resource = resourceOf(scopesOfFirstResource(signIn.scopes));
  return accessTokens.find(
    (token) =>
      token.kind === 'person' &&
      token.authorityHost === signIn.authorityHost &&
      token.tenant === signIn.account.tenantId &&
      token.clientId === signIn.clientId &&
      token.resource === resource,
  );
}

/** The scopes of the sign-in: those its access token was granted, else those asked for. */
export function grantedScopes(kept: KeptProfile): readonly string[] {
  const { scopes = [] } = kept.signIn ?? {};
  const token = tokenOfSignIn(kept);
  return token?.asked.join() === scopes.join() ? token.scopes : scopes;
}
