import { defaultDirectory } from './default-directory.ts';
import type { Application, DirectoryContents } from './directory.ts';
import { makeDirectory } from './directory.ts';
import { makeKeyRing } from './key-ring.ts';
import type { EmulatorState, IssuedSecret } from './state.ts';
import { makeWorkloadHost } from './workload-host.ts';

/** How an emulator is set up; everything has a default. */
export interface EmulatorOptions extends Partial<DirectoryContents> {
  /** 0, the default, takes any free one. */
  readonly port?: number;
  /** `127.0.0.1` if left out; stands in every URL the emulator gives. */
  readonly host?: string;
  /** The emulated clock: the Date header, times in tokens and all lifetimes follow it. The real one if left out. */
  readonly now?: () => Date;
  /** Serves https with this PEM key and certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Entra allows a refresh token to be used again (the default); `refused` shows who does. */
  readonly refreshTokenReuse?: 'allowed' | 'refused';
  /** `expires_in` of access tokens in seconds; drawn between 3599 and 5399 if left out. */
  readonly accessTokenLifetime?: number;
}

/** Makes the state that an emulator begins with. */
export function makeState(origin: string, options: EmulatorOptions): EmulatorState {
  const { applications = defaultDirectory.applications } = options;
  const { tenants, users, resources } = { ...defaultDirectory, ...options };
  const workload = makeWorkloadHost();
  const { githubRequestToken, systemAccessToken, identityHeader } = workload;
  const hostSecrets = [githubRequestToken, systemAccessToken, identityHeader].map((value): IssuedSecret => ({
    kind: 'host_secret',
    value,
  }));
  return {
    origin,
    now: options.now ?? (() => new Date()),
    directory: makeDirectory({ tenants, users, resources, applications }),
    keys: makeKeyRing(),
    refreshTokenReuse: options.refreshTokenReuse ?? 'allowed',
    accessTokenLifetime: options.accessTokenLifetime,
    issued: [...applications.flatMap(secretsOf), ...hostSecrets],
    codes: new Map(),
    refreshTokens: new Map(),
    accessTokens: new Map(),
    deviceGrants: new Map(),
    sessions: new Map(),
    consents: new Map(),
    accountPolicies: new Map(),
    refreshTokensVoid: {},
    serial: 0,
    deviceCodeBlocked: false,
    workload,
    faults: new Set(),
    signIns: new Map(),
  };
}

/** Lists the secrets of a registration. */
export function secretsOf(application: Application): IssuedSecret[] {
  return (application.secrets ?? []).map(({ value }) => ({ kind: 'client_secret', value }));
}
