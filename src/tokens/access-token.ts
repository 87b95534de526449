import type { Deadline } from '../auth/deadline.ts';
import type { EntraError } from '../auth/entra-errors.ts';
import type { RequestContext } from '../auth/request.ts';
import { coversScopes, resourceOf, scopesOfFirstResource } from '../auth/scopes.ts';
import type { Context, SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { KeptAccessToken, KeptIdentity, KeptProfile, KeptSignIn } from './kept-profile.ts';
import type { Freshness, Look } from './renewal.ts';
import { renewAlone, suffices, warningInstead } from './renewal.ts';
import { findIdentity, requireSignIn, signInCommand, signedOutMeanwhile, toIdentity } from './sign-in.ts';
import { keepAccessToken, readProfile, recordUse, replaceAccessToken, writeProfile } from './token-store.ts';

/** Which access token is wanted. */
export interface AccessTokenRequest extends Freshness {
  readonly profile: string;
  /** Of one resource; empty for those of the sign-in. */
  readonly scopes: readonly string[];
  /** The client and authority host the settings name: kept tokens of another one are never used. */
  readonly clientId: string;
  readonly authorityHost: string;
  /** The tenant the settings name; `undefined` for the one signed in to. */
  readonly tenant?: string | undefined;
  /** Whether a project file names the tenant: then no refresh token of another one is redeemed for it. */
  readonly isProjectTenant?: boolean | undefined;
  readonly clientSecret: string | undefined;
  /** What was read a moment ago to find the settings: the first look reads nothing again. */
  readonly kept?: KeptProfile | undefined;
}

/** An access token, with the identity it was issued to. */
export interface AccessTokenResult {
  readonly token: KeptAccessToken;
  readonly signIn: KeptSignIn;
  readonly identity: KeptIdentity;
  /** Why a kept token was used although it should have been renewed. */
  readonly warning?: string | undefined;
}

/** What renewing needs of the world. */
export type RenewalContext = RequestContext & Pick<Context, 'takeLock' | 'signal'>;

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
  const askedAt = context.now();
  let keptTokens = 0;
  let { kept } = request;
  const look = async (): Promise<Look<AccessTokenResult, Search>> => {
    const search = findToken(kept ?? (await readProfile(store, request.profile)), request);
    kept = undefined; // another process may have written since
    keptTokens = search.kept.accessTokens.length;
    const { token, signIn, identity } = search;
    const isEnough = token !== undefined && suffices(token, request, askedAt, context.now());
    return isEnough && identity !== undefined
      ? { kind: 'enough', result: { token, signIn, identity } }
      : { kind: 'renew', state: search };
  };
  const renewed = (search: Search): Promise<AccessTokenResult> => renew(context, store, request, search, deadline);
  const instead = (error: unknown, { token, signIn, identity }: Search): AccessTokenResult => {
    const warning = warningInstead(error, token, request, context.now());
    if (warning === undefined || token === undefined || identity === undefined) throw error;
    return { token, signIn, identity, warning };
  };
  const result = await renewAlone(context, { store, profile: request.profile }, deadline, look, renewed, instead);
  await recordUse(context, store, request.profile, keptTokens, result.token);
  return result;
}

interface Search {
  readonly kept: KeptProfile;
  readonly signIn: KeptSignIn;
  readonly scopes: readonly string[];
  /** `undefined` for a tenant where the account has not been yet. */
  readonly identity: KeptIdentity | undefined;
  readonly token: KeptAccessToken | undefined;
}

function findToken(kept: KeptProfile, request: AccessTokenRequest): Search {
  const signIn = requireSignIn(kept, request);
  // A sign-in may name several resources, for consent.
  const scopes = request.scopes.length === 0 ? scopesOfFirstResource(signIn.scopes) : request.scopes;
  const identity = findIdentity(signIn, request.tenant);
  const resource = resourceOf(scopes);
  const token = kept.accessTokens.find(
    (one) =>
      one.kind === 'person' &&
      one.authorityHost === signIn.authorityHost &&
      one.tenant === identity?.account.tenantId &&
      one.clientId === signIn.clientId &&
      one.resource === resource &&
      coversScopes([...one.asked, ...one.scopes], scopes),
  );
  return { kept, signIn, scopes, identity, token };
}

