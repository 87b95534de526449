import { readClaimsRequest } from '../auth/claims-request.ts';
import { scopesOfFirstResource } from '../auth/scopes.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { plainText } from '../render/plain-text.ts';
import type { PrintableToken } from '../render/token.ts';
import { loadSettings, requireClient } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import { getAccessToken } from '../tokens/access-token.ts';
import type { Freshness } from '../tokens/renewal.ts';
import { nobodySignedIn } from '../tokens/sign-in.ts';
import type { ApplicationTokenOptions } from './application-token.ts';
import type { OpenedProfile } from './opened-profile.ts';
import { chooseStore, findClientSecret, openLoadedProfile, startCommandDeadline } from './opened-profile.ts';
import { wantedScope } from './wanted-scope.ts';

/** Options that say which access token is wanted: those of `token`, `exec` and `git-credential`. */
export type WantedTokenOptions = ApplicationTokenOptions;

/** Answers the access token that the options want, from the store or renewed; warnings go to stderr. */
export async function getWantedToken(options: WantedTokenOptions, context: Context): Promise<PrintableToken> {
  if (mayWantApplication(options)) {
    // Loaded when needed: a person's token is asked for in every shell prompt.
    const { applicationToken, wantsApplication } = await import('./application-token.ts');
    if (wantsApplication(options)) return await applicationToken(options, context);
  }
  const { minValidity, refresh, claims } = options;
  const scope = wantedScope(options);
  const freshness = {
    minimumValidity: minValidity === undefined ? undefined : readDuration(minValidity, '--min-validity'),
    refresh,
    claims: claims === undefined ? undefined : readClaimsRequest(claims),
  };
  const opened = await openForToken(context, { ...options, scope });
  // Two resources asked for here are an error; settings may name several, for consent: the first is the sign-in's.
  const { scopes } = opened.settings;
  const wanted = scope === undefined ? scopesOfFirstResource(scopes.value) : scopes.value;
  try {
    return await getPersonToken(context, options, opened, wanted, freshness);
  } catch (error) {
    const needsPerson = error instanceof EntraLoginError && error.code === 'sign_in_required';
    if (options.login !== true || !needsPerson) throw error;
    const { say } = await import('./notices.ts');
    say(context, options, plainText(error.message));
    const { signInPerson } = await import('./sign-in-person.ts');
    const kept = await signInPerson({ ...options, scope }, context, opened);
    // What the person just signed in for is as new as it gets.
    return await getPersonToken(context, options, { ...opened, kept }, wanted, {});
  }
}

/** Opens the profile; with `--login` and no store chosen, a keychain that cannot be had means memory and a warning. */
async function openForToken(context: Context, options: WantedTokenOptions): Promise<OpenedProfile> {
  const loaded = await loadSettings(context, options);
  try {
    return await openLoadedProfile(context, loaded, await chooseStore(context, loaded));
  } catch (error) {
    const isMissing = error instanceof EntraLoginError && error.code === 'keychain_unavailable';
    if (!isMissing || options.login !== true || loaded.store !== undefined) throw error;
    const { warn } = await import('./notices.ts');
    warn(context, options, `${error.message} Tokens are kept in memory, until this command ends.`);
    return await openLoadedProfile(context, loaded, 'memory');
  }
}

function mayWantApplication(options: WantedTokenOptions): boolean {
  const { clientCredentials, managedIdentity, clientCertificate, federatedTokenFile, serviceConnectionId } = options;
  const credentials = [clientCertificate, federatedTokenFile, serviceConnectionId];
  return clientCredentials === true || managedIdentity === true || credentials.some((given) => given !== undefined);
}

async function getPersonToken(
  context: Context,
  options: WantedTokenOptions,
  opened: OpenedProfile,
  scopes: readonly string[],
  freshness: Freshness,
): Promise<PrintableToken> {
  const { settings, profile, store, kept } = opened;
  if (kept.signIn === undefined) throw nobodySignedIn(profile);
  const request = {
    ...freshness,
    profile,
    kept,
    scopes,
    clientId: requireClient(settings).clientId,
    authorityHost: settings.authorityHost.value,
    tenant: settings.tenant?.value,
    isProjectTenant: settings.tenant?.from.startsWith('project '),
    clientSecret: kept.signIn.confidential ? await findClientSecret(opened) : undefined,
  };
  const deadline = startCommandDeadline(context, options);
  try {
    const { token, identity, warning } = await getAccessToken(context, store, request, deadline);
    if (warning !== undefined) {
      // Loaded when needed: colours take longer than a kept token.
      const { warn } = await import('./notices.ts');
      warn(context, options, warning);
    }
    const { accessToken, expiresAt, tenant, clientId } = token;
    return { accessToken, expiresAt, scopes: token.scopes, tenantId: tenant, clientId, account: identity.account };
  } finally {
    deadline.end();
  }
}
