import { accountOf } from '../auth/account.ts';
import { decodeWithoutVerifying } from '../auth/jwt.ts';
import type { EntraClient } from '../auth/token-endpoint.ts';
import type { TokenSet } from '../auth/token-set.ts';
import type { Context, SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { KeptProfile, KeptSignIn } from './kept-profile.ts';
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

/** The claims of the kept ID token, which was verified before it was kept. */
export function keptClaims(signIn: KeptSignIn): Record<string, unknown> {
  const decoded = decodeWithoutVerifying(signIn.idToken);
  if (decoded !== undefined) return decoded.claims;
  throw new EntraLoginError('store_failed', 'The kept ID token cannot be read.', { hint: 'entra-login login --force' });
}

/** The scopes of the sign-in: those its access token was granted, else those asked for. */
export function grantedScopes(kept: KeptProfile): readonly string[] {
  const { signIn } = kept;
  if (signIn === undefined) return [];
  const token = kept.accessTokens.find(({ kind, asked }) => kind === 'person' && asked.join() === signIn.scopes.join());
  return token?.scopes ?? signIn.scopes;
}
