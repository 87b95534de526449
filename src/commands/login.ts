import type { AuthorizationOptions } from '../auth/authorization-code.ts';
import { prepareAuthorization } from '../auth/authorization-code.ts';
import { signInWithBrowser } from '../auth/browser-sign-in.ts';
import { readClaimsRequest } from '../auth/claims-request.ts';
import type { Deadline } from '../auth/deadline.ts';
import { startDeadline } from '../auth/deadline.ts';
import { discoverTenant } from '../auth/discovery.ts';
import { coversScopes } from '../auth/scopes.ts';
import type { EntraClient } from '../auth/token-endpoint.ts';
import type { TokenSet } from '../auth/token-set.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { renderAccountAndClaims } from '../render/claims.ts';
import { plainText } from '../render/plain-text.ts';
import type { Settings } from '../settings.ts';
import { loadSettings, requireClient } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import { getAccessToken } from '../tokens/access-token.ts';
import type { KeptSignIn } from '../tokens/kept-profile.ts';
import { grantedScopes, keepSignIn, keptClaims } from '../tokens/sign-in.ts';
import { readProfile } from '../tokens/token-store.ts';
import { signInByPaste } from './login-manual.ts';
import { startLoginProgress } from './login-progress.ts';
import { forgetElsewhere, openStoreForSignIn } from './login-store.ts';
import { layoutOf, say, tell, writeJson } from './notices.ts';
import type { CommonOptions, OpenedProfile } from './opened-profile.ts';
import { findClientSecret, startCommandDeadline } from './opened-profile.ts';

/** Options of `login`. */
export interface LoginOptions extends CommonOptions {
  readonly manual?: boolean | undefined;
  readonly prompt?: AuthorizationOptions['prompt'];
  readonly loginHint?: string | undefined;
  readonly domainHint?: string | undefined;
  readonly claims?: string | undefined;
  readonly responseMode?: AuthorizationOptions['responseMode'] | undefined;
  readonly force?: boolean | undefined;
}

/** Signs a person in and prints who it is and the claims. */
export async function login(options: LoginOptions, context: Context): Promise<void> {
  // 1. What is wanted, what is there, and whether tokens can be kept.
  const claims = options.claims === undefined ? undefined : readClaimsRequest(options.claims);
  const personLimit = readDuration(options.timeout ?? '5m', '--timeout');
  const opened = await openStoreForSignIn(context, options, await loadSettings(context, options));
  const { tenant, clientId } = requireClient(opened.settings);
  refuseToReplace(opened, clientId, options);

  // 2. Nobody is asked twice.
  const proved = await proveSignedIn(context, options, opened, tenant);
  if (proved !== undefined) {
    say(context, options, `Already signed in as ${plainText(proved.account.username)}; --force signs in again.`);
    return await printSignIn(context, options, opened);
  }

  // 3. The tenant, the person, and the tokens kept.
  const client = await findTenant(context, options, opened, tenant, clientId);
  const responseMode = options.manual === true ? 'query' : (options.responseMode ?? 'form_post');
  const scopes = opened.settings.scopes.value;
  const { prompt, loginHint, domainHint } = options;
  const request = { scopes, responseMode, prompt, loginHint, domainHint, claims } as const;
  const keep = (tokenSet: TokenSet): Promise<KeptSignIn> => {
    const { redirectUri, authorityHost } = opened.settings;
    const used = { authorityHost: authorityHost.value, tenant, redirectUri: redirectUri.value, scopes };
    return keepSignIn(context, opened, client, used, tokenSet);
  };
  const personDeadline = startDeadline(context.signal, personLimit, () => nobodyCame(personLimit));
  try {
    await signInPerson(context, options, { client, request, keep, personDeadline, settings: opened.settings, tenant });
  } finally {
    personDeadline.end();
  }
  await forgetElsewhere(context, opened);
  await printSignIn(context, options, opened);
}

// An account of another client or authority host is somebody's: it is not thrown away by the way.
function refuseToReplace(opened: OpenedProfile, clientId: string, options: LoginOptions): void {
  const { kept, profile, settings } = opened;
  const other =
    kept.signIn !== undefined &&
    (kept.signIn.clientId !== clientId || kept.signIn.authorityHost !== settings.authorityHost.value);
  if (!other || options.force === true) return;
  const who = `${kept.signIn.account.username} (client ID ${kept.signIn.clientId}, ${kept.signIn.authorityHost})`;
  throw new EntraLoginError(
    'usage',
    `Profile "${profile}" is signed in as ${who}, which another client would replace.`,
    {
      hint: `Use another profile: entra-login login --profile NAME; or replace it with --force`,
    },
  );
}

