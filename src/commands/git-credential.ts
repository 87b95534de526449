import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { forgetAccessToken } from '../tokens/token-store.ts';
import { openProfile } from './opened-profile.ts';
import type { WantedTokenOptions } from './wanted-token.ts';
import { getWantedToken } from './wanted-token.ts';

// Azure DevOps, as Microsoft documents its resource.
const azureDevOps = '499b84ac-1321-427f-aa17-267ca6975798';

/**
 * Answers git's credential helper protocol (gitcredentials(7)) for Azure DevOps: `get` gives an access token as the
 * password, `store` does nothing, `erase` makes the next `get` renew. Other hosts, and http, get no answer.
 */
export async function gitCredential(operation: string, options: WantedTokenOptions, context: Context): Promise<void> {
  if (options.json === true) {
    throw new EntraLoginError('usage', 'git-credential has no --json form.', { hint: 'entra-login token --json' });
  }
  const asked = await readRequest(context);
  if (!isAzureDevOps(asked)) return;
  if (operation === 'get') {
    const { accessToken, expiresAt, account } = await getWantedToken({ ...options, resource: azureDevOps }, context);
    const lines = [
      // Azure DevOps looks at the password alone; git wants a name beside it.
      `username=${asked.get('username') ?? account?.username ?? 'entra-login'}`,
      `password=${accessToken}`,
      `password_expiry_utc=${Math.floor(expiresAt.getTime() / 1000)}`,
    ];
    context.stdout.write(`${lines.map((line) => line.replaceAll(/[\r\n\0]/g, '')).join('\n')}\n`);
  }
  if (operation === 'erase') {
    const { store, profile } = await openProfile(context, options);
    await forgetAccessToken(context, store, profile, azureDevOps);
  }
}

async function readRequest({ stdin, signal }: Pick<Context, 'stdin' | 'signal'>): Promise<Map<string, string>> {
  const asked = new Map<string, string>();
  for (;;) {
    const line = await stdin.readLine({ hidden: false, signal });
    if (line === undefined || line === '') return asked;
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(line) ?? [];
    asked.set(name, value);
  }
}

// The whole name is looked at: git decodes what a URL says, so that a host may hold a slash, an @ or a question mark.
function isAzureDevOps(asked: ReadonlyMap<string, string>): boolean {
  const host = (asked.get('host') ?? '').toLowerCase().replace(/:443$/, '');
  return asked.get('protocol') === 'https' && /^(?:dev\.azure|(?:[a-z0-9-]+\.)+visualstudio)\.com$/.test(host);
}
