import type { Account } from './account.ts';
import type { TenantMetadata } from './discovery.ts';

/**
 * The address that ends the browser's sign-on (OpenID Connect RP-Initiated Logout; Entra: "send a sign-out request").
 * `logout_hint` takes the `login_hint` claim; no `id_token_hint` is sent, a token has no place in a URL.
 */
export function endSessionUrl(metadata: TenantMetadata, account: Account): string | undefined {
  if (metadata.endSessionEndpoint === undefined) return undefined;
  const url = new URL(metadata.endSessionEndpoint);
  if (account.loginHint !== undefined) url.searchParams.set('logout_hint', account.loginHint);
  return url.href;
}
