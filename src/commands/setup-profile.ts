import { authorityHostOf } from '../auth/clouds.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { userFilePath } from '../settings-files.ts';
import type { ProfileSettings } from '../settings-user-file.ts';
import { readUserProfiles, writeProfileSettings } from '../settings-user-file.ts';
import type { LoadedSettings } from '../settings.ts';
import { loadSettings } from '../settings.ts';
import { readCloud, readScopes } from '../settings-values.ts';
import { openStoreForSignIn } from './login-store.ts';
import { say, warn } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';
import { chooseStore } from './opened-profile.ts';
import type { SetupDraft } from './setup-draft.ts';

/** A profile that was set up. */
export interface KeptSetup {
  readonly profile: string;
  readonly draft: SetupDraft;
  /** As they stand in `config.json`. */
  readonly settings: ProfileSettings;
  readonly path: string;
}

/** Keeps the secret and writes the settings, in that order: a profile never names a secret that is not there. */
export async function keepSetup(
  context: Context,
  options: CommonOptions,
  profile: string,
  draft: SetupDraft,
): Promise<KeptSetup> {
  const loaded = await loadSettings(context, options);
  const before = (await readUserProfiles(context)).profiles.get(profile) ?? {};
  const store =
    draft.newSecret === undefined
      ? loaded.store?.value
      : await keepSecret(context, options, loaded, profile, draft.newSecret);
  if (draft.platform === 'desktop') await forgetSecret(context, options, loaded);
  const { tenant, clientId, redirectUri } = draft;
  const scopes = options.scope === undefined ? before.scopes : readScopes(options.scope.join(' '), '--scope');
  const place = placeOf(options, draft, before);
  const settings = withoutAbsent({ ...before, tenant, clientId, redirectUri, scopes, ...place, store });
  await writeProfileSettings(context, profile, settings);
  return { profile, draft, settings, path: userFilePath(context) };
}

/** Where the profile's client secret is, or would be; one that cannot be looked into holds none. */
export function openSecretPlace(
  context: Context,
  loaded: LoadedSettings,
): { readonly read: () => Promise<string | undefined>; readonly delete: () => Promise<boolean> } {
  const name = `${loaded.profile.value}/client-secret`;
  const ignoreMissing = (error: unknown): undefined => {
    if (error instanceof EntraLoginError && error.code === 'keychain_unavailable') return undefined;
    throw error;
  };
  const open = async (): Promise<ReturnType<Context['openStore']>> =>
    context.openStore(await chooseStore(context, loaded));
  return {
    read: async () => await (await open()).read(name).catch(ignoreMissing),
    delete: async () => (await (await open()).delete(name).catch(ignoreMissing)) ?? false,
  };
}

async function keepSecret(
  context: Context,
  options: CommonOptions,
  loaded: LoadedSettings,
  profile: string,
  secret: string,
): Promise<'keychain' | 'file' | undefined> {
  const { store } = await openStoreForSignIn(context, options, loaded);
  if (store.kind === 'memory') {
    throw new EntraLoginError('usage', 'The store "memory" keeps nothing, and no client secret either.', {
      hint: 'Leave out --store (the keychain), or: --store file',
    });
  }
  await store.write(`${profile}/client-secret`, secret);
  say(context, options, `The client secret is kept: ${store.kind}.`);
  // The store agreed to because there is no keychain must be found again.
  return loaded.store === undefined && store.kind === 'keychain' ? undefined : store.kind;
}

// With a secret the application would go on as a confidential client (AADSTS700025).
async function forgetSecret(context: Context, options: CommonOptions, loaded: LoadedSettings): Promise<void> {
  const secret = loaded.resolve(undefined).clientSecret;
  if (secret !== undefined) {
    const variable = secret.from.replace('environment ', '');
    warn(context, options, `${variable} is set: unset it, or Entra takes the application for a Web one.`);
  }
  if (await openSecretPlace(context, loaded).delete()) {
    say(context, options, 'The client secret that was kept for this profile is deleted.');
  }
}

function placeOf(
  options: CommonOptions,
  { authorityHost }: SetupDraft,
  before: ProfileSettings,
): Pick<ProfileSettings, 'cloud' | 'authorityHost'> {
  if (options.authorityHost !== undefined) return { cloud: undefined, authorityHost };
  if (options.cloud !== undefined) return { cloud: readCloud(options.cloud, '--cloud'), authorityHost: undefined };
  const { cloud } = before;
  if (cloud !== undefined && authorityHost === authorityHostOf(readCloud(cloud, 'cloud'))) {
    return { cloud, authorityHost: undefined };
  }
  const isUsual = authorityHost === authorityHostOf('public');
  return { cloud: undefined, authorityHost: isUsual ? undefined : authorityHost };
}

function withoutAbsent(settings: ProfileSettings): ProfileSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
