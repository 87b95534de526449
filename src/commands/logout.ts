import { endSessionUrl } from '../auth/sign-out.ts';
import type { Context, SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { plainText } from '../render/plain-text.ts';
import { loadSettings } from '../settings.ts';
import type { KeptSignIn } from '../tokens/kept-profile.ts';
import { parseProfile } from '../tokens/kept-profile.ts';
import { overrideRenewals } from '../tokens/profile-lock.ts';
import { say, warn, writeJson } from './notices.ts';
import type { CommonOptions, ProfileContext } from './opened-profile.ts';
import { chooseStore } from './opened-profile.ts';

/** Options of `logout`. */
export interface LogoutOptions extends CommonOptions {
  readonly all?: boolean | undefined;
  readonly endBrowserSession?: boolean | undefined;
}

type LogoutContext = ProfileContext & Pick<Context, 'stdout' | 'stderr' | 'openBrowser' | 'takeLock' | 'signal'>;

/** Forgets the account of the profile, or of every profile; damaged content too. A kept client secret stays. */
export async function logout(options: LogoutOptions, context: LogoutContext): Promise<void> {
  const loaded = await loadSettings(context, options);
  const places = options.all === true ? await everyProfile(context, options) : [await oneProfile()];
  async function oneProfile(): Promise<Place> {
    return { profile: loaded.profile.value, store: context.openStore(await chooseStore(context, loaded)) };
  }
  const signedOut: { profile: string; signIn: KeptSignIn | undefined }[] = [];
  for (const { profile, store } of places) {
    const signIn = await readSignIn(store, profile);
    const isGone = await overrideRenewals(context, store, profile, () => store.delete(profile));
    if (isGone) signedOut.push({ profile, signIn });
  }
  if (options.json === true) {
    writeJson(context, {
      signedOut: signedOut.map(({ profile, signIn }) => ({ profile, account: publicAccount(signIn) })),
    });
  } else {
    context.stdout.write(describe(signedOut, loaded.profile.value, options.all === true));
  }
  if (signedOut.length > 0) {
    say(context, options, 'Entra has no token revocation: access tokens already issued live until they expire.');
  }
  if (options.endBrowserSession === true) {
    const browser = loaded.resolve(undefined).browser?.value;
    for (const { signIn } of signedOut) await endBrowserSession(context, options, browser, signIn);
  }
}

interface Place {
  readonly profile: string;
  readonly store: SecretStore;
}

// Every profile of both places; a keychain that cannot be had is no reason to keep what lies in files.
async function everyProfile(context: LogoutContext, options: LogoutOptions): Promise<Place[]> {
  const places: Place[] = [];
  for (const kind of ['file', 'keychain'] as const) {
    const store = context.openStore(kind);
    try {
      // A client secret that `setup` keeps stands beside its profile and stays.
      const profiles = (await store.list()).filter((name) => !name.includes('/'));
      places.push(...profiles.map((profile) => ({ profile, store })));
    } catch (error) {
      if (!(error instanceof EntraLoginError) || kind !== 'keychain') throw error;
      if (places.length === 0) throw error;
      warn(context, options, `The keychain could not be read, so profiles in it stay: ${error.message}`);
    }
  }
  return places;
}

// What is damaged can still be forgotten: that is the mend the errors name.
async function readSignIn(store: SecretStore, profile: string): Promise<KeptSignIn | undefined> {
  try {
    return parseProfile((await store.read(profile)) ?? '')?.signIn;
  } catch (error) {
    if (error instanceof EntraLoginError && error.code === 'store_failed') return undefined;
    throw error;
  }
}

function publicAccount(signIn: KeptSignIn | undefined): Record<string, string> | undefined {
  if (signIn === undefined) return undefined;
  const { username, name, objectId, tenantId } = signIn.account;
  return { username, name, objectId, tenantId };
}

function describe(
  signedOut: readonly { profile: string; signIn: KeptSignIn | undefined }[],
  profile: string,
  all: boolean,
): string {
  if (signedOut.length === 0) return all ? 'Nobody was signed in.\n' : `Nobody was signed in (profile "${profile}").\n`;
  const lines = signedOut.map(({ profile: name, signIn }) => {
    const who = signIn === undefined ? 'what was kept' : plainText(signIn.account.username);
    return `Signed out: ${who} (profile "${name}")`;
  });
  return `${lines.join('\n')}\n`;
}

async function endBrowserSession(
  context: LogoutContext,
  options: LogoutOptions,
  browser: string | undefined,
  signIn: KeptSignIn | undefined,
): Promise<void> {
  const url = signIn === undefined ? undefined : endSessionUrl(signIn.metadata, signIn.account);
  if (url === undefined) {
    warn(context, options, 'This authority has no page that ends the browser session.');
    return;
  }
  context.stderr.write(`To end the browser session, open: ${url}\n`);
  if (browser === 'none') return;
  const launch = await context.openBrowser(url, browser);
  if (launch.outcome === 'failed') warn(context, options, `No browser could be opened: ${launch.reason}`);
}
