import { coversScopes } from '../auth/scopes.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { renderAccountAndClaims } from '../render/claims.ts';
import { plainText } from '../render/plain-text.ts';
import { loadSettings, requireClient } from '../settings.ts';
import { getAccessToken } from '../tokens/access-token.ts';
import type { KeptProfile, KeptSignIn } from '../tokens/kept-profile.ts';
import { grantedScopes, keptClaims } from '../tokens/sign-in.ts';
import { readProfile } from '../tokens/token-store.ts';
import { openStoreForSignIn } from './login-store.ts';
import { layoutOf, say, tell, writeJson } from './notices.ts';
import type { OpenedProfile } from './opened-profile.ts';
import { findClientSecret, startCommandDeadline } from './opened-profile.ts';
import type { SignInPersonOptions } from './sign-in-person.ts';
import { checkSignInOptions, isOfAnotherClient, signInPerson } from './sign-in-person.ts';

/** Signs a person in and prints who it is and the claims. */
export async function login(options: SignInPersonOptions, context: Context): Promise<void> {
  // 1. What is wanted, what is there, and whether tokens can be kept.
  checkSignInOptions(options);
  const opened = await openStoreForSignIn(context, options, await loadSettings(context, options));
  // 2. Nobody is asked twice.
  const proved = await proveSignedIn(context, options, opened);
  if (proved !== undefined) {
    say(context, options, `Already signed in as ${plainText(proved.account.username)}; --force signs in again.`);
    printSignIn(context, options, opened, await readProfile(opened.store, opened.profile));
    return;
  }
  // 3. The person, and the tokens kept.
  printSignIn(context, options, opened, await signInPerson(options, context, opened));
}

/** Answers the kept sign-in if it is what is wanted and a renewal proves that it still works. */
async function proveSignedIn(
  context: Context,
  options: SignInPersonOptions,
  opened: OpenedProfile,
): Promise<KeptSignIn | undefined> {
  const { tenant, clientId } = requireClient(opened.settings);
  const { signIn } = opened.kept;
  const { force, claims, prompt, loginHint } = options;
  const asksPerson = force === true || claims !== undefined || (prompt !== undefined && prompt !== 'none');
  if (signIn?.refreshToken === undefined || asksPerson) return undefined;
  const wantsOther =
    isOfAnotherClient(opened, clientId) ||
    (loginHint !== undefined && loginHint.toLowerCase() !== signIn.account.username.toLowerCase()) ||
    (tenant !== signIn.tenant && tenant !== signIn.account.tenantId) ||
    !coversScopes([...signIn.scopes, ...grantedScopes(opened.kept)], opened.settings.scopes.value);
  if (wantsOther) return undefined;
  const { profile, store, settings } = opened;
  const clientSecret = signIn.confidential ? await findClientSecret(opened) : undefined;
  const authorityHost = settings.authorityHost.value;
  const request = { profile, scopes: [], clientId, authorityHost, clientSecret, refresh: true };
  const deadline = startCommandDeadline(context, { ...options, timeout: undefined });
  try {
    return (await getAccessToken(context, store, request, deadline)).signIn;
  } catch (error) {
    if (error instanceof EntraLoginError && error.code === 'sign_in_required') {
      tell(context, options, `The kept sign-in no longer works: ${error.message}`);
      return undefined;
    }
    throw error;
  } finally {
    deadline.end();
  }
}

function printSignIn(context: Context, options: SignInPersonOptions, opened: OpenedProfile, kept: KeptProfile): void {
  const { signIn } = kept;
  if (signIn === undefined) throw new EntraLoginError('store_failed', 'The tokens were kept, but are not there now.');
  const claims = keptClaims(signIn);
  if (options.json !== true) {
    context.stdout.write(renderAccountAndClaims(signIn.account, claims, layoutOf(context.stdout, context.now())));
    return;
  }
  const { username, name, objectId, tenantId } = signIn.account;
  const newest = kept.accessTokens.find((token) => token.kind === 'person' && token.clientId === signIn.clientId);
  writeJson(context, {
    profile: opened.profile,
    account: { username, name, objectId, tenantId },
    scopes: grantedScopes(kept),
    expiresAt: newest?.expiresAt.toISOString(),
    store: opened.store.kind,
    claims,
  });
}
