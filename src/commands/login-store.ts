import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { fitWidth } from '../render/fit-width.ts';
import { plainText } from '../render/plain-text.ts';
import type { LoadedSettings } from '../settings.ts';
import type { CommonOptions, OpenedProfile } from './opened-profile.ts';
import { chooseStore, openLoadedProfile } from './opened-profile.ts';

/**
 * Opens the profile where tokens can be kept, proved by a write, before the person is sent to the browser. Without a
 * keychain it offers the file store on a terminal, by name; elsewhere, or where a store was chosen, that is an error.
 */
export async function openStoreForSignIn(
  context: Context,
  options: CommonOptions,
  loaded: LoadedSettings,
): Promise<OpenedProfile> {
  const kind = await chooseStore(context, loaded);
  try {
    const opened = await openLoadedProfile(context, loaded, kind);
    await opened.store.probe();
    return opened;
  } catch (error) {
    const isMissing = error instanceof EntraLoginError && error.code === 'keychain_unavailable';
    if (!isMissing || loaded.store !== undefined || !(await acceptsFile(context, options, error))) throw error;
    const opened = await openLoadedProfile(context, loaded, 'file');
    await opened.store.probe();
    return opened;
  }
}

/** Tells whether there is a person to ask; some CI jobs have a terminal at which nobody sits. */
export function isSomebodyThere({
  stdin,
  stderr,
  surroundings,
}: Pick<Context, 'stdin' | 'stderr' | 'surroundings'>): boolean {
  return stdin.isTerminal && stderr.isTerminal && surroundings.ci === undefined;
}

async function acceptsFile(context: Context, options: CommonOptions, error: EntraLoginError): Promise<boolean> {
  const { stdin, stderr, directories, signal } = context;
  if (!isSomebodyThere(context) || options.json === true) return false;
  const question = `${plainText(error.message)}
Tokens can be kept in a file instead, readable by you alone but not encrypted:
  ${directories.state}
Keep them there? [y/N] `;
  stderr.write(fitWidth(question, stderr));
  const answer = await stdin.readLine({ hidden: false, signal });
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

/** Forgets the profile in the places it was kept before, so that one place holds it. */
export async function forgetElsewhere(context: Context, opened: OpenedProfile): Promise<void> {
  for (const kind of ['file', 'keychain'] as const) {
    if (kind === opened.store.kind || opened.store.kind === 'memory') continue;
    try {
      await context.openStore(kind).delete(opened.profile);
    } catch (error) {
      // A place that cannot be had holds nothing that would be read.
      if (!(error instanceof EntraLoginError)) throw error;
    }
  }
}
