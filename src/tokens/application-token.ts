import type { ApplicationClient, ApplicationContext } from '../auth/client-credentials.ts';
import type { Deadline } from '../auth/deadline.ts';
import type { IdentityHost } from '../auth/managed-identity-host.ts';
import type { Context, SecretStore } from '../context.ts';
import type { KeptAccessToken } from './kept-profile.ts';
import type { Freshness, Look } from './renewal.ts';
import { renewAlone, suffices, warningInstead } from './renewal.ts';
import { readProfile, recordUse, replaceAccessToken, writeProfile } from './token-store.ts';

/** Whose token is wanted: an application's own, or that of the identity of the host. */
export type ApplicationIdentity =
  | { readonly kind: 'application'; readonly application: ApplicationClient }
  | {
      readonly kind: 'managed_identity';
      readonly host: IdentityHost;
      /** Of a user-assigned identity; `undefined` for the host's own. */
      readonly clientId: string | undefined;
    };

/** Which access token is wanted. */
export interface ApplicationTokenRequest extends Freshness {
  readonly profile: string;
  readonly identity: ApplicationIdentity;
  /** As the API names itself, without `/.default`. */
  readonly resource: string;
}

/** The access token of an application. */
export interface ApplicationTokenResult {
  readonly token: KeptAccessToken;
  /** Why a kept token was used although it should have been renewed. */
  readonly warning?: string | undefined;
}

/**
 * Answers an application's access token, kept or new. It is kept in the profile's item like a person's, under the same
 * lock, and never answers for a person's or another kind's. Errors: those of the requests, the credential and the store.
 */
export async function getApplicationToken(
  context: ApplicationContext & Pick<Context, 'takeLock' | 'signal'>,
  store: SecretStore,
  request: ApplicationTokenRequest,
  deadline: Deadline,
): Promise<ApplicationTokenResult> {
  const { profile, resource } = request;
  const askedAt = context.now();
  const key = keyOf(request.identity);
  let keptTokens = 0;
  const look = async (): Promise<Look<ApplicationTokenResult, KeptAccessToken | undefined>> => {
    const { accessTokens } = await readProfile(store, profile);
    keptTokens = accessTokens.length;
    const token = accessTokens.find(
      (one) =>
        one.kind === key.kind &&
        one.authorityHost === key.authorityHost &&
        one.tenant === key.tenant &&
        one.clientId === key.clientId &&
        one.resource === resource,
    );
    return token !== undefined && suffices(token, request, askedAt, context.now())
      ? { kind: 'enough', result: { token } }
      : { kind: 'renew', state: token };
  };
  const renew = async (): Promise<ApplicationTokenResult> => {
    const issued = await requestToken(context, request, deadline);
    const now = context.now();
    const token = { ...key, resource, ...issued, issuedAt: now, usedAt: now };
    // What others kept in the meantime, a person's sign-in or sign-out among it, stays as it is.
    const kept = await readProfile(store, profile);
    await writeProfile(store, profile, { ...kept, accessTokens: replaceAccessToken(kept.accessTokens, token) }, now);
    return { token };
  };
  const instead = (error: unknown, token: KeptAccessToken | undefined): ApplicationTokenResult => {
    const warning = warningInstead(error, token, request, context.now());
    if (warning === undefined || token === undefined) throw error;
    return { token, warning };
  };
  const result = await renewAlone(context, { store, profile }, deadline, look, renew, instead);
  await recordUse(context, store, profile, keptTokens, result.token);
  return result;
}

type Key = Pick<KeptAccessToken, 'kind' | 'authorityHost' | 'tenant' | 'clientId'>;

// A host is asked for "its own" identity in no tenant: what that is, the answer tells (`issuedTo`).
function keyOf(identity: ApplicationIdentity): Key {
  switch (identity.kind) {
    case 'application': {
      const { authorityHost, tenant, clientId } = identity.application;
      return { kind: 'application', authorityHost, tenant, clientId };
    }
    case 'managed_identity': {
      const { host, clientId = 'system_assigned' } = identity;
      return { kind: 'managed_identity', authorityHost: new URL(host.endpoint).origin, tenant: 'host', clientId };
    }
  }
}

type Issued = Pick<KeptAccessToken, 'accessToken' | 'expiresAt' | 'asked' | 'scopes' | 'issuedTo'>;

async function requestToken(
  context: ApplicationContext,
  { identity, resource, claims }: ApplicationTokenRequest,
  deadline: Deadline,
): Promise<Issued> {
  const scope = `${resource}/.default`;
  // Loaded when needed: a token from the store needs no protocol.
  switch (identity.kind) {
    case 'application': {
      const { authenticateApplication } = await import('../auth/client-credentials.ts');
      const { application } = identity;
      const { tokenSet, tenantId } = await authenticateApplication(context, application, { scope, claims }, deadline);
      const { accessToken, expiresAt, scopes } = tokenSet;
      const issuedTo = { tenantId, clientId: application.clientId };
      return { accessToken, expiresAt, asked: [scope], scopes, issuedTo };
    }
    case 'managed_identity': {
      const { requestManagedIdentityToken } = await import('../auth/managed-identity.ts');
      const { host, clientId } = identity;
      const issued = await requestManagedIdentityToken(context, host, { resource, clientId }, deadline);
      const { accessToken, expiresAt } = issued;
      const issuedTo = {
        tenantId: issued.tenantId ?? 'unknown',
        clientId: clientId ?? issued.clientId ?? 'system_assigned',
      };
      return { accessToken, expiresAt, asked: [scope], scopes: [scope], issuedTo };
    }
  }
}
