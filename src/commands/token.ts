import type { Context } from '../context.ts';
import { scopesOfFirstResource } from '../auth/scopes.ts';
import { EntraLoginError } from '../errors.ts';
import { requireClient } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import type { AccessTokenResult } from '../tokens/access-token.ts';
import { getAccessToken, nobodySignedIn } from '../tokens/access-token.ts';
import { warn, writeJson } from './notices.ts';
import type { CommonOptions, ProfileContext } from './opened-profile.ts';
import { findClientSecret, openProfile, startCommandDeadline } from './opened-profile.ts';

/** Options of `token`. */
export interface TokenOptions extends CommonOptions {
  readonly resource?: string | undefined;
  readonly minValidity?: string | undefined;
  readonly refresh?: boolean | undefined;
  readonly output?: string | undefined;
}

type TokenContext = ProfileContext & Pick<Context, 'stdout' | 'stderr' | 'fetch' | 'now' | 'signal' | 'takeLock'>;

/** Prints an access token, from the store or renewed, and nothing else. */
export async function token(options: TokenOptions, context: TokenContext): Promise<void> {
  const output = outputOf(options);
  const minimumValidity =
    options.minValidity === undefined ? undefined : readDuration(options.minValidity, '--min-validity');
  const scope = options.resource === undefined ? options.scope : scopeOfResource(options.resource, options.scope);
  const opened = await openProfile(context, { ...options, scope });
  if (opened.kept.signIn === undefined) throw nobodySignedIn(opened.profile);
  const { settings } = opened;
  const { clientId } = requireClient(settings);
  const request = {
    profile: opened.profile,
    // Two resources asked for here are an error; settings may name several, for consent: the first is the sign-in's.
    scopes: scope === undefined ? scopesOfFirstResource(settings.scopes.value) : settings.scopes.value,
    clientId,
    authorityHost: settings.authorityHost.value,
    clientSecret: opened.kept.signIn.confidential ? await findClientSecret(opened) : undefined,
    minimumValidity,
    refresh: options.refresh,
  };
  const deadline = startCommandDeadline(context, options);
  try {
    const result = await getAccessToken(context, opened.store, request, deadline);
    if (result.warning !== undefined) warn(context, options, result.warning);
    if (output === 'json') writeJson(context, toJson(result));
    else context.stdout.write(`${result.token.accessToken}\n`);
  } finally {
    deadline.end();
  }
}

function outputOf(options: TokenOptions): 'raw' | 'json' {
  const named = options.output ?? (options.json === true ? 'json' : 'raw');
  if (named === 'raw' || named === 'json') return named;
  throw new EntraLoginError('usage', `There is no output "${named}".`, { hint: 'Allowed: raw, json.' });
}

function scopeOfResource(resource: string, scope: readonly string[] | undefined): string[] {
  if (scope === undefined) return [`${resource}/.default`];
  throw new EntraLoginError('usage', '--scope and --resource cannot be given together.', {
    hint: '--resource URI is short for --scope URI/.default',
  });
}

function toJson({ token: kept, signIn }: AccessTokenResult): Record<string, unknown> {
  const { username, objectId, tenantId } = signIn.account;
  return {
    accessToken: kept.accessToken,
    tokenType: 'Bearer',
    expiresAt: kept.expiresAt.toISOString(),
    scopes: kept.scopes,
    tenantId: kept.tenant,
    clientId: kept.clientId,
    account: { username, objectId, tenantId },
  };
}
