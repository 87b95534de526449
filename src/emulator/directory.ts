/** Where a redirect URI is registered; decides how a code sent there may be redeemed (Entra: "reply-url"). */
export type Platform = 'web' | 'spa' | 'publicClient';

/** One Entra ID tenant. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly domains: readonly string[];
  /** The `tenant_region_scope` of its discovery document. */
  readonly region: 'WW' | 'NA' | 'EU' | 'AS';
}

/** The tenant that every personal Microsoft account belongs to. */
export const consumersTenantId = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** A client secret of an application; refused with 7000222 once expired. */
interface ClientSecret {
  readonly value: string;
  readonly expiresAt?: Date;
}

/** A trust in an outside issuer's tokens (workload identity federation); all three are compared case-sensitively. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  /** The issuer's public key as PEM; without one the signature is not checked. */
  readonly publicKey?: string;
}

/** An application registration. */
export interface Application {
  readonly clientId: string;
  readonly name: string;
  /** The tenant it is registered in. */
  readonly tenantId: string;
  readonly audience: 'single_tenant' | 'multi_tenant' | 'multi_tenant_and_personal';
  readonly redirectUris: Readonly<Partial<Record<Platform, readonly string[]>>>;
  readonly secrets?: readonly ClientSecret[];
  /** Certificates as PEM, for client assertions. */
  readonly certificates?: readonly string[];
  readonly federatedCredentials?: readonly FederatedCredential[];
  /** "Allow public client flows": what device code looks at. */
  readonly allowPublicClientFlows?: boolean;
  /** Delegated permissions in full, such as `https://graph.microsoft.com/User.Read`. */
  readonly permissions: readonly string[];
  /** Application permissions (app roles) by resource, for client credentials. */
  readonly appRoles?: Readonly<Record<string, readonly string[]>>;
  /** `granted`: consented for everybody; `asked`: each person is asked; `admin_only`: nobody but an administrator can. */
  readonly consent: 'granted' | 'asked' | 'admin_only';
  /** Usernames of those who may sign in; everybody if left out (otherwise 50105). */
  readonly assignedUsers?: readonly string[];
  /** Signs its ID tokens with a key that the JWKS shows with `?appid=` only (claims mapping). */
  readonly ownSigningKey?: boolean;
  /** The object ID of its service principal, the `oid` of application tokens. */
  readonly servicePrincipalId?: string;
}

/** A person. */
export interface User {
  readonly username: string;
  readonly name: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly email?: string;
  /** The tenant the account belongs to. */
  readonly tenantId: string;
  /** The object ID in that tenant. */
  readonly objectId: string;
  /** Where else the account is known, and by which object ID. */
  readonly guestOf?: readonly { readonly tenantId: string; readonly objectId: string }[];
  /** What is added to the ID token: groups, roles, wids, groups overage, … */
  readonly extraClaims?: Readonly<Record<string, unknown>>;
}

/** An API that access tokens are issued for. */
export interface ApiResource {
  /** Its application ID, a GUID; the `aud` of version 2 tokens. */
  readonly appId: string;
  readonly name: string;
  readonly identifierUris: readonly string[];
  /** The delegated permissions it knows; `any` where all names are taken as known. */
  readonly scopes: readonly string[] | 'any';
  readonly tokenVersion: 1 | 2;
}

/** Everything the emulator knows before anybody signs in. */
export interface DirectoryContents {
  readonly tenants: readonly Tenant[];
  readonly applications: readonly Application[];
  readonly users: readonly User[];
  readonly resources: readonly ApiResource[];
}

/** The directory while the emulator runs; entries are replaced, never changed in place. */
export interface Directory {
  readonly tenants: Map<string, Tenant>;
  readonly applications: Map<string, Application>;
  /** By home object ID. */
  readonly users: Map<string, User>;
  readonly resources: Map<string, ApiResource>;
}

/** Builds the directory from its contents. */
export function makeDirectory(contents: DirectoryContents): Directory {
  return {
    tenants: new Map(contents.tenants.map((tenant) => [tenant.id, tenant])),
    applications: new Map(contents.applications.map((application) => [application.clientId, application])),
    users: new Map(contents.users.map((user) => [user.objectId, user])),
    resources: new Map(contents.resources.map((resource) => [resource.appId, resource])),
  };
}

/** Finds a person by username, letter case aside. */
export function findUser(directory: Directory, username: string): User | undefined {
  const wanted = username.trim().toLowerCase();
  return [...directory.users.values()].find((user) => user.username.toLowerCase() === wanted);
}

/** Answers the object ID a person has in a tenant, as a member or a guest; `undefined` where unknown. */
export function objectIdIn(user: User, tenantId: string): string | undefined {
  if (user.tenantId === tenantId) return user.objectId;
  return user.guestOf?.find((guest) => guest.tenantId === tenantId)?.objectId;
}

/** Tells whether the account is a personal Microsoft account. */
export function isPersonal(user: User): boolean {
  return user.tenantId === consumersTenantId;
}
