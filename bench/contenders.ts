import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { alice, contoso, desktopApplication } from '../src/emulator/default-directory.ts';
import type { TestKeyring } from '../test/support/keyring.ts';
import type { Contender } from './measure.ts';
import { makeToken } from './profiles.ts';

/** The Node that every Node program is measured with. */
export const node = process.execPath;

const root = join(import.meta.dirname, '../..');
const script = join(root, 'bin/entra-login.cjs');
const binary = join(root, 'dist-binaries/entra-login-linux-x64');
const jwt = /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/;

/** Our own program in an environment with nothing but what it needs. */
export function ours(name: string, keyring: TestKeyring, words: readonly string[], prints: RegExp = jwt): Contender {
  return { name, command: [node, script, ...words], env: environmentOf(keyring), prints };
}

/** The same as a standalone binary; none where it was not built. */
export function ourBinary(name: string, keyring: TestKeyring, words: readonly string[]): Contender[] {
  if (!existsSync(binary)) return [];
  return [{ name, command: [binary, ...words], env: environmentOf(keyring), prints: jwt }];
}

/** What everything is compared with. */
export function floors(keyring: TestKeyring): Contender[] {
  const env = environmentOf(keyring);
  const lookUp = ['secret-tool', 'lookup', 'service', 'entra-login', 'username', 'default'];
  return [
    { name: 'node -e 0', command: [node, '-e', '0'], env, prints: /^$/ },
    { name: 'secret-tool lookup', command: lookUp, env, prints: /^\{"version":1/ },
  ];
}

/** GitHub's CLI with a token in its file, where it is installed. */
export function gh(keyring: TestKeyring): Contender[] {
  const isThere = (process.env['PATH'] ?? '').split(delimiter).some((path) => existsSync(join(path, 'gh')));
  if (!isThere) return [];
  const directory = join(keyring.env['XDG_CONFIG_HOME'] ?? '', 'gh');
  mkdirSync(directory, { recursive: true });
  const hosts = 'github.com:\n    oauth_token: gho_0123456789\n    user: alice\n    git_protocol: https\n';
  writeFileSync(join(directory, 'hosts.yml'), hosts);
  const [version = ''] = /\d+\.\d+\.\d+/.exec(spawnSync('gh', ['--version'], { encoding: 'utf8' }).stdout) ?? [];
  const name = `gh auth token (${version}, file)`;
  return [{ name, command: ['gh', 'auth', 'token'], env: environmentOf(keyring), prints: /^gho_/ }];
}

const msalVersion = '7.2.3';

/** msal-node with a file of its own; it is installed for the measurement alone. */
export function msal(keyring: TestKeyring, directory: string): Contender {
  mkdirSync(directory, { recursive: true });
  // npm belongs to the surroundings, with their settings and network.
  const words = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const { status } = spawnSync('npm', [...words, '--prefix', directory, `@azure/msal-node@${msalVersion}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('msal-node could not be installed; --without-msal leaves it out.');
  const program = join(directory, 'msal-token.cjs');
  copyFileSync(join(root, 'bench/msal-token.cjs'), program);
  const authority = `https://login.microsoftonline.com/${contoso.id}`;
  const env = {
    ...environmentOf(keyring),
    ENTRA_BENCH_CACHE: join(directory, 'cache.json'),
    ENTRA_BENCH_CLIENT_ID: desktopApplication.clientId,
    ENTRA_BENCH_AUTHORITY: authority,
  };
  const command = [node, program];
  const seed = spawnSync(node, [program], { env: { ...env, ENTRA_BENCH_SEED: msalSeed(authority) }, encoding: 'utf8' });
  if (seed.status !== 0) throw new Error(`msal-node took no seed: ${seed.stderr}`);
  return { name: `msal-node ${msalVersion}, its file`, command, env, prints: jwt };
}

function msalSeed(authority: string): string {
  const endpoint = (name: string): string => `${authority}/oauth2/v2.0/${name}`;
  return JSON.stringify({
    metadata: {
      issuer: `${authority}/v2.0`,
      authorization_endpoint: endpoint('authorize'),
      token_endpoint: endpoint('token'),
      jwks_uri: `${authority}/discovery/v2.0/keys`,
    },
    tokens: {
      token_type: 'Bearer',
      scope: 'User.Read openid profile',
      expires_in: 72_000,
      ext_expires_in: 72_000,
      access_token: makeToken(2_000),
      refresh_token: makeToken(900),
      id_token: makeToken(1_300),
      client_info: Buffer.from(JSON.stringify({ uid: alice.objectId, utid: contoso.id })).toString('base64url'),
    },
  });
}

function environmentOf({ env }: TestKeyring): Record<string, string> {
  return { ...env, PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' };
}
