import type { SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { renderDistance } from '../render/time.ts';
import type { Settings } from '../settings.ts';
import type { KeptProfile } from '../tokens/kept-profile.ts';
import { signInCommand } from '../tokens/sign-in.ts';
import type { CheckOutcome } from './checks.ts';
import { failed, failedBy, passed, skipped } from './checks.ts';

/**
 * Whether tokens can be kept: a value as large as a real profile is written, read back and deleted. Not in a keychain
 * that cannot be read: it would be waited for, and the person asked to unlock it, a second time.
 */
export async function checkStore(store: SecretStore, reading: Promise<KeptProfile>): Promise<CheckOutcome> {
  if (store.kind === 'memory') return passed('store', 'memory: tokens are gone when the command ends');
  const where = store.kind === 'file' ? 'file, not encrypted' : 'keychain';
  try {
    const unread = await reading.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (isUnavailable(unread)) throw unread;
    const begun = performance.now();
    await store.probe();
    const took = Math.round(performance.now() - begun);
    return passed('store', `${where}: 6,000 bytes written, read back and deleted in ${took} ms`);
  } catch (error) {
    return failedBy('store', error);
  }
}

/** Who is signed in, and with what that can be renewed; nothing is renewed. */
export async function checkAccount(
  profile: string,
  reading: Promise<KeptProfile>,
  settings: Pick<Settings, 'clientId' | 'authorityHost'> | undefined,
  now: Date,
): Promise<CheckOutcome> {
  try {
    return judgeAccount(profile, await reading, settings, now);
  } catch (error) {
    return isUnavailable(error) ? skipped('account', 'the store could not be read') : failedBy('account', error);
  }
}

function isUnavailable(error: unknown): error is EntraLoginError {
  return error instanceof EntraLoginError && error.code === 'keychain_unavailable';
}

function judgeAccount(
  profile: string,
  kept: KeptProfile,
  settings: Pick<Settings, 'clientId' | 'authorityHost'> | undefined,
  now: Date,
): CheckOutcome {
  const { signIn } = kept;
  if (signIn === undefined)
    return skipped('account', `nobody is signed in (profile "${profile}")`, signInCommand(profile));
  const { username } = signIn.account;
  const clientId = settings?.clientId?.value ?? signIn.clientId;
  const isOther =
    clientId !== signIn.clientId || (settings !== undefined && settings.authorityHost.value !== signIn.authorityHost);
  if (isOther) {
    const detail = `${username} is signed in with another application or authority host (client ID ${signIn.clientId})`;
    return failed('account', detail, 'entra-login login --profile NAME, or replace it: entra-login login --force');
  }
  const ofPerson = kept.accessTokens.filter(({ kind }) => kind === 'person');
  const last = ofPerson.reduce<Date | undefined>(
    (latest, { expiresAt }) => (latest === undefined || expiresAt > latest ? expiresAt : latest),
    undefined,
  );
  const lives = last !== undefined && last > now;
  const token =
    last === undefined
      ? 'no access token'
      : `access token ${lives ? 'expires' : 'expired'} ${renderDistance(last, now)}`;
  if (signIn.refreshToken !== undefined) {
    return passed(
      'account',
      `${username}; ${token}, a refresh token renews it`,
      'entra-login whoami --check proves it',
    );
  }
  const detail = `${username}; ${token}, and no refresh token`;
  const hint = `${signInCommand(profile)} --force, with offline_access among the scopes`;
  return lives ? passed('account', detail, hint) : failed('account', detail, hint);
}
