import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { renderAccountAndClaims, renderClaims } from '../render/claims.ts';
import { plainText } from '../render/plain-text.ts';
import { requireClient } from '../settings.ts';
import { getAccessToken } from '../tokens/access-token.ts';
import type { KeptSignIn } from '../tokens/kept-profile.ts';
import { keptClaims, nobodySignedIn, requireSignIn } from '../tokens/sign-in.ts';
import { layoutOf, writeJson } from './notices.ts';
import type { CommonOptions, OpenedProfile, ProfileContext } from './opened-profile.ts';
import { findClientSecret, openProfile, startCommandDeadline } from './opened-profile.ts';

/** Options of `whoami`. */
export interface WhoamiOptions extends CommonOptions {
  readonly claim?: string | undefined;
  readonly check?: boolean | undefined;
  readonly userinfo?: boolean | undefined;
}

type WhoamiContext = ProfileContext & Pick<Context, 'stdout' | 'fetch' | 'now' | 'signal' | 'takeLock'>;

/** Shows who is signed in: from the kept ID token, after a renewal (`--check`), or from UserInfo (`--userinfo`). */
export async function whoami(options: WhoamiOptions, context: WhoamiContext): Promise<void> {
  const opened = await openProfile(context, options);
  const kept = opened.kept.signIn;
  if (kept === undefined) throw nobodySignedIn(opened.profile);
  const signIn = options.check === true ? await renewNow(context, options, opened) : kept;
  const claims = options.userinfo === true ? await askUserInfo(context, options, opened) : keptClaims(signIn);
  if (options.claim !== undefined) {
    context.stdout.write(`${claimText(claims, options.claim)}\n`);
  } else if (options.json === true) {
    writeJson(context, claims);
  } else {
    const layout = layoutOf(context.stdout, context.now());
    const text =
      options.userinfo === true ? renderClaims(claims, layout) : renderAccountAndClaims(signIn.account, claims, layout);
    context.stdout.write(text);
  }
}

async function renewNow(context: WhoamiContext, options: WhoamiOptions, opened: OpenedProfile): Promise<KeptSignIn> {
  return (await accessToken(context, options, opened, [], true)).signIn;
}

async function askUserInfo(
  context: WhoamiContext,
  options: WhoamiOptions,
  opened: OpenedProfile,
): Promise<Record<string, unknown>> {
  // UserInfo is Graph's: it takes a Graph token with "openid", whatever resource the sign-in was for.
  const { token, signIn } = await accessToken(context, options, opened, ['openid', 'profile', 'email'], false);
  const endpoint = signIn.metadata.userInfoEndpoint;
  if (endpoint === undefined) {
    throw new EntraLoginError('configuration', 'This authority has no UserInfo endpoint.', {
      hint: 'The claims of the ID token say the same: entra-login whoami',
    });
  }
  const deadline = startCommandDeadline(context, options);
  try {
    const { fetchUserInfo } = await import('../auth/user-info.ts');
    return await fetchUserInfo(
      context,
      { endpoint, accessToken: token.accessToken, subject: signIn.subject },
      deadline,
    );
  } finally {
    deadline.end();
  }
}

async function accessToken(
  context: WhoamiContext,
  options: WhoamiOptions,
  opened: OpenedProfile,
  scopes: readonly string[],
  refresh: boolean,
): ReturnType<typeof getAccessToken> {
  const { clientId } = requireClient(opened.settings);
  const authorityHost = opened.settings.authorityHost.value;
  const signIn = requireSignIn(opened.kept, { profile: opened.profile, clientId, authorityHost });
  const clientSecret = signIn.confidential ? await findClientSecret(opened) : undefined;
  const request = { profile: opened.profile, scopes, clientId, authorityHost, clientSecret, refresh };
  const deadline = startCommandDeadline(context, options);
  try {
    return await getAccessToken(context, opened.store, request, deadline);
  } finally {
    deadline.end();
  }
}

function claimText(claims: Record<string, unknown>, name: string): string {
  if (!Object.hasOwn(claims, name)) {
    throw new EntraLoginError('usage', `There is no claim "${name}".`, {
      hint: `There are: ${Object.keys(claims).join(', ')}.`,
    });
  }
  const value = claims[name];
  return plainText(typeof value === 'string' ? value : JSON.stringify(value));
}
