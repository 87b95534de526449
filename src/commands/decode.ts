import { discoverTenant } from '../auth/discovery.ts';
import { isGuid } from '../auth/issuer.ts';
import type { DecodedJwt } from '../auth/jwt.ts';
import { decodeWithoutVerifying } from '../auth/jwt.ts';
import type { SigningKey } from '../auth/signing-keys.ts';
import { fetchSigningKeys } from '../auth/signing-keys.ts';
import type { TokenCheck } from '../auth/token-checks.ts';
import { checkToken } from '../auth/token-checks.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { renderDecodedToken, renderTokenChecks } from '../render/decoded-token.ts';
import type { Settings } from '../settings.ts';
import { loadSettings } from '../settings.ts';
import { layoutOf, say, writeJson } from './notices.ts';
import type { CommonOptions, ProfileContext } from './opened-profile.ts';
import { chooseStore, openLoadedProfile, startCommandDeadline } from './opened-profile.ts';
import { readStandardInput } from './standard-input.ts';

/** Options of `decode`. */
export interface DecodeOptions extends CommonOptions {
  readonly verify?: boolean | undefined;
}

type DecodeContext = ProfileContext & Pick<Context, 'stdin' | 'stdout' | 'stderr' | 'fetch' | 'now' | 'signal'>;

/**
 * Shows header and claims of a JWT from standard input; `--verify` checks it against the tenant's keys. Errors: `usage`
 * for a token among the arguments and for what is no JWT, `untrusted_response` if a check fails.
 */
export async function decode(argumentCount: number, options: DecodeOptions, context: DecodeContext): Promise<void> {
  if (argumentCount > 0) {
    throw new EntraLoginError('usage', 'A token is never an argument: arguments are visible to others.', {
      hint: 'entra-login decode < FILE, or a pipe, or entra-login decode alone, which asks for it',
    });
  }
  const token = readToken(await readStandardInput(context, request));
  const checks = options.verify === true ? await verify(token, options, context) : undefined;
  const failures = (checks ?? []).filter(({ outcome }) => outcome === 'failed');
  if (options.json === true) {
    const { header, claims } = token;
    if (failures.length === 0) writeJson(context, { header, claims, verified: checks === undefined ? null : true });
  } else {
    const layout = layoutOf(context.stdout, context.now());
    const checked = checks === undefined ? '' : `\n${renderTokenChecks(checks, layout)}`;
    context.stdout.write(renderDecodedToken(token, layout) + checked);
    if (checks === undefined) say(context, options, '\nNothing of it is proved: --verify checks the signature.');
  }
  if (failures.length > 0) {
    const reasons = failures.map(({ name, detail }) => `${name} (${detail})`).join(', ');
    throw new EntraLoginError('untrusted_response', `The token is not verified: ${reasons}.`, {
      hint: 'Check against another tenant or cloud with --tenant and --cloud; trust nothing in the token.',
    });
  }
}

// A token of Entra's is 1 to 5 kB, at most 20; the decoder takes 64 KiB.
const request = {
  question: 'Paste the token and press Enter (it is not shown):',
  isEnough: () => true,
  mostCharacters: 64 * 1024,
};

function readToken(text: string): DecodedJwt {
  const token = text.replace(/^(?:["'\s]|authorization:|bearer\s)+/i, '').replaceAll(/["'\s]/g, '');
  const decoded = decodeWithoutVerifying(token);
  if (decoded !== undefined) return decoded;
  const reason =
    token === ''
      ? 'No token was given.'
      : token.split('.').length === 5
        ? 'The token is encrypted: only the API that it is for can read it.'
        : 'That is no JWT: refresh tokens, codes and access tokens of personal accounts are none.';
  throw new EntraLoginError('usage', reason, {
    hint: 'A JWT has three parts with dots between them, as in: entra-login token | entra-login decode',
  });
}

/** Where keys come from is never the token's choice: the authority host is that of the settings. */
async function verify(token: DecodedJwt, options: DecodeOptions, context: DecodeContext): Promise<TokenCheck[]> {
  const settings = await findSettings(options, context);
  const { tid, aud } = token.claims;
  const ownTenant = typeof tid === 'string' && isGuid(tid) ? tid : undefined;
  const tenant = settings.tenant?.value ?? ownTenant;
  if (tenant === undefined) {
    throw new EntraLoginError('configuration', 'No tenant set, and the token names none.', {
      hint: 'entra-login decode --verify --tenant TENANT-ID',
    });
  }
  const deadline = startCommandDeadline(context, options);
  try {
    const metadata = await discoverTenant(context, { host: settings.authorityHost.value, tenant }, deadline);
    const findKeys = async (kid: string): Promise<readonly SigningKey[]> => {
      // The tenant's, then those of an application with a signing key of its own.
      const application = typeof aud === 'string' && isGuid(aud) ? [aud] : [];
      for (const appId of [undefined, ...application]) {
        const keys = await fetchSigningKeys(context, metadata.jwksUri, appId, deadline);
        const found = keys.filter((key) => key.kid === kid);
        if (found.length > 0) return found;
      }
      return [];
    };
    return await checkToken(token, { metadata, clientId: settings.clientId?.value, findKeys, now: context.now() });
  } finally {
    deadline.end();
  }
}

async function findSettings(options: DecodeOptions, context: DecodeContext): Promise<Settings> {
  const loaded = await loadSettings(context, options);
  try {
    return (await openLoadedProfile(context, loaded, await chooseStore(context, loaded))).settings;
  } catch (error) {
    // A token can be checked without a keychain: options and files say where.
    const isStore = error instanceof EntraLoginError && ['keychain_unavailable', 'store_failed'].includes(error.code);
    if (!isStore) throw error;
    return loaded.resolve(undefined);
  }
}
