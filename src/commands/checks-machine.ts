import { tryLoopback } from '../auth/redirect/address.ts';
import { isLoopbackHost } from '../auth/clouds.ts';
import type { Context } from '../context.ts';
import type { FlowChoice } from './flow-choice.ts';
import type { CheckOutcome } from './checks.ts';
import { failed, failedBy, passed, skipped } from './checks.ts';

// package.json, engines.
const oldestNode = [20, 19] as const;
// From here on Node reads the certificates of the system (tls.getCACertificates).
const nodeWithSystemCertificates = [22, 15] as const;

/** Node's version. */
export function checkNode({ machine }: Pick<Context, 'machine'>): CheckOutcome {
  const { nodeVersion } = machine;
  if (isAtLeast(nodeVersion, oldestNode)) return passed('node', nodeVersion);
  const hint = 'Install a newer Node.js: https://nodejs.org';
  return failed('node', `${nodeVersion} is too old; ${oldestNode.join('.')} or newer is needed`, hint);
}

/** The proxy on the way to the authority host. */
export function checkProxy({ machine }: Pick<Context, 'machine'>, authorityHost: string): CheckOutcome {
  try {
    const proxy = machine.findProxy(authorityHost);
    const { host } = new URL(authorityHost);
    return passed('proxy', proxy === undefined ? `none for ${host}` : `${proxy.address} (${proxy.variable})`);
  } catch (error) {
    return failedBy('proxy', error);
  }
}

/** Whose certificates are trusted: the variables, and whether their files can be read. */
export async function checkCertificates({
  env,
  files,
  machine,
}: Pick<Context, 'env' | 'files' | 'machine'>): Promise<CheckOutcome> {
  const set = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'].filter((name) => (env[name] ?? '') !== '');
  try {
    for (const name of set) {
      const text = await files.readText(env[name] ?? '');
      const isPem = text?.includes('-----BEGIN') === true && text.includes('CERTIFICATE-----');
      const happened = text === undefined ? 'names a file that does not exist' : 'names a file that is not PEM';
      if (!isPem) return failed('certificates', `${name} ${happened}`, `Set ${name} to a PEM file, or unset it.`);
    }
  } catch (error) {
    return failedBy('certificates', error);
  }
  const own = isAtLeast(machine.nodeVersion, nodeWithSystemCertificates) ? "Node's and the system's" : "Node's own";
  return passed('certificates', set.length === 0 ? own : `${own}, and those of ${set.join(', ')}`);
}

/** Whether `localhost` is this machine: a browser goes there with the answer. */
export async function checkLocalhost({ machine }: Pick<Context, 'machine'>, limit: AbortSignal): Promise<CheckOutcome> {
  const addresses = await Promise.race([machine.resolveHost('localhost'), aborted(limit)]);
  const foreign = addresses?.find((address) => !isLoopbackHost(address.includes(':') ? `[${address}]` : address));
  if (addresses === undefined) return failed('localhost', 'was not resolved in time', hostsFile);
  // RFC 6761, 6.3: browsers and Node need no resolver for it.
  if (addresses.length === 0) return failed('localhost', 'does not resolve', hostsFile);
  if (foreign !== undefined) return failed('localhost', `resolves to ${foreign}, another machine`, hostsFile);
  return passed('localhost', `resolves to ${addresses.join(' and ')}`);
}

const hostsFile = 'Put "127.0.0.1 localhost" and "::1 localhost" into the hosts file (/etc/hosts).';

/** Both loopback addresses and the port of the redirect URI, bound as a sign-in would bind them. */
export async function checkPort(
  { findPortOwner }: Pick<Context, 'findPortOwner'>,
  redirectUri: string,
): Promise<CheckOutcome> {
  try {
    const url = new URL(redirectUri);
    const { port, addresses } = await tryLoopback({ redirectUri: url, findPortOwner });
    const which = Number(url.port) === 0 ? `any free one, ${port} just now` : `${port} is free`;
    return passed('port', `${which}, at ${addresses.join(' and ')}`);
  } catch (error) {
    return failedBy('port', error);
  }
}

/** What would open the browser, or why a device code takes its place. */
export async function checkBrowser({ machine }: Pick<Context, 'machine'>, choice: FlowChoice): Promise<CheckOutcome> {
  switch (choice.flow) {
    case 'browser': {
      const found = await machine.findBrowser(choice.command);
      if (found.outcome === 'found') return passed('browser', `${found.program} opens it (${choice.why})`);
      return failed('browser', found.reason, missingBrowser);
    }
    case 'device_code':
      return skipped(
        'browser',
        `${choice.why}, so login uses a device code`,
        'entra-login login --no-browser prints the URL; for ssh -L',
      );
    case 'manual':
    case 'no_browser':
      return skipped('browser', `none is opened (${choice.why}); login prints the URL`);
  }
}

const missingBrowser =
  'Install one, name it with --browser or ENTRA_LOGIN_BROWSER, or: entra-login login --device-code';

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return undefined;
}
