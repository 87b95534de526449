import { startDeadline } from './auth/deadline.ts';
import { isRecord } from './auth/json.ts';
import { parseScopes } from './auth/scopes.ts';
import type { Context } from './context.ts';
import { EntraLoginError } from './errors.ts';
import { readUserFile, userFilePath } from './settings-files.ts';
import { schemaText } from './settings-schema.ts';

/** The settings of one profile as `config.json` holds them, unchecked texts. */
export interface ProfileSettings {
  readonly tenant?: string | undefined;
  readonly clientId?: string | undefined;
  readonly redirectUri?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly cloud?: string | undefined;
  readonly authorityHost?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly store?: string | undefined;
  readonly browser?: string | undefined;
}

/** What `config.json` holds. */
export interface UserProfiles {
  /** The profile chosen with `profile use`. */
  readonly current: string | undefined;
  readonly profiles: ReadonlyMap<string, ProfileSettings>;
}

/** What changing `config.json` needs of the world. */
export type UserFileContext = Pick<Context, 'files' | 'directories' | 'takeLock' | 'signal'>;

/** Reads the profiles of `config.json`, none if there is no file. Errors: `configuration`, also for one damaged profile. */
export async function readUserProfiles(context: Pick<Context, 'files' | 'directories'>): Promise<UserProfiles> {
  const file = await readUserFile(context);
  if (file === undefined) return { current: undefined, profiles: new Map() };
  const profiles = file.names.map((name) => [name, toProfileSettings(file.settingsOf(name).values)] as const);
  return { current: file.profile.values['profile'], profiles: new Map(profiles) };
}

/** Replaces the settings of a profile in `config.json`; everything else in it stays. Errors: `configuration`. */
export async function writeProfileSettings(
  context: UserFileContext,
  name: string,
  settings: ProfileSettings,
): Promise<void> {
  await changeUserFile(context, (members) => ({
    ...members,
    profiles: { ...profilesOf(members), [name]: settings },
  }));
}

/** Makes the profile the one that is used where nothing else names one. Errors: `configuration`. */
export async function chooseCurrentProfile(context: UserFileContext, name: string): Promise<void> {
  await changeUserFile(context, (members) => {
    if (Object.hasOwn(members, 'profile')) return { ...members, profile: name };
    const { profiles, ...rest } = members;
    return { ...rest, profile: name, profiles };
  });
}

/**
 * Removes the settings of a profile; answers whether `config.json` named it. The chosen profile is no longer chosen
 * then. Errors: `configuration`.
 */
export async function removeProfileSettings(context: UserFileContext, name: string): Promise<boolean> {
  let isFound = false;
  await changeUserFile(context, (members) => {
    const { profile, ...rest } = members;
    const hasSettings = Object.hasOwn(profilesOf(members), name);
    isFound = hasSettings || profile === name;
    if (!isFound) return undefined;
    const kept = profile === name ? rest : members;
    const { [name]: _removed, ...others } = profilesOf(members);
    return hasSettings ? { ...kept, profiles: others } : kept;
  });
  return isFound;
}

type Members = Readonly<Record<string, unknown>>;

// The lock's name is no profile's; nobody holds it longer than a file is read and written.
const lockName = '/config.json';
const longestWait = 10_000;
// For editors; relative to the file.
const schemaReference = './config.schema.json';

/** Reads, changes and writes the file while no other process does; an edit that answers `undefined` leaves it. */
async function changeUserFile(
  context: UserFileContext,
  edit: (members: Members) => Members | undefined,
): Promise<void> {
  const path = userFilePath(context);
  const deadline = startDeadline(context.signal, longestWait, () => {
    const message = `Another process has been writing ${path} for ${longestWait / 1000} seconds.`;
    return new EntraLoginError('timeout', message, { hint: 'End it, then try again.' });
  });
  try {
    for (;;) {
      const lock = await context.takeLock(lockName, deadline.signal);
      if (lock.outcome === 'released') continue;
      try {
        return await changeNow(context, path, edit);
      } finally {
        if (lock.outcome === 'taken') await lock.release();
      }
    }
  } finally {
    deadline.end();
  }
}

async function changeNow(
  context: UserFileContext,
  path: string,
  edit: (members: Members) => Members | undefined,
): Promise<void> {
  const file = await readUserFile(context);
  // What is damaged is never written over: each profile is looked at, not only the one that changes.
  for (const name of file?.names ?? []) file?.settingsOf(name);
  const changed = edit(file?.members ?? { $schema: schemaReference });
  if (changed === undefined) return;
  const indent = /^[ \t]+(?=")/m.exec(file?.text ?? '')?.[0] ?? '  ';
  await context.files.writeText(path, `${JSON.stringify(changed, undefined, indent)}\n`);
  // The change is made by now; without the schema an editor merely knows less.
  if (changed['$schema'] === schemaReference) await keepSchema(context).catch(() => {});
}

// A copy beside the file works offline, names no host and outlives an update of the program, unlike a path into it.
async function keepSchema({ files, directories }: UserFileContext): Promise<void> {
  const path = `${directories.configuration}/config.schema.json`;
  const text = schemaText('user');
  if ((await files.readText(path)) !== text) await files.writeText(path, text);
}

function profilesOf({ profiles }: Members): Members {
  return isRecord(profiles) ? profiles : {};
}

function toProfileSettings(values: Readonly<Record<string, string>>): ProfileSettings {
  const { tenant, clientId, redirectUri, scopes, cloud, authorityHost, clientCertificate, store, browser } = values;
  const list = scopes === undefined ? undefined : parseScopes([scopes]);
  return { tenant, clientId, redirectUri, scopes: list, cloud, authorityHost, clientCertificate, store, browser };
}
