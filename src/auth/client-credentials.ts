import * as openid from 'openid-client';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { readCertificate, signAssertion } from './client-assertion.ts';
import type { CredentialFile } from './credential-file.ts';
import type { Deadline } from './deadline.ts';
import type { TenantMetadata } from './discovery.ts';
import { discoverTenant } from './discovery.ts';
import type { RequestContext } from './request.ts';
import { requestTokenSet } from './token-endpoint.ts';
import type { EntraClient } from './token-endpoint.ts';
import type { TokenSet } from './token-set.ts';
import type { RunnerIdentity } from './workload-identity.ts';
import { readFederatedToken, requestRunnerToken } from './workload-identity.ts';

/** What an application proves itself with. */
export type ApplicationCredential =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'certificate'; readonly file: CredentialFile; readonly password: string | undefined }
  | { readonly kind: 'federated_token_file'; readonly file: CredentialFile }
  | RunnerIdentity;

/** The application itself: where, who, and by what. */
export interface ApplicationClient {
  readonly authorityHost: string;
  /** A GUID or a domain; the aliases of many tenants are refused. */
  readonly tenant: string;
  readonly clientId: string;
  readonly credential: ApplicationCredential;
}

/** What is asked for: everything the application was granted of one resource. */
export interface ApplicationGrant {
  /** `RESOURCE/.default`; Entra knows nothing else here (AADSTS1002012). */
  readonly scope: string;
  /** A claims request, JSON as text. */
  readonly claims?: string | undefined;
}

/** What authenticating an application needs of the world. */
export type ApplicationContext = RequestContext & Pick<Context, 'files'>;

/**
 * Gets an access token for the application itself (RFC 6749, 4.4; Entra: "OAuth 2.0 client credentials flow"), with
 * the tenant's ID as the issuer names it. Endpoints are looked up each time rather than kept: a secret goes only where
 * a discovery document, checked now, says. Errors: `configuration` for tenant and files, `entra_refused`, those of the
 * requests.
 */
export async function authenticateApplication(
  context: ApplicationContext,
  application: ApplicationClient,
  grant: ApplicationGrant,
  deadline: Deadline,
): Promise<{ readonly tokenSet: TokenSet; readonly tenantId: string }> {
  const { authorityHost, tenant, clientId } = application;
  if (manyTenants.includes(tenant)) throw tenantMissing(tenant);
  const prove = await loadCredential(context, application, deadline);
  const metadata = await discoverTenant(context, { host: authorityHost, tenant }, deadline);
  const client: EntraClient = { metadata, clientId, ...(await prove(metadata)) };
  const { scope, claims } = grant;
  const tokenSet = await requestTokenSet(context, client, {
    grant: (configuration) =>
      openid.clientCredentialsGrant(configuration, { scope, ...(claims === undefined ? {} : { claims }) }),
    scopes: [scope],
    expected: {},
    needsIdToken: false,
    moment: 'application',
    retries: 2,
    deadline,
  });
  return { tokenSet, tenantId: tenantIdOf(metadata) ?? tenant };
}

const manyTenants = ['common', 'organizations', 'consumers'];

function tenantMissing(tenant: string): EntraLoginError {
  return new EntraLoginError('configuration', `An application needs its own tenant; "${tenant}" stands for many.`, {
    hint: 'Set --tenant to the tenant ID or a domain (Entra admin center > Entra ID > Overview shows both).',
  });
}

type Proof = Pick<EntraClient, 'clientSecret' | 'clientAssertion'>;

// What lies on this machine is read before the network is asked, so that its faults are told first.
async function loadCredential(
  context: ApplicationContext,
  { clientId, credential }: ApplicationClient,
  deadline: Deadline,
): Promise<(metadata: TenantMetadata) => Proof | Promise<Proof>> {
  switch (credential.kind) {
    case 'secret':
      return () => ({ clientSecret: credential.secret });
    case 'certificate': {
      const certificate = await readCertificate(context, credential, deadline.signal);
      return ({ tokenEndpoint }) => ({
        clientAssertion: signAssertion(certificate, clientId, tokenEndpoint, context.now()),
      });
    }
    case 'federated_token_file': {
      const clientAssertion = await readFederatedToken(context, credential.file, deadline.signal);
      return () => ({ clientAssertion });
    }
    case 'github_actions':
    case 'azure_pipelines':
      // These live for minutes: asked for last.
      return async () => ({ clientAssertion: await requestRunnerToken(context, credential, deadline) });
  }
}

function tenantIdOf({ issuer }: TenantMetadata): string | undefined {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(new URL(issuer).pathname)?.[0].toLowerCase();
}
