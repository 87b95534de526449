import type { Deadline } from '../auth/deadline.ts';
import { refreshTokens } from '../auth/refresh-token.ts';
import type { RequestContext } from '../auth/request.ts';
import { coversScopes, resourceOf } from '../auth/scopes.ts';
import type { Context, LockOutcome, SecretStore } from '../context.ts';
import type { ErrorCode } from '../errors.ts';
import { EntraLoginError } from '../errors.ts';
import type { KeptAccessToken, KeptProfile, KeptSignIn } from './kept-profile.ts';
import { keepAccessToken, readProfile, replaceAccessToken, writeProfile } from './token-store.ts';

/** Which access token is wanted. */
export interface AccessTokenRequest {
  readonly profile: string;
  /** Of one resource; empty for those of the sign-in. */
  readonly scopes: readonly string[];
  /** The client and authority host the settings name: kept tokens of another one are never used. */
  readonly clientId: string;
  readonly authorityHost: string;
  readonly clientSecret: string | undefined;
  /** Milliseconds the token must still live; `undefined` for the default of 5 minutes, which may be undercut offline. */
  readonly minimumValidity?: number | undefined;
  /** Renew even if a kept one would do. */
  readonly refresh?: boolean | undefined;
}

/** An access token, with the sign-in it belongs to. */
export interface AccessTokenResult {
  readonly token: KeptAccessToken;
  readonly signIn: KeptSignIn;
  /** Why a kept token was used although it should have been renewed. */
  readonly warning?: string | undefined;
}

const defaultValidity = 5 * 60_000;

/** What renewing needs of the world. */
export type RenewalContext = RequestContext & Pick<Context, 'takeLock'>;

/**
 * Answers an access token from the store, or renewed with the refresh token. However many processes want one, one of
 * them renews and the others use what it got. Errors: `sign_in_required` if nobody is signed in, the account is another
 * client's, or Entra wants the person; those of the request and of the store.
 */
export async function getAccessToken(
  context: RenewalContext,
  store: SecretStore,
  request: AccessTokenRequest,
  deadline: Deadline,
): Promise<AccessTokenResult> {
  const startedAt = context.now();
  for (;;) {
    const first = await findToken(context, store, request, startedAt);
    if (first.isEnough) return first;
    // Memory is this process's alone.
    const lock: LockOutcome =
      store.kind === 'memory'
        ? { outcome: 'unavailable', reason: 'nobody else has this store' }
        : await context.takeLock(request.profile, deadline.signal);
    if (lock.outcome === 'released') continue; // whoever renewed may have left what is wanted
    try {
      const again = await findToken(context, store, request, startedAt);
      return again.isEnough ? again : await renewOrMakeDo(context, store, request, again, deadline);
    } finally {
      if (lock.outcome === 'taken') await lock.release();
    }
  }
}

interface Search {
  readonly kept: KeptProfile;
  readonly signIn: KeptSignIn;
  readonly scopes: readonly string[];
  readonly token: KeptAccessToken | undefined;
}
type Found = Search & ({ readonly isEnough: true; readonly token: KeptAccessToken } | { readonly isEnough: false });

async function findToken(
  context: RenewalContext,
  store: SecretStore,
  request: AccessTokenRequest,
  startedAt: Date,
): Promise<Found> {
  const kept = await readProfile(store, request.profile);
  const signIn = requireSignIn(kept, request);
  const scopes = request.scopes.length === 0 ? signIn.scopes : request.scopes;
  const token = findKeptToken(kept, signIn, scopes);
  const search = { kept, signIn, scopes };
  if (token === undefined) return { ...search, token, isEnough: false };
  const now = context.now();
  const livesLong = token.expiresAt.getTime() > now.getTime() + (request.minimumValidity ?? defaultValidity);
  // One that somebody renewed since we were asked is as new as ours would be, however short it lives.
  const isNew = token.issuedAt >= startedAt && token.expiresAt > now;
  return { ...search, token, isEnough: isNew || (livesLong && request.refresh !== true) };
}

