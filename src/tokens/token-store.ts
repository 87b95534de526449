import type { TokenSet } from '../auth/token-set.ts';
import { graphResource, resourcesOf } from '../auth/scopes.ts';
import type { Context, SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { KeptAccessToken, KeptProfile, KeptSignIn } from './kept-profile.ts';
import { parseProfile, serializeProfile } from './kept-profile.ts';
import { overrideRenewals } from './profile-lock.ts';

// The contract's limit: enough for a developer's day, and the item stays readable in milliseconds.
const mostAccessTokens = 32;
const useInterval = 10 * 60_000;

/** Reads what a profile keeps. Damaged or foreign content is `store_failed` with the mend, and stays as it is. */
export async function readProfile(store: SecretStore, profile: string): Promise<KeptProfile> {
  const text = await store.read(profile);
  if (text === undefined) return { accessTokens: [] };
  const kept = parseProfile(text);
  if (kept !== undefined) return kept;
  throw new EntraLoginError('store_failed', `What is kept for profile "${profile}" (${store.kind}) cannot be read.`, {
    hint: `It is damaged or not ours; to forget it: entra-login logout --profile ${profile}`,
  });
}

/** Keeps a profile: access tokens that have expired are dropped, then the least recently used beyond 32. */
export async function writeProfile(store: SecretStore, profile: string, kept: KeptProfile, now: Date): Promise<void> {
  const valid = kept.accessTokens.filter((token) => token.expiresAt > now);
  const lastUsedFirst = valid.toSorted((a, b) => b.usedAt.getTime() - a.usedAt.getTime());
  const accessTokens = lastUsedFirst.slice(0, mostAccessTokens);
  await store.write(profile, serializeProfile({ ...kept, accessTokens }));
}

/**
 * Records that an access token was used, where that decides which goes first: when as many are kept as may be, and not
 * more often than every ten minutes. Elsewhere reading a token writes nothing.
 */
export async function recordUse(
  context: Pick<Context, 'now' | 'takeLock' | 'signal'>,
  store: SecretStore,
  profile: string,
  keptTokens: number,
  token: KeptAccessToken,
): Promise<void> {
  const now = context.now();
  if (keptTokens < mostAccessTokens || now.getTime() - token.usedAt.getTime() < useInterval) return;
  await overrideRenewals(context, store, profile, async () => {
    const kept = await readProfile(store, profile);
    const accessTokens = kept.accessTokens.map((one) =>
      one.accessToken === token.accessToken ? { ...one, usedAt: now } : one,
    );
    await writeProfile(store, profile, { ...kept, accessTokens }, now);
  });
}

/** Drops the access tokens of a resource, so that the next request for one renews. */
export async function forgetAccessToken(
  context: Pick<Context, 'now' | 'takeLock' | 'signal'>,
  store: SecretStore,
  profile: string,
  resource: string,
): Promise<void> {
  await overrideRenewals(context, store, profile, async () => {
    const kept = await readProfile(store, profile);
    const accessTokens = kept.accessTokens.filter((token) => token.resource !== resource);
    if (accessTokens.length === kept.accessTokens.length) return;
    await writeProfile(store, profile, { ...kept, accessTokens }, context.now());
  });
}

/** Makes the record of a person's access token out of a token set. */
export function keepAccessToken(
  signIn: Pick<KeptSignIn, 'authorityHost' | 'clientId' | 'account'>,
  tokenSet: TokenSet,
  asked: readonly string[],
  now: Date,
): KeptAccessToken {
  return {
    kind: 'person',
    authorityHost: signIn.authorityHost,
    tenant: signIn.account.tenantId,
    clientId: signIn.clientId,
    resource: resourcesOf(asked)[0] ?? graphResource,
    asked,
    scopes: tokenSet.scopes,
    accessToken: tokenSet.accessToken,
    expiresAt: tokenSet.expiresAt,
    issuedAt: now,
    usedAt: now,
  };
}

/** Puts an access token beside the others, in place of the one it renews (same resource, client, tenant, kind). */
export function replaceAccessToken(tokens: readonly KeptAccessToken[], token: KeptAccessToken): KeptAccessToken[] {
  const keyOf = ({ kind, authorityHost, tenant, clientId, resource }: KeptAccessToken): string =>
    JSON.stringify([kind, authorityHost, tenant, clientId, resource]);
  return [token, ...tokens.filter((other) => keyOf(other) !== keyOf(token))];
}
