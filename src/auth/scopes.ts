import { EntraLoginError } from '../errors.ts';

/** What every request for a person asks for besides its resource; `offline_access` is what brings a refresh token. */
const openIdScopes = ['openid', 'profile', 'offline_access'];
const isOpenIdScope = (scope: string): boolean =>
  ['openid', 'profile', 'email', 'offline_access'].includes(scope.toLowerCase());

/** The resource that scopes without a prefix belong to (Entra: "scopes and permissions", Microsoft Graph by default). */
export const graphResource = 'https://graph.microsoft.com';

/** Splits scope values given one by one or separated by spaces; order kept, each once. */
export function parseScopes(values: readonly string[]): string[] {
  return [...new Set(values.flatMap((value) => value.split(/\s+/)).filter((scope) => scope !== ''))];
}

/**
 * Answers the resource of one scope: `https://graph.microsoft.com/User.Read` → `https://graph.microsoft.com`,
 * `https://management.core.windows.net//.default` → `https://management.core.windows.net/`, `User.Read` → Graph.
 * An OpenID Connect scope has none: `undefined`.
 */
export function resourceOfScope(scope: string): string | undefined {
  if (isOpenIdScope(scope)) return undefined;
  const slash = scope.lastIndexOf('/');
  return slash <= 0 ? graphResource : scope.slice(0, slash);
}

/** Answers the resource the scopes name, Graph if they name none. Throws `usage` if they name two. */
export function resourceOf(scopes: readonly string[]): string {
  const resources = resourcesOf(scopes);
  if (resources.length > 1) {
    throw new EntraLoginError('usage', `The scopes name ${resources.length} resources: ${resources.join(', ')}.`, {
      hint: 'Ask for one resource at a time: an access token is good for one.',
    });
  }
  return resources[0] ?? graphResource;
}

/** Lists the resources that the scopes name, in order, each once. */
export function resourcesOf(scopes: readonly string[]): string[] {
  return [...new Set(scopes.map(resourceOfScope).filter((resource) => resource !== undefined))];
}

/** Keeps the scopes of the first resource named, and the OpenID Connect ones: what a token request may ask for. */
export function scopesOfFirstResource(scopes: readonly string[]): string[] {
  const [first] = resourcesOf(scopes);
  return scopes.filter((scope) => [undefined, first].includes(resourceOfScope(scope)));
}

/** Adds what every request for a person asks for. */
export function withOpenIdScopes(scopes: readonly string[]): string[] {
  return parseScopes([...scopes, ...openIdScopes]);
}

/**
 * Tells whether a token with these scopes answers the wanted ones: each is there with its resource prefix removed,
 * case and OpenID Connect scopes ignored (Entra normalises what it grants, so literal comparison would fail).
 */
export function coversScopes(had: readonly string[], wanted: readonly string[]): boolean {
  const names = new Set(had.map(permissionName));
  return wanted.every((scope) => isOpenIdScope(scope) || names.has(permissionName(scope)));
}

function permissionName(scope: string): string {
  return scope.slice(scope.lastIndexOf('/') + 1).toLowerCase();
}
