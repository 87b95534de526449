import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import type { SecretStore } from '../src/context.ts';
import { alice, contoso, desktopApplication } from '../src/emulator/default-directory.ts';
import { openSecretStore } from '../src/platform/secret-store.ts';
import type { KeptAccessToken, KeptProfile } from '../src/tokens/kept-profile.ts';
import { writeProfile } from '../src/tokens/token-store.ts';
import type { TestKeyring } from '../test/support/keyring.ts';

/** A keychain or state directory to seed. */
export interface Seed {
  readonly kind: 'keychain' | 'file';
  readonly resources: number;
  readonly profiles: number;
}

const authorityHost = 'https://login.microsoftonline.com';
const clientId = desktopApplication.clientId;

/**
 * Keeps profiles as a sign-in does, through the program's own store: 6 kB with one resource. In a process of its own:
 * the keychain library stays with the first bus it saw. Answers the size of one profile in bytes.
 */
export function seedProfiles(keyring: TestKeyring, seed: Seed): number {
  const words = [process.argv[1] ?? '', '--seed', JSON.stringify(seed)];
  const env = { PATH: process.env['PATH'], ...keyring.env };
  return Number(execFileSync(process.execPath, words, { env, encoding: 'utf8' }));
}

/** Seeds what this process's environment names; answers the size of one profile in bytes. */
export async function seedHere(seed: Seed): Promise<number> {
  const store = openStore(seed.kind);
  for (let index = 0; index < seed.profiles; index += 1) {
    const name = index === 0 ? 'default' : `profile-${index}`;
    await writeProfile(store, name, makeProfile(seed.resources), new Date());
  }
  return Buffer.byteLength((await store.read('default')) ?? '');
}

/** Makes an unsigned token as long as Entra's: 1.3 kB for an ID token, 2 for an access token. */
export function makeToken(length: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    ...{ oid: alice.objectId, tid: contoso.id, sub: 'subject', aud: clientId, preferred_username: alice.username },
    ...{ name: alice.name, iss: `${authorityHost}/${contoso.id}/v2.0`, iat: 1, nbf: 1, exp: 4_102_444_800, ver: '2.0' },
  };
  const filler = length - 700;
  const payload = part({ ...claims, xms: randomBytes(Math.max(0, filler * 0.5625)).toString('base64') });
  return `${part({ typ: 'JWT', alg: 'RS256', kid: 'key' })}.${payload}.${randomBytes(256).toString('base64url')}`;
}

function openStore(kind: Seed['kind']): SecretStore {
  return openSecretStore(kind, {
    env: process.env,
    stateDir: `${process.env['XDG_STATE_HOME']}/entra-login`,
    signal: undefined,
    unlockTimeLimit: 3_000,
    onLocked: () => {},
  });
}

function makeProfile(resources: number): KeptProfile {
  const { id: tenant } = contoso;
  const endpoint = (name: string): string => `${authorityHost}/${tenant}/oauth2/v2.0/${name}`;
  return {
    signIn: {
      ...{ tenant, authorityHost, clientId, subject: 'subject', confidential: false, otherTenants: [] },
      redirectUri: 'http://localhost',
      scopes: ['openid', 'profile', 'email', 'offline_access'],
      account: { username: alice.username, name: alice.name, objectId: alice.objectId, tenantId: tenant },
      idToken: makeToken(1_300),
      refreshToken: randomBytes(900).toString('base64url'),
      metadata: {
        issuer: `${authorityHost}/${tenant}/v2.0`,
        authorizationEndpoint: endpoint('authorize'),
        tokenEndpoint: endpoint('token'),
        jwksUri: `${authorityHost}/${tenant}/discovery/v2.0/keys`,
        deviceAuthorizationEndpoint: endpoint('devicecode'),
        endSessionEndpoint: endpoint('logout'),
        userInfoEndpoint: 'https://graph.microsoft.com/oidc/userinfo',
        signingAlgorithms: ['RS256'],
      },
      signingKeys: [{ kid: 'key', modulus: randomBytes(256).toString('base64url'), exponent: 'AQAB' }],
    },
    accessTokens: Array.from({ length: resources }, (_, index) => makeAccessToken(index)),
  };
}

function makeAccessToken(index: number): KeptAccessToken {
  const resource = index === 0 ? 'https://graph.microsoft.com' : `https://resource-${index}.example.com`;
  const now = new Date();
  return {
    ...{ kind: 'person', authorityHost, tenant: contoso.id, clientId, resource },
    asked: index === 0 ? ['openid', 'profile', 'email', 'offline_access'] : [`${resource}/.default`],
    scopes: index === 0 ? ['User.Read', 'openid', 'profile', 'email'] : [`${resource}/.default`],
    accessToken: makeToken(2_000),
    expiresAt: new Date(now.getTime() + 20 * 3_600_000),
    ...{ issuedAt: now, usedAt: now },
  };
}