async function renew(
  context: RenewalContext,
  store: SecretStore,
  request: AccessTokenRequest,
  search: Search,
  deadline: Deadline,
): Promise<AccessTokenResult> {
  const { signIn, scopes } = search;
  const refreshToken = requireRefreshToken(signIn, request);
  const isForeign = search.identity?.account.tenantId !== signIn.account.tenantId;
  if (request.isProjectTenant === true && isForeign) throw projectTenant(request);
  const authority = { host: signIn.authorityHost, tenant: request.tenant ?? signIn.tenant };
  // Loaded when needed: a token from the store needs no protocol.
  const { discoverTenant } = await import('../auth/discovery.ts');
  const { refreshTokens } = await import('../auth/refresh-token.ts');
  const metadata = search.identity?.metadata ?? (await discoverTenant(context, authority, deadline));
  const client = {
    metadata,
    clientId: signIn.clientId,
    clientSecret: signIn.confidential ? request.clientSecret : undefined,
    signingKeys: search.identity?.signingKeys,
  };
  const known = search.identity;
  const renewal = {
    refreshToken,
    scopes,
    claims: request.claims,
    identity: known && { oid: known.account.objectId, tid: known.account.tenantId, sub: known.subject },
    mend: (error: EntraError) => mendOf(error, request, signIn, scopes),
  };
  const tokenSet = await refreshTokens(context, client, renewal, deadline);
  const identity = toIdentity(signIn, known, authority.tenant, metadata, tokenSet);
  const others = signIn.otherTenants.filter(({ tenant }) => tenant !== identity.tenant);
  const renewed: KeptSignIn = {
    ...signIn,
    ...(known === signIn ? { ...identity, idToken: tokenSet.idToken ?? signIn.idToken } : {}),
    otherTenants: known === signIn ? signIn.otherTenants : [...others, identity],
    // Good in every tenant that knows the account; the newest is the one that lives longest.
    refreshToken: tokenSet.refreshToken ?? refreshToken,
  };
  const now = context.now();
  const token = keepAccessToken({ ...signIn, account: identity.account }, tokenSet, scopes, now);
  // A sign-out, or the sign-in of another account, that came meanwhile wins. The same account with another refresh token
  // was renewed elsewhere (another machine has another lock) or signed in again: that is the newer, ours is beside it.
  const current = await readProfile(store, request.profile);
  if (!isSameAccount(current.signIn, signIn)) throw signedOutMeanwhile(request.profile);
  const newest = current.signIn.refreshToken === refreshToken ? renewed : current.signIn;
  const accessTokens = replaceAccessToken(current.accessTokens, token);
  await writeProfile(store, request.profile, { signIn: newest, accessTokens }, now);
  return { token, signIn: newest, identity };
}

function isSameAccount(current: KeptSignIn | undefined, signIn: KeptSignIn): current is KeptSignIn {
  const { objectId, tenantId } = signIn.account;
  if (current?.account.objectId !== objectId || current.account.tenantId !== tenantId) return false;
  return current.clientId === signIn.clientId && current.authorityHost === signIn.authorityHost;
}

function requireRefreshToken(signIn: KeptSignIn, request: AccessTokenRequest): string {
  if (signIn.refreshToken === undefined) {
    throw new EntraLoginError('sign_in_required', 'The access token has expired and there is no refresh token.', {
      hint: `${signInCommand(request.profile)} --scope "openid profile email offline_access"`,
    });
  }
  if (signIn.confidential && request.clientSecret === undefined) {
    throw new EntraLoginError('configuration', 'The application signs in with a client secret, and none is set.', {
      hint: 'Set ENTRA_LOGIN_CLIENT_SECRET in the environment.',
    });
  }
  return signIn.refreshToken;
}

// A cloned repository must not choose where a person's refresh token goes.
function projectTenant({ tenant, profile }: AccessTokenRequest): EntraLoginError {
  const message = `The project file names the tenant ${tenant}, which is not that of profile "${profile}".`;
  return new EntraLoginError('sign_in_required', message, {
    hint: `${signInCommand(profile)} --tenant ${tenant}; or another profile: --profile NAME`,
  });
}

// The command that mends it: with the scopes, where the sign-in was for others, and with the claims that Entra wants.
function mendOf(error: EntraError, request: AccessTokenRequest, signIn: KeptSignIn, scopes: readonly string[]): string {
  const isOtherTenant = findIdentity(signIn, request.tenant) !== signIn && request.tenant !== undefined;
  const tenant = isOtherTenant ? ` --tenant ${request.tenant}` : '';
  // A project file may have chosen them, and people paste hints into a shell: what one would expand is left out.
  const named = scopes.join(' ');
  const isSafe = /^[\w.:/@+~ -]+$/.test(named);
  const scope = coversScopes(signIn.scopes, scopes) ? '' : ` --scope ${isSafe ? `"${named}"` : 'SCOPES'}`;
  const wanted = error.claims ?? request.claims;
  const claims = wanted === undefined ? '' : ` --claims ${Buffer.from(wanted).toString('base64')}`;
  return `${signInCommand(request.profile)}${tenant}${scope}${claims}`;
}
