import type { Context, SecretStore, StoreKind } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { ProfileStatus } from '../render/status.ts';
import { renderStatus, statusMembers } from '../render/status.ts';
import type { LoadedSettings } from '../settings.ts';
import { loadSettings } from '../settings.ts';
import { getAccessToken } from '../tokens/access-token.ts';
import type { KeptProfile, KeptSignIn } from '../tokens/kept-profile.ts';
import { grantedScopes, tokenOfSignIn } from '../tokens/sign-in.ts';
import { readProfile } from '../tokens/token-store.ts';
import type { KnownProfiles, ProfilesContext } from './known-profiles.ts';
import { findProfiles, warnOfMissed } from './known-profiles.ts';
import { layoutOf, writeJson } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';
import { findClientSecret, startCommandDeadline } from './opened-profile.ts';

/** Options of `status`. */
export interface StatusOptions extends CommonOptions {
  readonly check?: boolean | undefined;
}

type StatusContext = ProfilesContext & Pick<Context, 'fetch' | 'signal' | 'takeLock'>;

/**
 * Shows every profile, or the one that `--profile` names; with `--check` after a renewal of each. What fails for one is
 * shown with it and thrown once all are shown: `sign_in_required` before any other.
 */
export async function status(options: StatusOptions, context: StatusContext): Promise<void> {
  const loaded = await loadSettings(context, options);
  const current = loaded.profile.value;
  const known = await findProfiles(context, current, loaded);
  const names = options.profile === undefined ? known.names : [current];
  const profiles: ProfileStatus[] = [];
  for (const name of names) profiles.push(await readStatus(options, context, known, name, name === current));
  if (options.json === true) writeJson(context, profiles.map(statusMembers));
  else context.stdout.write(renderStatus(profiles, layoutOf(context.stdout, context.now())));
  warnOfMissed(
    context,
    options,
    known,
    profiles.map(({ failure }) => failure),
  );
  throwFirst(profiles);
}

async function readStatus(
  options: StatusOptions,
  context: StatusContext,
  known: KnownProfiles,
  profile: string,
  current: boolean,
): Promise<ProfileStatus> {
  let found: ProfileStatus = {
    ...{ profile, current, signIn: undefined, tenant: undefined, clientId: undefined, scopes: [] },
    ...{ expiresAt: undefined, store: 'keychain', storeReason: 'built-in', elsewhere: [] },
    ...{ isProved: false, failure: undefined },
  };
  try {
    const loaded = await loadSettings(context, { ...options, profile });
    const { kind, ...place } = choosePlace(known, profile, loaded);
    found = { ...found, ...place, store: kind };
    const failure = known.failures.get(kind);
    if (failure !== undefined) throw failure;
    const store = context.openStore(kind);
    const kept = await readProfile(store, profile);
    found = { ...found, ...describeKept(loaded, kept) };
    if (options.check === true && kept.signIn !== undefined && mayRenew(kept, context.now())) {
      await renew(options, context, loaded, store, kept.signIn);
      found = { ...found, ...describeKept(loaded, await readProfile(store, profile)), isProved: true };
    }
    return found;
  } catch (error) {
    if (!(error instanceof EntraLoginError) || error.code === 'cancelled') throw error;
    return { ...found, failure: error };
  }
}

// As chooseStore does, from what is listed already: a damaged file is still where the profile is kept.
function choosePlace(
  known: KnownProfiles,
  profile: string,
  loaded: LoadedSettings,
): Pick<ProfileStatus, 'storeReason' | 'elsewhere'> & { readonly kind: StoreKind } {
  const keptIn = known.accountsIn.get(profile) ?? [];
  const unchosen = keptIn.includes('file')
    ? ({ value: 'file', from: 'kept there' } as const)
    : ({ value: 'keychain', from: 'built-in' } as const);
  const { value, from } = loaded.store ?? unchosen;
  return { kind: value, storeReason: from, elsewhere: keptIn.filter((kind) => kind !== value) };
}

function describeKept(
  loaded: LoadedSettings,
  kept: KeptProfile,
): Pick<ProfileStatus, 'signIn' | 'tenant' | 'clientId' | 'scopes' | 'expiresAt'> {
  const { signIn } = kept;
  if (signIn === undefined) {
    const { tenant, clientId, scopes } = loaded.resolve(undefined);
    return { signIn, tenant: tenant?.value, clientId: clientId?.value, scopes: scopes.value, expiresAt: undefined };
  }
  const { account, clientId } = signIn;
  const expiresAt = tokenOfSignIn(kept)?.expiresAt;
  return { signIn, tenant: account.tenantId, clientId, scopes: grantedScopes(kept), expiresAt };
}

// A sign-in without a refresh token works until its access token expires.
function mayRenew(kept: KeptProfile, now: Date): boolean {
  return kept.signIn?.refreshToken !== undefined || (tokenOfSignIn(kept)?.expiresAt ?? now) <= now;
}

// What the account was signed in with, not what the settings here name: it is the account that is checked.
async function renew(
  options: StatusOptions,
  context: StatusContext,
  loaded: LoadedSettings,
  store: SecretStore,
  signIn: KeptSignIn,
): Promise<void> {
  const profile = loaded.profile.value;
  const { clientId, authorityHost, confidential } = signIn;
  const opened = { profile, store, settings: loaded.resolve(signIn) };
  const clientSecret = confidential ? await findClientSecret(opened) : undefined;
  const deadline = startCommandDeadline(context, options);
  try {
    const request = { profile, scopes: [], clientId, authorityHost, clientSecret, refresh: true };
    await getAccessToken(context, store, request, deadline);
  } finally {
    deadline.end();
  }
}

function throwFirst(profiles: readonly ProfileStatus[]): void {
  const failed = profiles.filter(({ failure }) => failure !== undefined);
  const failures = failed.map(({ failure }) => failure).filter((failure) => failure !== undefined);
  const first = failures.find(({ code }) => code === 'sign_in_required') ?? failures[0];
  if (first === undefined) return;
  const { code, hint, aadsts, correlationId, traceId } = first;
  const names = failed.map(({ profile }) => profile).join(', ');
  const message = `${failed.length} of ${profiles.length} profiles failed: ${names}.`;
  throw new EntraLoginError(code, message, { hint, aadsts, correlationId, traceId, cause: first });
}
