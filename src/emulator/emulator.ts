import type { ApiResource, Application, Tenant, User } from './directory.ts';
import { findUser } from './directory.ts';
import type { Fault } from './faults.ts';
import { revokeSessions } from './graph.ts';
import type { EmulatorOptions } from './initial-state.ts';
import { makeState, secretsOf } from './initial-state.ts';
import type { RecordedRequest } from './server.ts';
import { startServer } from './server.ts';
import type { AccountPolicy, EmulatorState, IssuedSecret } from './state.ts';
import { consentKey, momentNow, policyOf } from './state.ts';
import type { HostEnvironments } from './workload-host.ts';
import { hostEnvironmentsOf } from './workload-host.ts';

export type { EmulatorOptions } from './initial-state.ts';

/** A local Entra ID. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`: the authority host. */
  readonly origin: string;
  /** Every request so far, in order. */
  readonly requests: readonly RecordedRequest[];
  /** Every secret issued, registered or shown so far: what must not turn up anywhere else. */
  readonly issued: readonly IssuedSecret[];

  addTenant(tenant: Tenant): void;
  addApplication(application: Application): void;
  /** Replaces some properties of a registration. */
  updateApplication(clientId: string, changes: Partial<Omit<Application, 'clientId'>>): void;
  addUser(user: User): void;
  /** Replaces some properties of a person: name, e-mail address, extra claims, … */
  updateUser(username: string, changes: Partial<Omit<User, 'objectId'>>): void;
  addApiResource(resource: ApiResource): void;

  /** Signs with the next key from now on; `immediately` with one that was never published, and drops the old ones. */
  rotateKeys(options?: { readonly immediately?: boolean }): void;
  /** Sets `expires_in` of the access tokens from now on; `undefined` draws it again. */
  setAccessTokenLifetime(seconds: number | undefined): void;
  /** Makes something go wrong; answers a function that mends it. */
  injectFault(fault: Fault): () => void;

  /** Voids every refresh token and browser session of the person: 50173, `bad_token`. */
  revokeUser(username: string): void;
  /**
   * Demands multi-factor authentication of the person: 50076, `basic_action`, with `claims` as the challenge. Passed at
   * the next sign-in; with `claims`, only if the sign-in or the renewal sends them back.
   */
  requireMfa(username: string, options?: { readonly claims?: string }): void;
  /** Blocks the person by Conditional Access: 53003; `suberror` is `message_only` if left out. */
  blockByConditionalAccess(username: string, options?: { readonly suberror?: string }): void;
  /** Takes back what the tenant did to the person. */
  clearPolicies(username: string): void;
  /** Disables the account: 50057. */
  disableUser(username: string): void;
  /** Deletes the account: 50034. */
  deleteUser(username: string): void;
  /** Takes back every consent to the application, the administrator's too: 65001, `consent_required`. */
  revokeConsent(clientId: string): void;
  /** Voids the refresh tokens issued so far: 700082, or 70043 and `token_expired` for `sign_in_frequency`. */
  expireRefreshTokens(reason?: 'inactivity' | 'sign_in_frequency'): void;
  /** Blocks the device code flow: 530036 for refresh tokens born of it. */
  blockDeviceCodeFlow(): void;

  /** The environment of a job or machine that the emulator plays host to. */
  readonly hostEnvironments: HostEnvironments;
  /** Sets the file that Azure Arc's challenge names, and what the caller must have found in it. */
  setArcKey(key: { readonly path: string; readonly content: string }): void;

  /** Ends it and every connection. */
  close(): Promise<void>;
}

/** Starts a local Entra ID. Errors: what listening throws (EADDRINUSE). */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const requests: RecordedRequest[] = [];
  const { host = '127.0.0.1', port = 0, tls } = options;
  let state: EmulatorState | undefined;
  const server = await startServer({ host, port, tls }, requests, (origin) => (state = makeState(origin, options)));
  if (state === undefined) throw new Error('The server did not ask for its state.');
  return makeEmulator(state, requests, () => server.close());
}

function makeEmulator(
  state: EmulatorState,
  requests: readonly RecordedRequest[],
  close: () => Promise<void>,
): Emulator {
  const { directory } = state;
  const userNamed = (username: string): User => {
    const user = findUser(directory, username);
    if (user === undefined) throw new Error(`The emulator knows no user ${username}.`);
    return user;
  };
  const applicationOf = (clientId: string): Application => {
    const application = directory.applications.get(clientId);
    if (application === undefined) throw new Error(`The emulator knows no application ${clientId}.`);
    return application;
  };
  const addApplication = (application: Application): void => {
    directory.applications.set(application.clientId, application);
    const known = new Set(state.issued.map(({ value }) => value));
    state.issued.push(...secretsOf(application).filter(({ value }) => !known.has(value)));
  };
  const addPolicy = (username: string, policy: AccountPolicy): void => {
    const { objectId } = userNamed(username);
    state.accountPolicies.set(objectId, { ...policyOf(state, objectId), ...policy });
  };
  return {
    origin: state.origin,
    requests,
    issued: state.issued,
    addTenant: (tenant) => directory.tenants.set(tenant.id, tenant),
    addApplication,
    updateApplication: (clientId, changes) => addApplication({ ...applicationOf(clientId), ...changes }),
    addUser: (user) => directory.users.set(user.objectId, user),
    updateUser: (username, changes) => {
      const user = userNamed(username);
      directory.users.set(user.objectId, { ...user, ...changes });
    },
    addApiResource: (resource) => directory.resources.set(resource.appId, resource),
    rotateKeys: (options) => state.keys.rotate(options),
    setAccessTokenLifetime: (seconds) => {
      state.accessTokenLifetime = seconds;
    },
    injectFault: (fault) => {
      const active = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
      state.faults.add(active);
      return () => state.faults.delete(active);
    },
    revokeUser: (username) => revokeSessions(state, userNamed(username).objectId),
    requireMfa: (username, { claims } = {}) => addPolicy(username, { mfa: { claims } }),
    blockByConditionalAccess: (username, { suberror = 'message_only' } = {}) =>
      addPolicy(username, { blocked: { suberror } }),
    clearPolicies: (username) => state.accountPolicies.delete(userNamed(username).objectId),
    disableUser: (username) => addPolicy(username, { disabled: true }),
    deleteUser: (username) => addPolicy(username, { deleted: true }),
    revokeConsent: (clientId) => {
      addApplication({ ...applicationOf(clientId), consent: 'asked' });
      for (const { objectId } of directory.users.values()) {
        for (const tenantId of directory.tenants.keys())
          state.consents.delete(consentKey(objectId, tenantId, clientId));
      }
    },
    expireRefreshTokens: (reason = 'inactivity') => {
      state.refreshTokensVoid[reason === 'inactivity' ? 'inactivity' : 'signInFrequency'] = momentNow(state);
    },
    blockDeviceCodeFlow: () => {
      state.deviceCodeBlocked = true;
    },
    hostEnvironments: hostEnvironmentsOf(state),
    setArcKey: (key) => {
      state.workload.arcKey = key;
      state.issued.push({ kind: 'host_secret', value: key.content });
    },
    close,
  };
}
