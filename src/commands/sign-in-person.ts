import type { AuthorizationOptions } from '../auth/authorization-code.ts';
import { readClaimsRequest } from '../auth/claims-request.ts';
import { startDeadline } from '../auth/deadline.ts';
import { discoverTenant } from '../auth/discovery.ts';
import type { EntraClient } from '../auth/token-endpoint.ts';
import type { TokenSet } from '../auth/token-set.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { requireClient } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import type { KeptProfile, KeptSignIn } from '../tokens/kept-profile.ts';
import { keepSignIn } from '../tokens/sign-in.ts';
import { readProfile } from '../tokens/token-store.ts';
import { checkWantedFlow, chooseFlow, describeSurroundings } from './flow-choice.ts';
import { forgetElsewhere } from './login-store.ts';
import { tell } from './notices.ts';
import type { CommonOptions, OpenedProfile } from './opened-profile.ts';
import { findClientSecret, startCommandDeadline } from './opened-profile.ts';
import { runFlow } from './sign-in-flow.ts';

/** How a person is to be signed in; what is not said is chosen from the surroundings. */
export interface SignInPersonOptions extends CommonOptions {
  readonly deviceCode?: boolean | undefined;
  readonly manual?: boolean | undefined;
  /** `false` is `--no-fallback`: never a device code unasked. */
  readonly fallback?: boolean | undefined;
  readonly prompt?: AuthorizationOptions['prompt'];
  readonly loginHint?: string | undefined;
  readonly domainHint?: string | undefined;
  readonly claims?: string | undefined;
  readonly responseMode?: AuthorizationOptions['responseMode'] | undefined;
  /** Replaces an account of another client or authority host. */
  readonly force?: boolean | undefined;
}

/** Checks what can be checked before anything is read or sent. Errors: `usage`. */
export function checkSignInOptions(options: SignInPersonOptions): void {
  readDuration(options.timeout ?? '5m', '--timeout');
  if (options.claims !== undefined) readClaimsRequest(options.claims);
  checkWantedFlow(options);
}

/**
 * Signs a person in with the settings of the opened profile and keeps the tokens in its store; answers what is kept.
 * Writes to stderr alone. Errors: `configuration` without tenant or client ID, `usage` for a profile that holds
 * another client's account, `timeout`, and those of the flow.
 */
export async function signInPerson(
  options: SignInPersonOptions,
  context: Context,
  opened: OpenedProfile,
): Promise<KeptProfile> {
  // 1. What is wanted, and that nobody else's account is in the way.
  checkSignInOptions(options);
  const claims = options.claims === undefined ? undefined : readClaimsRequest(options.claims);
  const personLimit = readDuration(options.timeout ?? '5m', '--timeout');
  const { tenant, clientId } = requireClient(opened.settings);
  refuseToReplace(opened, clientId, options);
  const choice = chooseFlow(options, opened.settings.browser, context.surroundings, context.stdin.isTerminal);
  tell(context, options, `Seen: ${describeSurroundings(context.surroundings)}.`);

  // 2. The tenant.
  const client = await findTenant(context, options, opened, tenant, clientId);
  const scopes = opened.settings.scopes.value;
  const keep = (tokenSet: TokenSet): Promise<KeptSignIn> => {
    const { redirectUri, authorityHost } = opened.settings;
    const used = { authorityHost: authorityHost.value, tenant, redirectUri: redirectUri.value, scopes };
    return keepSignIn(context, opened, client, used, tokenSet);
  };

  // 3. The person, and the tokens kept in one place.
  const personDeadline = startDeadline(context.signal, personLimit, () => nobodyCame(personLimit));
  try {
    const redirectUri = opened.settings.redirectUri.value;
    const flow = { client, scopes, claims, keep, personDeadline, redirectUri, tenant };
    await runFlow(context, options, choice, flow);
  } finally {
    personDeadline.end();
  }
  await forgetElsewhere(context, opened);
  return await readProfile(opened.store, opened.profile);
}

/** Tells whether the profile is signed in as an account of another client or authority host than the settings name. */
export function isOfAnotherClient({ kept, settings }: OpenedProfile, clientId: string): boolean {
  const { signIn } = kept;
  if (signIn === undefined) return false;
  return signIn.clientId !== clientId || signIn.authorityHost !== settings.authorityHost.value;
}

// An account of another client or authority host is somebody's: it is not thrown away by the way.
function refuseToReplace(opened: OpenedProfile, clientId: string, options: SignInPersonOptions): void {
  const { signIn } = opened.kept;
  if (signIn === undefined || !isOfAnotherClient(opened, clientId) || options.force === true) return;
  const who = `${signIn.account.username} (client ID ${signIn.clientId}, ${signIn.authorityHost})`;
  throw new EntraLoginError(
    'usage',
    `Profile "${opened.profile}" is signed in as ${who}, which another client would replace.`,
    { hint: 'Use another profile: entra-login login --profile NAME; or replace it with --force' },
  );
}

async function findTenant(
  context: Context,
  options: SignInPersonOptions,
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

function nobodyCame(limit: number): EntraLoginError {
  return new EntraLoginError('timeout', `Nobody signed in within ${limit / 1000} seconds.`, {
    hint: 'Sign in again, with more time: entra-login login --timeout 10m. If the browser showed an AADSTS page, Entra never sent it back: the code there says why.',
  });
}
