import type { ApiResource, Application, User } from './directory.ts';
import type { RequestedScopes, Scope } from './scopes.ts';
import { registeredScopes } from './scopes.ts';
import { consentKey } from './state.ts';
import type { EmulatorState } from './state.ts';

/** Lists what is consented for a person, an application and a resource, by them or by an administrator. */
export function consentedScopes(
  state: EmulatorState,
  application: Application,
  user: User,
  tenantId: string,
  resource: ApiResource,
): Scope[] {
  const byAdministrator =
    application.consent === 'granted' ? registeredScopes(state.directory, application, resource) : [];
  const byPerson = state.consents.get(consentKey(user.objectId, tenantId, application.clientId))?.values() ?? [];
  const all = [...byAdministrator, ...[...byPerson].filter((scope) => scope.resource.appId === resource.appId)];
  return [...new Map(all.map((scope) => [scope.canonical, scope])).values()];
}

/** Tells whether everything asked for is consented; `.default` is when anything of its resource is. */
export function isConsented(
  state: EmulatorState,
  application: Application,
  user: User,
  tenantId: string,
  requested: RequestedScopes,
): boolean {
  const hasAny = application.consent === 'granted' || hasConsented(state, application, user, tenantId);
  return (
    hasAny &&
    requested.ofResources.every((scope) => {
      const given = consentedScopes(state, application, user, tenantId, scope.resource);
      if (scope.name === '.default') return given.length > 0;
      return given.some(({ canonical }) => canonical === scope.canonical);
    })
  );
}

/** Keeps a person's consent. */
export function recordConsent(
  state: EmulatorState,
  application: Application,
  user: User,
  tenantId: string,
  requested: RequestedScopes,
): void {
  const key = consentKey(user.objectId, tenantId, application.clientId);
  const kept = state.consents.get(key) ?? new Map<string, Scope>();
  const meant = requested.ofResources.flatMap((scope) =>
    scope.name === '.default' ? registeredScopes(state.directory, application, scope.resource) : [scope],
  );
  for (const scope of meant) kept.set(scope.canonical, scope);
  state.consents.set(key, kept);
}

function hasConsented(state: EmulatorState, application: Application, user: User, tenantId: string): boolean {
  return state.consents.has(consentKey(user.objectId, tenantId, application.clientId));
}
