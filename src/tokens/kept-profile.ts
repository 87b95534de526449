import type { Account } from '../auth/account.ts';
import type { TenantMetadata } from '../auth/discovery.ts';
import { isRecord, parseJsonObject } from '../auth/json.ts';
import type { SigningKey } from '../auth/signing-keys.ts';

/** Everything kept under one profile's name. */
export interface KeptProfile {
  readonly signIn?: KeptSignIn | undefined;
  readonly accessTokens: readonly KeptAccessToken[];
}

/** Who a person is in one tenant, and how that tenant is reached without asking it again. */
export interface KeptIdentity {
  /** As the person named it. */
  readonly tenant: string;
  readonly account: Account;
  /** The `sub` claim, which a renewal must repeat. */
  readonly subject: string;
  readonly metadata: TenantMetadata;
  readonly signingKeys: readonly SigningKey[];
}

/** A person's sign-in: with what, who, and what renews it. */
export interface KeptSignIn extends KeptIdentity {
  readonly authorityHost: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Whether the application proved itself with a secret, so that a renewal must too. */
  readonly confidential: boolean;
  readonly idToken: string;
  readonly refreshToken?: string | undefined;
  /** Tenants that the refresh token was good in besides its own: there the person has other identities. */
  readonly otherTenants: readonly KeptIdentity[];
}

/** An access token with all that it was issued for; it is never used for anything else. */
export interface KeptAccessToken {
  readonly kind: 'person' | 'application' | 'managed_identity';
  readonly authorityHost: string;
  readonly tenant: string;
  readonly clientId: string;
  /** Whose it is, where tenant and client ID are not IDs: a domain, or the managed identity of the host. */
  readonly issuedTo?: { readonly tenantId: string; readonly clientId: string } | undefined;
  readonly resource: string;
  /** Asked for; Entra grants and names them its own way. */
  readonly asked: readonly string[];
  /** Granted. */
  readonly scopes: readonly string[];
  readonly accessToken: string;
  readonly expiresAt: Date;
  readonly issuedAt: Date;
  /** When it was last used, as far as that is recorded (`recordUse`). */
  readonly usedAt: Date;
}

/** The first version of the kept format; another one is refused rather than guessed at. */
const version = 1;

/** Writes the kept text: JSON, dates in ISO 8601. */
export function serializeProfile(kept: KeptProfile): string {
  return JSON.stringify({ version, ...kept });
}

/** Reads a kept text; `undefined` if it is not one of ours, damaged or of another version. */
export function parseProfile(text: string): KeptProfile | undefined {
  const value = parseJsonObject(text);
  if (value === undefined || value['version'] !== version || !Array.isArray(value['accessTokens'])) return undefined;
  const accessTokens = value['accessTokens'].map(readAccessToken);
  const signIn = value['signIn'] === undefined ? undefined : readSignIn(value['signIn']);
  if (signIn === null || !accessTokens.every((token) => token !== undefined)) return undefined;
  return { signIn, accessTokens };
}

function readAccessToken(value: unknown): KeptAccessToken | undefined {
  if (!isRecord(value)) return undefined;
  const { kind, authorityHost, tenant, clientId, resource, asked, scopes, accessToken } = value;
  const expiresAt = readDate(value['expiresAt']);
  const issuedAt = readDate(value['issuedAt']);
  const usedAt = readDate(value['usedAt']);
  const isKind = kind === 'person' || kind === 'application' || kind === 'managed_identity';
  if (!isKind || expiresAt === undefined || issuedAt === undefined || usedAt === undefined) return undefined;
  if (!isTextList(asked) || !isTextList(scopes)) return undefined;
  if (!isText(authorityHost) || !isText(tenant) || !isText(clientId)) return undefined;
  if (!isText(resource) || !isText(accessToken)) return undefined;
  const issuedTo = readIssuedTo(value['issuedTo']);
  if (issuedTo === null) return undefined;
  return {
    ...{ kind, authorityHost, tenant, clientId, issuedTo, resource },
    ...{ asked, scopes, accessToken, expiresAt, issuedAt, usedAt },
  };
}

