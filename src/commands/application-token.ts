import { readClaimsRequest } from '../auth/claims-request.ts';
import { graphHostOf } from '../auth/clouds.ts';
import { arcKeyDirectory, findIdentityHost } from '../auth/managed-identity-host.ts';
import { resourceOf, resourceOfScope, scopesOfFirstResource } from '../auth/scopes.ts';
import type { Context, SecretStore } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { PrintableToken } from '../render/token.ts';
import type { LoadedSettings } from '../settings.ts';
import { loadSettings } from '../settings.ts';
import type { ApplicationSettings } from '../settings-application.ts';
import { readDuration } from '../settings-values.ts';
import type { ApplicationIdentity } from '../tokens/application-token.ts';
import { getApplicationToken } from '../tokens/application-token.ts';
import { readProfile } from '../tokens/token-store.ts';
import { chooseCredential } from './application-credential.ts';
import { tell, warn } from './notices.ts';
import type { CommonOptions, ProfileContext } from './opened-profile.ts';
import { chooseStore, startCommandDeadline } from './opened-profile.ts';
import { wantedScope } from './wanted-scope.ts';

/** Options of `token` and `exec` that matter to an application itself; the credential's are among the settings. */
export interface ApplicationTokenOptions extends CommonOptions {
  /** The application itself, by secret, certificate or federated assertion. */
  readonly clientCredentials?: boolean | undefined;
  /** The identity that Azure gives to the host. */
  readonly managedIdentity?: boolean | undefined;
  readonly resource?: string | undefined;
  readonly minValidity?: string | undefined;
  readonly refresh?: boolean | undefined;
  readonly claims?: string | undefined;
  /** Signs a person in, so it goes with neither. */
  readonly login?: boolean | undefined;
}

/** What getting an application's token needs of the world. */
export type ApplicationTokenContext = ProfileContext &
  Pick<Context, 'stderr' | 'fetch' | 'now' | 'signal' | 'takeLock'>;

/** Tells whether the options want an application's token. Throws `usage` for options that do not go together. */
export function wantsApplication(options: ApplicationTokenOptions): boolean {
  const wanted = [
    options.clientCredentials === true ? '--client-credentials' : undefined,
    options.managedIdentity === true ? '--managed-identity' : undefined,
    options.login === true ? '--login' : undefined,
  ].filter((option) => option !== undefined);
  if (wanted.length > 1) {
    throw new EntraLoginError('usage', `${wanted.join(' and ')} cannot be given together.`, {
      hint: 'Give one: a token is that of a person, of an application or of a managed identity.',
    });
  }
  const credential = [
    options.clientCertificate === undefined ? undefined : '--client-certificate',
    options.federatedTokenFile === undefined ? undefined : '--federated-token-file',
    options.serviceConnectionId === undefined ? undefined : '--service-connection-id',
  ].find((option) => option !== undefined);
  if (credential !== undefined && options.clientCredentials !== true) {
    throw new EntraLoginError('usage', `${credential} goes with --client-credentials.`);
  }
  return wanted.length === 1 && options.login !== true;
}

/**
 * Answers the access token of an application itself or of the host's managed identity, kept or new; warnings go to
 * stderr. Nobody need be signed in. Where nobody chose a store and there is no keychain, nothing is kept.
 */
export async function applicationToken(
  options: ApplicationTokenOptions,
  context: ApplicationTokenContext,
  /** Where Azure Arc's agent puts its keys. */
  keyDirectory: string = arcKeyDirectory(context),
): Promise<PrintableToken> {
  const { minValidity, refresh, claims } = options;
  const scope = wantedScope(options);
  if (claims !== undefined && options.managedIdentity === true) {
    throw new EntraLoginError('usage', '--claims cannot be given with --managed-identity: the host takes none.');
  }
  const wanted = {
    minimumValidity: minValidity === undefined ? undefined : readDuration(minValidity, '--min-validity'),
    refresh,
    claims: claims === undefined ? undefined : readClaimsRequest(claims),
  };
  const loaded = await loadSettings(context, { ...options, scope });
  const deadline = startCommandDeadline(context, options);
  try {
    return await withStore(context, options, loaded, async (store) => {
      const profile = loaded.profile.value;
      const kept = await readProfile(store, profile);
      const settings = loaded.resolveApplication(kept.signIn);
      const identity: ApplicationIdentity =
        options.managedIdentity === true
          ? await findManagedIdentity(context, options, settings, keyDirectory)
          : await findApplication(context, options, settings, () => store.read(`${profile}/client-secret`));
      const request = { ...wanted, profile, identity, resource: resourceOfApplication(settings) };
      const { token, warning } = await getApplicationToken(context, store, request, deadline);
      if (warning !== undefined) warn(context, options, warning);
      const { accessToken, expiresAt, scopes, issuedTo } = token;
      const { tenantId, clientId } = issuedTo ?? { tenantId: token.tenant, clientId: token.clientId };
      return { accessToken, expiresAt, scopes, tenantId, clientId, account: undefined };
    });
  } finally {
    deadline.end();
  }
}

