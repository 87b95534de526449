import type { Context } from '../context.ts';
import type { ShownProfile } from '../render/profiles.ts';
import { renderProfile, renderProfiles } from '../render/profiles.ts';
import { loadSettings } from '../settings.ts';
import { chooseCurrentProfile } from '../settings-user-file.ts';
import type { KnownProfiles, ProfilesContext } from './known-profiles.ts';
import { findProfiles, refuseJson, requireProfile, warnOfMissed } from './known-profiles.ts';
import { layoutOf, warn, writeJson } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/** Lists every profile: those of `config.json`, those that something is kept for, and the one in use. */
export async function listProfiles(options: CommonOptions, context: ProfilesContext): Promise<void> {
  const loaded = await loadSettings(context, options);
  const current = loaded.profile.value;
  const known = await findProfiles(context, current, loaded);
  warnOfMissed(context, options, known);
  const shown = known.names.map((name) => show(known, name, current));
  if (options.json === true) writeJson(context, shown.map(toJson));
  else context.stdout.write(renderProfiles(shown, layoutOf(context.stdout, context.now())));
}

/** Shows one profile, the one in use if none is named. Errors: `usage` for an unknown one. */
export async function showProfile(
  name: string | undefined,
  options: CommonOptions,
  context: ProfilesContext,
): Promise<void> {
  const loaded = await loadSettings(context, options);
  const current = loaded.profile.value;
  const known = await findProfiles(context, current, loaded);
  requireProfile(known, name ?? current);
  warnOfMissed(context, options, known);
  const shown = show(known, name ?? current, current);
  if (options.json === true) writeJson(context, toJson(shown));
  else context.stdout.write(renderProfile(shown, layoutOf(context.stdout, context.now())));
}

/** Makes a profile the one that is used where nothing else names one. Errors: `usage` for an unknown one. */
export async function useProfile(
  name: string,
  options: CommonOptions,
  context: ProfilesContext & Pick<Context, 'takeLock' | 'signal'>,
): Promise<void> {
  refuseJson(options, 'profile use', 'entra-login profile list --json');
  const loaded = await loadSettings(context, {});
  // The built-in one is always there to go back to.
  requireProfile(await findProfiles(context, 'default', loaded), name);
  const { value, from } = loaded.profile;
  await chooseCurrentProfile(context, name);
  context.stdout.write(`The profile in use is now "${name}".\n`);
  const [, above] = /^(?:environment|project) (.*)$/s.exec(from) ?? [];
  if (above !== undefined && value !== name) warn(context, options, `Here it is "${value}": ${above} goes before it.`);
}

function show({ settings, accountsIn, secretsIn }: KnownProfiles, name: string, current: string): ShownProfile {
  return {
    name,
    current: name === current,
    settings: settings.get(name) ?? {},
    keptIn: accountsIn.get(name) ?? [],
    secretIn: secretsIn.get(name) ?? [],
  };
}

function toJson({ name, current, settings }: ShownProfile): object {
  return { name, current, settings };
}
