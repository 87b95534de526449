import { randomBytes, randomUUID } from 'node:crypto';
import type { Directory, Platform } from './directory.ts';
import type { ActiveFault } from './fault-matching.ts';
import type { KeyRing } from './key-ring.ts';
import type { ManagedIdentity } from './managed-identity.ts';
import type { Scope } from './scopes.ts';
import type { SignIn } from './sign-in.ts';

/** What kind of secret the emulator issued, was registered with or was shown. */
export type SecretKind =
  | 'access_token'
  | 'refresh_token'
  | 'id_token'
  | 'code'
  | 'device_code'
  | 'client_secret'
  | 'client_assertion'
  | 'code_verifier'
  | 'federated_token'
  /** What a CI runner or an Azure host hands its jobs, so that they can ask for tokens. */
  | 'host_secret';

/** A secret that must not turn up where it does not belong. */
export interface IssuedSecret {
  readonly kind: SecretKind;
  readonly value: string;
}

/** What a person allowed an application, from the sign-in on. */
export interface Grant {
  readonly clientId: string;
  /** Home object ID of the person. */
  readonly userId: string;
  /** The tenant signed in to. */
  readonly tenantId: string;
  /** How the application was told apart: by the redirect URI's platform, or by device code. */
  readonly clientType: Platform | 'device';
  /** Every scope of the authorization request, in full, `offline_access` included. */
  readonly scopes: readonly string[];
  readonly authenticatedAt: Date;
  /** Whether the person passed multi-factor authentication. */
  readonly mfa: boolean;
  /** The `claims` parameter of the authorization request, JSON as text. */
  readonly claims: string | undefined;
}

/** An authorization code waiting to be redeemed. */
export interface CodeGrant extends Grant {
  readonly issuedAt: Date;
  readonly redirectUri: string;
  readonly nonce: string | undefined;
  readonly challenge: { readonly value: string; readonly method: 'S256' | 'plain' } | undefined;
  redeemed: boolean;
}

/** A refresh token. */
export interface RefreshGrant extends Grant {
  readonly issuedAt: Date;
  readonly serial: number;
  /** When the first of its line was issued: single-page applications get 24 hours from there. */
  readonly lineBeganAt: Date;
  /** Identifier of the resource its first access token was for. */
  readonly resourceId: string;
  used: boolean;
}

/** An access token, remembered so that the Graph endpoints can honour it. */
export interface AccessGrant {
  readonly userId: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly resourceId: string;
  readonly scopes: readonly string[];
  readonly serial: number;
  readonly expiresAt: Date;
  /** Whether the client declared `cp1`: only such clients are sent claims challenges (CAE). */
  readonly takesChallenges: boolean;
}

/** A device authorization request and what became of it. */
export interface DeviceGrant {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly clientId: string;
  /** The first part of the path it was asked for under. */
  readonly segmentName: string;
  readonly scopes: readonly string[];
  readonly claims: string | undefined;
  readonly expiresAt: Date;
  outcome: 'pending' | 'declined' | 'redeemed' | Grant;
  /** When it was polled, the latest last. */
  readonly polls: Date[];
}

/** One browser's sign-on session: who signed in there, and whether with a second factor. */
export interface BrowserSession {
  readonly id: string;
  /** Home object ID to when and how. */
  readonly accounts: Map<string, { readonly authenticatedAt: Date; readonly mfa: boolean }>;
}

/** A moment between two tokens; the serial tells before from after where an emulated clock stands still. */
export interface Moment {
  readonly at: Date;
  readonly serial: number;
}

/** What a tenant's policies and events did to one person; all absent at first. */
export interface AccountPolicy {
  /** Tokens issued before are void (50173). */
  tokensValidFrom?: Moment;
  /** Multi-factor authentication is asked for, with this claims challenge. */
  mfa?: { readonly claims: string | undefined };
  blocked?: { readonly suberror: string | undefined };
  disabled?: boolean;
  deleted?: boolean;
}

/** What CI runners and Azure hosts know. */
export interface WorkloadHost {
  /** `ACTIONS_ID_TOKEN_REQUEST_TOKEN`. */
  readonly githubRequestToken: string;
  /** `SYSTEM_ACCESSTOKEN`. */
  readonly systemAccessToken: string;
  /** `IDENTITY_HEADER`. */
  readonly identityHeader: string;
  /** The file that Azure Arc's challenge names, and what stands in it. */
  arcKey: { readonly path: string; readonly content: string };
  readonly managedIdentities: readonly ManagedIdentity[];
}

/** Everything an endpoint works with. */
export interface EmulatorState {
  readonly origin: string;
  readonly now: () => Date;
  readonly directory: Directory;
  readonly keys: KeyRing;
  readonly refreshTokenReuse: 'allowed' | 'refused';
  /** Seconds; `undefined` draws 3599 to 5399 for each token. */
  accessTokenLifetime: number | undefined;
  readonly issued: IssuedSecret[];
  readonly codes: Map<string, CodeGrant>;
  readonly refreshTokens: Map<string, RefreshGrant>;
  readonly accessTokens: Map<string, AccessGrant>;
  readonly deviceGrants: Map<string, DeviceGrant>;
  readonly sessions: Map<string, BrowserSession>;
  /** What people consented to, by `consentKey`, then by canonical scope. */
  readonly consents: Map<string, Map<string, Scope>>;
  /** By home object ID. */
  readonly accountPolicies: Map<string, AccountPolicy>;
  /** Refresh tokens issued before one of these are void. */
  readonly refreshTokensVoid: { inactivity?: Moment; signInFrequency?: Moment };
  /** How many tokens were issued so far. */
  serial: number;
  deviceCodeBlocked: boolean;
  readonly workload: WorkloadHost;
  readonly faults: Set<ActiveFault>;
  /** Sign-ins on their way through the pages, by ID. */
  readonly signIns: Map<string, SignIn>;
}

/** Answers the key under which a person's consent to an application is kept. */
export function consentKey(userId: string, tenantId: string, clientId: string): string {
  return `${userId} ${tenantId} ${clientId}`;
}

/** Answers the policies of a person. */
export function policyOf(state: EmulatorState, userId: string): AccountPolicy {
  return state.accountPolicies.get(userId) ?? {};
}

/** Makes an opaque value of about the length of Entra's own codes and refresh tokens, and remembers that it is secret. */
export function issueOpaque(state: EmulatorState, kind: SecretKind, bytes = 900): string {
  const value = `1.A${randomBytes(bytes).toString('base64url')}`;
  state.issued.push({ kind, value });
  return value;
}

/** Answers the present moment. */
export function momentNow(state: EmulatorState): Moment {
  return { at: state.now(), serial: state.serial };
}

/** Makes an unguessable identifier. */
export function makeId(): string {
  return randomUUID();
}
