import type { Deadline } from '../auth/deadline.ts';
import { startDeadline } from '../auth/deadline.ts';
import type { Context, SecretStore, StoreKind } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { LoadedSettings, Settings, SettingsOptions } from '../settings.ts';
import { loadSettings } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import type { KeptProfile } from '../tokens/kept-profile.ts';
import { readProfile } from '../tokens/token-store.ts';

/** Options that every command has, and those that name settings. */
export interface CommonOptions extends SettingsOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly timeout?: string | undefined;
}

/** What a command needs to find its profile. */
export type ProfileContext = Pick<Context, 'env' | 'files' | 'directories' | 'openStore'>;

/** A profile with its settings, where it is kept and what is kept. */
export interface OpenedProfile {
  readonly profile: string;
  readonly store: SecretStore;
  readonly settings: Settings;
  readonly kept: KeptProfile;
}

/** Finds the profile the options and the surroundings name, and reads what is kept for it. */
export async function openProfile(context: ProfileContext, options: SettingsOptions): Promise<OpenedProfile> {
  const loaded = await loadSettings(context, options);
  return await openLoadedProfile(context, loaded, await chooseStore(context, loaded));
}

/** Reads what is kept for a profile in a store already chosen. */
export async function openLoadedProfile(
  context: ProfileContext,
  loaded: LoadedSettings,
  kind: StoreKind,
): Promise<OpenedProfile> {
  const profile = loaded.profile.value;
  const store = context.openStore(kind);
  const kept = await readProfile(store, profile);
  return { profile, store, settings: loaded.resolve(kept.signIn), kept };
}

/** The store that was chosen; else the file store if the profile is kept there; else the keychain. */
export async function chooseStore(context: ProfileContext, loaded: LoadedSettings): Promise<StoreKind> {
  if (loaded.store !== undefined) return loaded.store.value;
  const inFile = await context.openStore('file').read(loaded.profile.value);
  return inFile === undefined ? 'keychain' : 'file';
}

/**
 * The client secret: from the environment, else the one `setup` keeps in the profile's store. `undefined` for a public
 * client.
 */
export async function findClientSecret(opened: Omit<OpenedProfile, 'kept'>): Promise<string | undefined> {
  return opened.settings.clientSecret?.value ?? (await opened.store.read(`${opened.profile}/client-secret`));
}

/**
 * Starts the limit of everything that waits for no person: `--timeout`, else 30 seconds. It counts from when it is first
 * asked for: a kept token waits for nothing, and clocks take longer to load than all that it needs.
 */
export function startCommandDeadline(context: Pick<Context, 'signal'>, options: CommonOptions): Deadline {
  const limit = options.timeout === undefined ? 30_000 : readDuration(options.timeout, '--timeout');
  const reason = (): EntraLoginError =>
    new EntraLoginError('timeout', `Nobody answered within ${limit / 1000} seconds.`, {
      hint: 'Check the network, or give it longer: --timeout 2m',
    });
  let started: Deadline | undefined;
  const deadline = (): Deadline => (started ??= startDeadline(context.signal, limit, reason));
  return {
    get signal() {
      return deadline().signal;
    },
    remaining: () => deadline().remaining(),
    end: () => started?.end(),
  };
}
