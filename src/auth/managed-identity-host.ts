import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { isLoopbackHost } from './clouds.ts';

/** The host that gives this process an identity, and where it is asked. */
export type IdentityHost =
  | { readonly kind: 'imds'; readonly endpoint: string }
  | { readonly kind: 'app_service'; readonly endpoint: string; readonly header: string }
  | { readonly kind: 'arc'; readonly endpoint: string; readonly keyDirectory: string };

const imdsHost = 'http://169.254.169.254';
const imdsPath = '/metadata/identity/oauth2/token';
const arcEndpoint = 'http://127.0.0.1:40342/metadata/identity/oauth2/token';

/**
 * Finds the host as the Azure SDKs do: App Service (`IDENTITY_ENDPOINT` with `IDENTITY_HEADER`), Azure Arc
 * (`IDENTITY_ENDPOINT` without, or its agent installed), else IMDS. Throws `configuration` for a variable that holds no
 * usable address.
 */
export async function findIdentityHost(
  { env, files }: Pick<Context, 'env' | 'files'>,
  /** Where Arc's agent puts the keys of its challenges. */
  keyDirectory: string,
): Promise<IdentityHost> {
  const [named, header, other] = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER', 'AZURE_POD_IDENTITY_AUTHORITY_HOST'].map(
    (name) => (env[name] === '' ? undefined : env[name]),
  );
  if (named !== undefined) {
    // It may be http anywhere: whoever starts the process chose it.
    const endpoint = readUrl(named, 'IDENTITY_ENDPOINT', () => true).href;
    return header === undefined ? { kind: 'arc', endpoint, keyDirectory } : { kind: 'app_service', endpoint, header };
  }
  if (other === undefined && (await files.exists(keyDirectory))) {
    return { kind: 'arc', endpoint: arcEndpoint, keyDirectory };
  }
  const host = readUrl(other ?? imdsHost, 'AZURE_POD_IDENTITY_AUTHORITY_HOST', isOwnHost);
  return { kind: 'imds', endpoint: `${host.origin}${imdsPath}` };
}

/** Answers where Arc's agent puts the keys of its challenges on this system. */
export function arcKeyDirectory({ env, directories }: Pick<Context, 'env' | 'directories'>): string {
  const isWindows = /^(?:[a-z]:|\\\\)/i.test(directories.working);
  if (!isWindows) return '/var/opt/azcmagent/tokens';
  const programData = env['ProgramData'] ?? env['PROGRAMDATA'] ?? String.raw`C:\ProgramData`;
  return String.raw`${programData}\AzureConnectedMachineAgent\Tokens`;
}

function isOwnHost(hostname: string): boolean {
  return isLoopbackHost(hostname) || /^169\.254(?:\.\d{1,3}){2}$/.test(hostname);
}

function readUrl(text: string, variable: string, mayBePlain: (hostname: string) => boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && mayBePlain(url.hostname));
  if (url !== undefined && isSafe && url.username === '' && url.password === '') return url;
  throw new EntraLoginError('configuration', `There is no usable address in ${variable}.`, {
    hint: 'Allowed: an https URL, or http at a loopback or link-local address.',
  });
}