/** Answers the kept sign-in if it is what is wanted and a renewal proves that it still works. */
async function proveSignedIn(
  context: Context,
  options: LoginOptions,
  opened: OpenedProfile,
  tenant: string,
): Promise<KeptSignIn | undefined> {
  const { signIn } = opened.kept;
  const { force, claims, prompt, loginHint } = options;
  const asksPerson = force === true || claims !== undefined || (prompt !== undefined && prompt !== 'none');
  if (signIn?.refreshToken === undefined || asksPerson) return undefined;
  const wantsOther =
    (loginHint !== undefined && loginHint.toLowerCase() !== signIn.account.username.toLowerCase()) ||
    (tenant !== signIn.tenant && tenant !== signIn.account.tenantId) ||
    !coversScopes([...signIn.scopes, ...grantedScopes(opened.kept)], opened.settings.scopes.value);
  if (wantsOther) return undefined;
  const { profile, store, settings } = opened;
  const clientSecret = signIn.confidential ? await findClientSecret(opened) : undefined;
  const authorityHost = settings.authorityHost.value;
  const request = {
    profile,
    scopes: signIn.scopes,
    clientId: signIn.clientId,
    authorityHost,
    clientSecret,
    refresh: true,
  };
  const deadline = startCommandDeadline(context, { ...options, timeout: undefined });
  try {
    return (await getAccessToken(context, store, request, deadline)).signIn;
  } catch (error) {
    if (error instanceof EntraLoginError && error.code === 'sign_in_required') {
      tell(context, options, `The kept sign-in no longer works: ${error.message}`);
      return undefined;
    }
    throw error;
  } finally {
    deadline.end();
  }
}

async function findTenant(
  context: Context,
  options: LoginOptions,
  opened: OpenedProfile,
  tenant: string,
  clientId: string,
): Promise<EntraClient> {
  const deadline = startCommandDeadline(context, { ...options, timeout: undefined });
  try {
    const authority = { host: opened.settings.authorityHost.value, tenant };
    const metadata = await discoverTenant(context, authority, deadline);
    const clientSecret = await findClientSecret(opened);
    const kind = clientSecret === undefined ? 'public' : 'confidential';
    tell(context, options, `Issuer ${metadata.issuer}, ${kind} client, tokens go to: ${opened.store.kind}.`);
    return { metadata, clientId, clientSecret };
  } finally {
    deadline.end();
  }
}

interface PersonSignIn {
  readonly client: EntraClient;
  readonly request: AuthorizationOptions;
  readonly keep: (tokenSet: TokenSet) => Promise<KeptSignIn>;
  readonly personDeadline: Deadline;
  readonly settings: Settings;
  readonly tenant: string;
}

async function signInPerson(context: Context, options: LoginOptions, sign: PersonSignIn): Promise<void> {
  const { client, keep, personDeadline, settings, tenant } = sign;
  const authorization = await prepareAuthorization(context, client, sign.request);
  const redirectUri = settings.redirectUri.value;
  if (options.manual === true) {
    const manual = { authorization, redirectUri, tenant, personDeadline };
    await keep(await signInByPaste(context, options, client, manual));
    return;
  }
  const command = settings.browser?.value;
  const openBrowser = command === 'none' ? undefined : (url: string) => context.openBrowser(url, command);
  const opensItself = openBrowser !== undefined;
  const progress = startLoginProgress(context, options, { tenant, opensItself, deadline: personDeadline });
  const { onEvent } = progress;
  const keepAccount = async (tokenSet: TokenSet): Promise<KeptSignIn['account']> => (await keep(tokenSet)).account;
  const how = { authorization, redirectUri, openBrowser, keep: keepAccount, onEvent, personDeadline };
  try {
    await signInWithBrowser(context, client, how);
  } finally {
    progress.end();
  }
}

function nobodyCame(limit: number): EntraLoginError {
  return new EntraLoginError('timeout', `Nobody signed in within ${limit / 1000} seconds.`, {
    hint: 'Sign in again, with more time: entra-login login --timeout 10m. If the browser showed an AADSTS page, Entra never sent it back: the code there says why.',
  });
}

async function printSignIn(context: Context, options: LoginOptions, opened: OpenedProfile): Promise<void> {
  const kept = await readProfile(opened.store, opened.profile);
  const { signIn } = kept;
  if (signIn === undefined) throw new EntraLoginError('store_failed', 'The tokens were kept, but are not there now.');
  const claims = keptClaims(signIn);
  if (options.json !== true) {
    context.stdout.write(renderAccountAndClaims(signIn.account, claims, layoutOf(context.stdout, context.now())));
    return;
  }
  const { username, name, objectId, tenantId } = signIn.account;
  const newest = kept.accessTokens.find((token) => token.kind === 'person' && token.clientId === signIn.clientId);
  writeJson(context, {
    profile: opened.profile,
    account: { username, name, objectId, tenantId },
    scopes: grantedScopes(kept),
    expiresAt: newest?.expiresAt.toISOString(),
    store: opened.store.kind,
    claims,
  });
}
