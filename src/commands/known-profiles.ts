import type { Context, SecretStore, StoreKind } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { LoadedSettings } from '../settings.ts';
import { readProfileName } from '../settings-values.ts';
import type { ProfileSettings } from '../settings-user-file.ts';
import { readUserProfiles } from '../settings-user-file.ts';
import { warn } from './notices.ts';
import type { CommonOptions, ProfileContext } from './opened-profile.ts';

/** The places that hold something between runs. */
export const lastingStores = ['file', 'keychain'] as const satisfies readonly StoreKind[];

/** The profiles there are: in `config.json`, in the stores, and the one in use. */
export interface KnownProfiles {
  /** Those of `config.json` in its order, then the others by name. */
  readonly names: readonly string[];
  /** As `config.json` has them. */
  readonly settings: ReadonlyMap<string, ProfileSettings>;
  /** Where something is kept under the profile's name: an account, or the tokens of an application. */
  readonly accountsIn: ReadonlyMap<string, readonly StoreKind[]>;
  /** Where a client secret is kept with the profile. */
  readonly secretsIn: ReadonlyMap<string, readonly StoreKind[]>;
  /** The stores that could not be read, and why. */
  readonly failures: ReadonlyMap<StoreKind, EntraLoginError>;
  /** Those of them that may hold something: not a keychain that is not there, for who has chosen another store. */
  readonly missed: ReadonlyMap<StoreKind, EntraLoginError>;
}

/**
 * Finds the profiles there are, the named one among them. A store that cannot be read hides only what it holds. Errors:
 * `configuration`.
 */
export async function findProfiles(
  context: ProfileContext,
  named: string,
  { store: chosen }: Pick<LoadedSettings, 'store'>,
): Promise<KnownProfiles> {
  const { profiles: settings } = await readUserProfiles(context);
  const accountsIn = new Map<string, StoreKind[]>();
  const secretsIn = new Map<string, StoreKind[]>();
  const failures = new Map<StoreKind, EntraLoginError>();
  for (const kind of lastingStores) {
    for (const kept of await listNames(context.openStore(kind), failures)) {
      const [profile = kept, secret] = kept.split('/');
      const places = secret === undefined ? accountsIn : secretsIn;
      places.set(profile, [...(places.get(profile) ?? []), kind]);
    }
  }
  const others = new Set([...accountsIn.keys(), ...secretsIn.keys(), named]);
  const isKeychainChosen = (chosen?.value ?? 'keychain') === 'keychain';
  const missed = [...failures].filter(([, { code }]) => isKeychainChosen || code !== 'keychain_unavailable');
  const names = [...settings.keys(), ...[...others].filter((name) => !settings.has(name)).toSorted()];
  return { names, settings, accountsIn, secretsIn, failures, missed: new Map(missed) };
}

/** Checks that there is a profile of the name. Errors: `configuration` for no name at all, `usage` for an unknown one. */
export function requireProfile(known: KnownProfiles, name: string): void {
  readProfileName(name, 'the name given');
  if (known.names.includes(name)) return;
  // What is kept in a place that cannot be read may be this one.
  const unseen = [...known.missed.values()].map(({ message }) => ` (${message})`).join('');
  throw new EntraLoginError('usage', `There is no profile "${name}".${unseen}`, {
    hint: `There are: ${known.names.join(', ')}. To make it: entra-login setup --profile ${name}`,
  });
}

/** Warns of the stores that could not be read, but for those whose failure is shown already. */
export function warnOfMissed(
  context: Pick<Context, 'stderr'>,
  options: CommonOptions,
  known: KnownProfiles,
  shown: readonly (EntraLoginError | undefined)[] = [],
): void {
  for (const [kind, failure] of known.missed) {
    if (shown.includes(failure)) continue;
    warn(context, options, `What is kept in the ${kind} store is missing: ${failure.message}`);
  }
}

/** Answers why a store cannot be used; throws what is no failure of a store. */
export function storeFailure(error: unknown): EntraLoginError {
  if (!(error instanceof EntraLoginError)) throw error;
  if (error.code !== 'keychain_unavailable' && error.code !== 'store_failed') throw error;
  return error;
}

async function listNames(store: SecretStore, failures: Map<StoreKind, EntraLoginError>): Promise<string[]> {
  try {
    return await store.list();
  } catch (error) {
    failures.set(store.kind, storeFailure(error));
    return [];
  }
}

/** Refuses `--json` for a command that has no such form (contract, section 2). */
export function refuseJson(options: { readonly json?: boolean | undefined }, command: string, instead: string): void {
  if (options.json !== true) return;
  throw new EntraLoginError('usage', `${command} has no --json form.`, { hint: instead });
}

/** What finding profiles and telling about them needs. */
export type ProfilesContext = ProfileContext & Pick<Context, 'stdout' | 'stderr' | 'now'>;
