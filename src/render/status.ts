import type { EntraLoginError } from '../errors.ts';
import type { KeptSignIn } from '../tokens/kept-profile.ts';
import type { Layout } from './claims.ts';
import { errorMembers } from './error.ts';
import { plainText } from './plain-text.ts';
import { renderDistance, renderLocalTime } from './time.ts';
import { wrapText } from './wrap.ts';

/** How a profile stands. */
export interface ProfileStatus {
  readonly profile: string;
  readonly current: boolean;
  /** `undefined` if nobody is signed in, or what is kept cannot be read. */
  readonly signIn: KeptSignIn | undefined;
  /** Of the account, else of the settings. */
  readonly tenant: string | undefined;
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  /** Of the sign-in's access token; in the past once it has expired. */
  readonly expiresAt: Date | undefined;
  readonly store: string;
  readonly storeReason: string;
  /** Other stores that keep something under the profile's name, which its settings pass over. */
  readonly elsewhere: readonly string[];
  /** Whether a renewal has just proved that the account works. */
  readonly isProved: boolean;
  /** Why the profile cannot be read, or why the renewal failed. */
  readonly failure: EntraLoginError | undefined;
}

/** The contract's JSON object of one profile; `error` where there is one. */
export function statusMembers(status: ProfileStatus): object {
  const { profile, signIn, tenant, clientId, scopes, expiresAt, store, storeReason, current, failure } = status;
  const { username, name, objectId, tenantId } = signIn?.account ?? {};
  return {
    profile,
    account: signIn && { username, name, objectId, tenantId },
    tenant,
    clientId,
    scopes,
    expiresAt: expiresAt?.toISOString(),
    store,
    storeReason,
    current,
    error: failure && errorMembers(failure),
  };
}

/** Every profile with its account, as people read it. */
export function renderStatus(profiles: readonly ProfileStatus[], layout: Layout): string {
  return profiles.map((status) => renderProfile(status, layout)).join('\n');
}

function renderProfile(status: ProfileStatus, { colors, columns, now }: Layout): string {
  const { profile, current, signIn, clientId, scopes, failure } = status;
  const item = (mark: string, text: string): string[] => {
    const lines = wrapText(plainText(text), Math.max(20, columns - 4));
    return lines.map((line, at) => `  ${at === 0 ? mark : ' '} ${line}`);
  };
  const point = (label: string, text: string): string[] => item('-', `${label}: ${text}`);
  const lines = [
    ...renderHead(status, item),
    ...(status.tenant === undefined ? [] : point('Tenant', describeTenant(status.tenant, signIn))),
    ...(clientId === undefined ? [] : point('Client ID', clientId)),
    ...(signIn === undefined ? [] : point('Scopes', scopes.join(' '))),
    ...(signIn === undefined ? [] : point('Access token', describeExpiry(status.expiresAt, now))),
    ...(signIn === undefined ? [] : point('Refresh token', describeRefreshToken(status, signIn))),
    ...point('Store', `${status.store} (${status.storeReason.replace(/^environment /, '')})`),
    ...status.elsewhere.map((store) => item('-', `Something is kept in ${store} too: --store ${store} uses it`)).flat(),
    ...(failure?.hint === undefined ? [] : point('Try', failure.hint)),
  ];
  return `${colors.bold(profile)}${current ? ' (in use)' : ''}\n${lines.join('\n')}\n`;

  function renderHead(of: ProfileStatus, line: typeof item): string[] {
    const { account } = of.signIn ?? {};
    const signedIn = account === undefined ? undefined : `Signed in as ${account.username} (${account.name})`;
    if (of.failure !== undefined) {
      const code = of.failure.aadsts === undefined ? '' : ` (${of.failure.aadsts})`;
      const failed = line(colors.red('X'), `${of.failure.message}${code}`);
      return signedIn === undefined ? failed : [...line('-', signedIn), ...failed];
    }
    return signedIn === undefined ? line('-', 'Nobody is signed in') : line(colors.green('✓'), signedIn);
  }
}

function describeTenant(tenant: string, signIn: KeptSignIn | undefined): string {
  return signIn === undefined || signIn.tenant === tenant ? tenant : `${tenant} (${signIn.tenant})`;
}

function describeExpiry(expiresAt: Date | undefined, now: Date): string {
  if (expiresAt === undefined) return 'none, got when asked for';
  const when = `${renderDistance(expiresAt, now)} (${renderLocalTime(expiresAt)})`;
  return expiresAt > now ? `expires ${when}` : `expired ${when}, renewed when asked for`;
}

function describeRefreshToken({ isProved, failure }: ProfileStatus, { refreshToken }: KeptSignIn): string {
  if (refreshToken === undefined) return 'none, so the sign-in ends with the access token';
  if (isProved) return 'works, it was just used';
  return failure === undefined ? 'kept, --check proves that it works' : 'kept';
}
