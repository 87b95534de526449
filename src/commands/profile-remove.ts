import type { Context } from '../context.ts';
import { loadSettings } from '../settings.ts';
import { removeProfileSettings } from '../settings-user-file.ts';
import { overrideRenewals } from '../tokens/profile-lock.ts';
import type { ProfilesContext } from './known-profiles.ts';
import { findProfiles, lastingStores, refuseJson, requireProfile } from './known-profiles.ts';
import { say, warn } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/**
 * Deletes a profile: its account and client secret in every store, then its settings. Asks nothing. Errors: `usage` for
 * an unknown one, those of the stores; a store that is not there at all is only warned of.
 */
export async function removeProfile(
  name: string,
  options: CommonOptions,
  context: ProfilesContext & Pick<Context, 'takeLock' | 'signal'>,
): Promise<void> {
  refuseJson(options, 'profile remove', 'entra-login profile list --json');
  const before = await loadSettings(context, {});
  const known = await findProfiles(context, 'default', before);
  requireProfile(known, name);
  const removed: string[] = [];
  for (const kind of lastingStores) {
    if (known.failures.has(kind)) continue;
    const store = context.openStore(kind);
    if (await overrideRenewals(context, store, name, () => store.delete(name))) removed.push(`its account (${kind})`);
    if (await store.delete(`${name}/client-secret`)) removed.push(`its client secret (${kind})`);
  }
  for (const [kind, { message }] of known.missed) {
    warn(context, options, `What the ${kind} store may keep for it stays: ${message}`);
  }
  const hadAccount = known.accountsIn.has(name);
  if (await removeProfileSettings(context, name)) removed.push('its settings');
  const parts = removed.map((part) => `  ${part}\n`).join('');
  context.stdout.write(`Removed profile "${name}":\n${parts || '  there was nothing to delete\n'}`);
  if (hadAccount) {
    say(context, options, 'Entra has no token revocation: access tokens already issued live until they expire.');
  }
  const { value } = (await loadSettings(context, {})).profile;
  if (value !== before.profile.value) say(context, options, `The profile in use is now "${value}".`);
}