async function renewOrMakeDo(
  context: RenewalContext,
  store: SecretStore,
  request: AccessTokenRequest,
  found: Search,
  deadline: Deadline,
): Promise<AccessTokenResult> {
  const { kept, signIn, scopes, token } = found;
  try {
    return await renew(context, store, { ...request, scopes }, kept, signIn, deadline);
  } catch (error) {
    const isStrict = request.minimumValidity !== undefined || request.refresh === true;
    const isOutage = error instanceof EntraLoginError && outages.has(error.code);
    if (!isOutage || isStrict || token === undefined || token.expiresAt <= context.now()) throw error;
    return { token, signIn, warning: `The access token could not be renewed: ${error.message}` };
  }
}

const outages: ReadonlySet<ErrorCode> = new Set(['network', 'entra_unavailable', 'throttled', 'timeout']);

/** Answers the kept sign-in if it is the settings' own; throws `sign_in_required` that says why not. */
export function requireSignIn(
  kept: KeptProfile,
  wanted: Pick<AccessTokenRequest, 'profile' | 'clientId' | 'authorityHost'>,
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

/** The error for a profile that nobody is signed in with. */
export function nobodySignedIn(profile: string): EntraLoginError {
  return new EntraLoginError('sign_in_required', `Nobody is signed in (profile "${profile}").`, {
    hint: signInCommand(profile),
  });
}

/** The command that signs the profile's account in again. */
export function signInCommand(profile: string): string {
  return profile === 'default' ? 'entra-login login' : `entra-login login --profile ${profile}`;
}

function findKeptToken(kept: KeptProfile, signIn: KeptSignIn, scopes: readonly string[]): KeptAccessToken | undefined {
  const resource = resourceOf(scopes);
  return kept.accessTokens.find(
    (token) =>
      token.kind === 'person' &&
      token.authorityHost === signIn.authorityHost &&
      token.tenant === signIn.account.tenantId &&
      token.clientId === signIn.clientId &&
      token.resource === resource &&
      coversScopes([...token.asked, ...token.scopes], scopes),
  );
}

async function renew(
  context: RequestContext,
  store: SecretStore,
  request: AccessTokenRequest,
  kept: KeptProfile,
  signIn: KeptSignIn,
  deadline: Deadline,
): Promise<AccessTokenResult> {
  const { refreshToken } = signIn;
  if (refreshToken === undefined) {
    throw new EntraLoginError('sign_in_required', 'The access token has expired and there is no refresh token.', {
      hint: `${signInCommand(request.profile)} --scope "openid profile email offline_access"`,
    });
  }
  if (signIn.confidential && request.clientSecret === undefined) {
    throw new EntraLoginError('configuration', 'The application signs in with a client secret, and none is set.', {
      hint: 'Set ENTRA_LOGIN_CLIENT_SECRET in the environment.',
    });
  }
  const client = {
    metadata: signIn.metadata,
    clientId: signIn.clientId,
    clientSecret: signIn.confidential ? request.clientSecret : undefined,
    signingKeys: signIn.signingKeys,
  };
  const { objectId: oid, tenantId: tid } = signIn.account;
  const renewal = {
    refreshToken,
    scopes: request.scopes,
    identity: { oid, tid, sub: signIn.subject },
    mend: signInCommand(request.profile),
  };
  const tokenSet = await refreshTokens(context, client, renewal, deadline);
  const now = context.now();
  const renewed: KeptSignIn = {
    ...signIn,
    refreshToken: tokenSet.refreshToken ?? refreshToken,
    idToken: tokenSet.idToken ?? signIn.idToken,
    signingKeys: tokenSet.signingKeys ?? signIn.signingKeys,
  };
  const token = keepAccessToken(renewed, tokenSet, request.scopes, now);
  // A sign-out or another sign-in that came meanwhile wins: nothing of the old account is written over it.
  const current = await readProfile(store, request.profile);
  if (current.signIn?.refreshToken !== refreshToken) throw nobodySignedIn(request.profile);
  const accessTokens = replaceAccessToken(kept.accessTokens, token);
  await writeProfile(store, request.profile, { signIn: renewed, accessTokens }, now);
  return { token, signIn: renewed };
}
