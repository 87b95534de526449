import { readClaimsRequest } from '../auth/claims-request.ts';
import { scopesOfFirstResource } from '../auth/scopes.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { PrintableToken, Shell, TokenOutput } from '../render/token.ts';
import { renderToken } from '../render/token.ts';
import { requireClient } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import type { AccessTokenResult } from '../tokens/access-token.ts';
import { getAccessToken } from '../tokens/access-token.ts';
import { nobodySignedIn } from '../tokens/sign-in.ts';
import { warn } from './notices.ts';
import type { CommonOptions, OpenedProfile, ProfileContext } from './opened-profile.ts';
import { findClientSecret, openProfile, startCommandDeadline } from './opened-profile.ts';

/** Options of `token`. */
export interface TokenOptions extends CommonOptions {
  readonly resource?: string | undefined;
  readonly minValidity?: string | undefined;
  readonly refresh?: boolean | undefined;
  readonly claims?: string | undefined;
  readonly output?: TokenOutput | undefined;
  readonly shell?: Shell | undefined;
}

type TokenContext = ProfileContext & Pick<Context, 'stdout' | 'stderr' | 'fetch' | 'now' | 'signal' | 'takeLock'>;

/** Prints an access token, from the store or renewed, and nothing else. */
export async function token(options: TokenOptions, context: TokenContext): Promise<void> {
  const output = options.output ?? (options.json === true ? 'json' : 'raw');
  const wanted = readWanted(options);
  const opened = await openProfile(context, { ...options, scope: wanted.scope });
  const result = await getPersonToken(context, options, opened, wanted);
  if (result.warning !== undefined) warn(context, options, result.warning);
  context.stdout.write(renderToken(toPrintable(result), output, options.shell ?? 'bash'));
}

interface Wanted {
  readonly scope: readonly string[] | undefined;
  readonly minimumValidity: number | undefined;
  readonly refresh: boolean | undefined;
  readonly claims: string | undefined;
}

function readWanted(options: TokenOptions): Wanted {
  const { scope, resource, minValidity, refresh, claims } = options;
  if (resource !== undefined && scope !== undefined) {
    throw new EntraLoginError('usage', '--scope and --resource cannot be given together.', {
      hint: '--resource URI is short for --scope URI/.default',
    });
  }
  return {
    scope: resource === undefined ? scope : [`${resource}/.default`],
    minimumValidity: minValidity === undefined ? undefined : readDuration(minValidity, '--min-validity'),
    refresh,
    claims: claims === undefined ? undefined : readClaimsRequest(claims),
  };
}

async function getPersonToken(
  context: TokenContext,
  options: TokenOptions,
  opened: OpenedProfile,
  { scope, ...freshness }: Wanted,
): Promise<AccessTokenResult> {
  const { settings, profile, store, kept } = opened;
  if (kept.signIn === undefined) throw nobodySignedIn(profile);
  const { clientId } = requireClient(settings);
  const request = {
    ...freshness,
    profile,
    // Two resources asked for here are an error; settings may name several, for consent: the first is the sign-in's.
    scopes: scope === undefined ? scopesOfFirstResource(settings.scopes.value) : settings.scopes.value,
    clientId,
    authorityHost: settings.authorityHost.value,
    tenant: settings.tenant?.value,
    isProjectTenant: settings.tenant?.from.startsWith('project '),
    clientSecret: kept.signIn.confidential ? await findClientSecret(opened) : undefined,
  };
  const deadline = startCommandDeadline(context, options);
  try {
    return await getAccessToken(context, store, request, deadline);
  } finally {
    deadline.end();
  }
}

function toPrintable({ token: kept, identity }: AccessTokenResult): PrintableToken {
  const { accessToken, expiresAt, scopes, tenant, clientId } = kept;
  return { accessToken, expiresAt, scopes, tenantId: tenant, clientId, account: identity.account };
}