// Contract, section 5: without an explicit store an unavailable keychain means memory and one warning.
async function withStore<T>(
  context: ApplicationTokenContext,
  options: ApplicationTokenOptions,
  loaded: LoadedSettings,
  work: (store: SecretStore) => Promise<T>,
): Promise<T> {
  try {
    return await work(context.openStore(await chooseStore(context, loaded)));
  } catch (error) {
    const isMissing = error instanceof EntraLoginError && error.code === 'keychain_unavailable';
    if (!isMissing || loaded.store !== undefined) throw error;
    warn(context, options, `The token is not kept: ${error.message} (--store memory says that this is meant.)`);
    return await work(context.openStore('memory'));
  }
}

async function findManagedIdentity(
  context: ApplicationTokenContext,
  options: ApplicationTokenOptions,
  { managedIdentity }: ApplicationSettings,
  keyDirectory: string,
): Promise<ApplicationIdentity> {
  const host = await findIdentityHost(context, keyDirectory);
  const names = { imds: 'IMDS', app_service: 'App Service', arc: 'Azure Arc' };
  const whose = managedIdentity === undefined ? "the host's own" : managedIdentity.value;
  tell(
    context,
    options,
    `The managed identity is ${whose}, by ${names[host.kind]} at ${new URL(host.endpoint).origin}.`,
  );
  return { kind: 'managed_identity', host, clientId: managedIdentity?.value };
}

async function findApplication(
  context: ApplicationTokenContext,
  options: ApplicationTokenOptions,
  settings: ApplicationSettings,
  readKeptSecret: () => Promise<string | undefined>,
): Promise<ApplicationIdentity> {
  const { tenant, clientId, authorityHost } = settings;
  if (tenant === undefined || clientId === undefined) {
    const missing = tenant === undefined ? (clientId === undefined ? 'tenant and client ID' : 'tenant') : 'client ID';
    throw new EntraLoginError('configuration', `No ${missing} set.`, {
      hint: 'entra-login token --client-credentials --tenant TENANT --client-id CLIENT-ID (or ENTRA_LOGIN_TENANT and ENTRA_LOGIN_CLIENT_ID, or AZURE_TENANT_ID and AZURE_CLIENT_ID)',
    });
  }
  const { credential, from } = await chooseCredential({ env: context.env, settings, readKeptSecret });
  tell(context, options, `The application ${clientId.value} proves itself with ${from}.`);
  return {
    kind: 'application',
    application: { authorityHost: authorityHost.value, tenant: tenant.value, clientId: clientId.value, credential },
  };
}

// An application gets all it was granted of one resource. What people sign in for may name single scopes of several.
function resourceOfApplication({ scopes, authorityHost }: ApplicationSettings): string {
  const isAsked = scopes?.from === 'option';
  const wanted = isAsked ? scopes.value : scopesOfFirstResource(scopes?.value ?? []);
  const resource = resourceOf(wanted);
  const single = wanted.find((one) => resourceOfScope(one) !== undefined && !one.endsWith('/.default'));
  if (isAsked && single !== undefined) {
    throw new EntraLoginError('usage', `An application cannot ask for a single scope (${single}).`, {
      hint: `It gets what it was granted: --scope ${resource}/.default`,
    });
  }
  if (wanted.some((one) => resourceOfScope(one) !== undefined)) return resource;
  const graphHost = graphHostOf(new URL(authorityHost.value).hostname);
  if (graphHost !== undefined) return `https://${graphHost}`;
  throw new EntraLoginError('usage', 'The address of Microsoft Graph in this cloud is not known.', {
    hint: 'Name the resource: --resource URI',
  });
}
