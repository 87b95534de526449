import type { ApiResource, Application, Directory } from './directory.ts';
import { refusals } from './refusals.ts';

/** Microsoft Graph, the resource of every scope without a prefix (entra.md 3.2). */
export const graphResourceId = '00000003-0000-0000-c000-000000000000';

const openIdScopes = ['openid', 'profile', 'email', 'offline_access'];

/** One permission of one API. */
export interface Scope {
  readonly resource: ApiResource;
  readonly name: string;
  /** As token answers write it: `https://graph.microsoft.com/User.Read`. */
  readonly full: string;
  /** Equal for every way to write the same permission. */
  readonly canonical: string;
}

/** The `scope` parameter, taken apart. */
export interface RequestedScopes {
  /** `openid`, `profile`, `email`, `offline_access`, as far as asked for. */
  readonly openId: readonly string[];
  readonly ofResources: readonly Scope[];
  /** The resources named, each once; Graph if only OpenID Connect scopes were. */
  readonly resources: readonly ApiResource[];
}

/** Takes a `scope` parameter apart. Refuses with 70011, 500011, 650053 or 650057. */
export function readScopes(
  directory: Directory,
  application: Application,
  text: string,
  tenantName: string,
): RequestedScopes {
  const words = [...new Set(text.split(/\s+/).filter((word) => word !== ''))];
  if (words.length === 0) throw refusals.scopeInvalid(text);
  const openId = words.filter((word) => openIdScopes.includes(word.toLowerCase())).map((word) => word.toLowerCase());
  const others = words.filter((word) => !openIdScopes.includes(word.toLowerCase()));
  const ofResources = others.map((word) => readScope(directory, application, word, tenantName));
  const resources = [...new Set(ofResources.map((scope) => scope.resource))];
  for (const resource of resources) checkDefault(directory, application, ofResources, resource);
  return { openId, ofResources, resources: resources.length > 0 ? resources : [graphOf(directory)] };
}

/** Refuses more than one resource (28000): a token request is good for one. */
export function singleResource(requested: RequestedScopes, text: string): ApiResource {
  const [resource, second] = requested.resources;
  if (resource === undefined || second !== undefined) throw refusals.twoResources(text);
  return resource;
}

/** Lists what the registration asks for at a resource. */
export function registeredScopes(directory: Directory, application: Application, resource: ApiResource): Scope[] {
  return application.permissions
    .map((permission) => findScope(directory, permission))
    .filter((scope) => scope?.resource === resource)
    .filter((scope) => scope !== undefined);
}

/** Finds the API with this identifier: its GUID or one of its URIs, a slash at the end and letter case aside. */
export function findResource(directory: Directory, identifier: string): ApiResource | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/\/$/, '');
  const wanted = plain(identifier);
  return [...directory.resources.values()].find((resource) =>
    [resource.appId, ...resource.identifierUris].some((uri) => plain(uri) === wanted),
  );
}

function readScope(directory: Directory, application: Application, word: string, tenantName: string): Scope {
  const slash = word.lastIndexOf('/');
  if (slash < 0 && !/^[\w.-]+$/.test(word)) throw refusals.scopeInvalid(word);
  if (slash === 0 || slash === word.length - 1) throw refusals.scopeInvalid(word);
  const scope = findScope(directory, word);
  if (scope === undefined) throw refusals.resourceNotFound(word.slice(0, slash), tenantName);
  const { resource, name } = scope;
  const known = resource.scopes === 'any' || name === '.default' || resource.scopes.includes(name);
  if (!known) throw refusals.scopeUnknown(application, name, resource.appId);
  return scope;
}

function findScope(directory: Directory, word: string): Scope | undefined {
  const slash = word.lastIndexOf('/');
  const prefix = slash < 0 ? 'https://graph.microsoft.com' : word.slice(0, slash);
  const name = word.slice(slash + 1);
  const resource = findResource(directory, prefix);
  if (resource === undefined) return undefined;
  return { resource, name, full: `${prefix}/${name}`, canonical: `${resource.appId}/${name}`.toLowerCase() };
}

// `.default` stands for what is registered, so something must be; and it goes with no single permission.
function checkDefault(
  directory: Directory,
  application: Application,
  scopes: readonly Scope[],
  resource: ApiResource,
): void {
  const here = scopes.filter((scope) => scope.resource === resource);
  const byDefault = here.find((scope) => scope.name === '.default');
  if (byDefault === undefined) return;
  if (here.length > 1) throw refusals.scopeInvalid(here.map((scope) => scope.full).join(' '));
  if (registeredScopes(directory, application, resource).length === 0) {
    throw refusals.resourceNotListed(application, byDefault.full.replace(/\/\.default$/, ''), application.permissions);
  }
}

function graphOf(directory: Directory): ApiResource {
  const graph = directory.resources.get(graphResourceId);
  if (graph === undefined) throw refusals.resourceNotFound(graphResourceId, 'any');
  return graph;
}