function readIssuedTo(value: unknown): KeptAccessToken['issuedTo'] | null {
  if (value === undefined) return undefined;
  if (!isRecord(value)) return null;
  const { tenantId, clientId } = value;
  return isText(tenantId) && isText(clientId) ? { tenantId, clientId } : null;
}

function readSignIn(value: unknown): KeptSignIn | null {
  const identity = readIdentity(value);
  if (!isRecord(value) || identity === undefined || !Array.isArray(value['otherTenants'])) return null;
  const { authorityHost, clientId, redirectUri, scopes, confidential, idToken, refreshToken } = value;
  const otherTenants = value['otherTenants'].map(readIdentity);
  if (!isUrl(authorityHost) || !isText(clientId) || !isUrl(redirectUri) || !isText(idToken)) return null;
  if (!isTextList(scopes) || typeof confidential !== 'boolean' || !isOptionalText(refreshToken)) return null;
  if (!otherTenants.every((other) => other !== undefined)) return null;
  return {
    ...identity,
    ...{ authorityHost, clientId, redirectUri, scopes, confidential, idToken, refreshToken, otherTenants },
  };
}

function readIdentity(value: unknown): KeptIdentity | undefined {
  if (!isRecord(value)) return undefined;
  const { tenant, subject } = value;
  const account = readAccount(value['account']);
  const metadata = readMetadata(value['metadata']);
  const signingKeys = Array.isArray(value['signingKeys']) ? value['signingKeys'].map(readSigningKey) : [undefined];
  if (!isText(tenant) || !isText(subject) || account === undefined || metadata === undefined) return undefined;
  if (!signingKeys.every((key) => key !== undefined)) return undefined;
  return { tenant, account, subject, metadata, signingKeys };
}

function readAccount(value: unknown): Account | undefined {
  if (!isRecord(value)) return undefined;
  const { username, name, objectId, tenantId, loginHint } = value;
  if (!isText(username) || !isText(name) || !isText(objectId) || !isText(tenantId)) return undefined;
  return isOptionalText(loginHint) ? { username, name, objectId, tenantId, loginHint } : undefined;
}

function readMetadata(value: unknown): TenantMetadata | undefined {
  if (!isRecord(value)) return undefined;
  const { issuer, authorizationEndpoint, tokenEndpoint, jwksUri, signingAlgorithms } = value;
  const { deviceAuthorizationEndpoint, endSessionEndpoint, userInfoEndpoint } = value;
  if (!isText(issuer) || !isUrl(authorizationEndpoint) || !isUrl(tokenEndpoint) || !isUrl(jwksUri)) return undefined;
  if (!isTextList(signingAlgorithms) || !isOptionalUrl(deviceAuthorizationEndpoint)) return undefined;
  if (!isOptionalUrl(endSessionEndpoint) || !isOptionalUrl(userInfoEndpoint)) return undefined;
  return {
    ...{ issuer, authorizationEndpoint, tokenEndpoint, jwksUri, signingAlgorithms },
    ...{ deviceAuthorizationEndpoint, endSessionEndpoint, userInfoEndpoint },
  };
}

function readSigningKey(value: unknown): SigningKey | undefined {
  if (!isRecord(value)) return undefined;
  const { kid, modulus, exponent, algorithm, issuer } = value;
  if (!isText(kid) || !isText(modulus) || !isText(exponent)) return undefined;
  return isOptionalText(algorithm) && isOptionalText(issuer)
    ? { kid, modulus, exponent, algorithm, issuer }
    : undefined;
}

function readDate(value: unknown): Date | undefined {
  const date = typeof value === 'string' ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}

function isUrl(value: unknown): value is string {
  return isText(value) && URL.canParse(value);
}

function isOptionalUrl(value: unknown): value is string | undefined {
  return value === undefined || isUrl(value);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
