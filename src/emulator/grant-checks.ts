import type { Application, Platform, User } from './directory.ts';
import { isPersonal, objectIdIn } from './directory.ts';
import { refusals } from './refusals.ts';
import type { EmulatorState } from './state.ts';
import { policyOf } from './state.ts';

/** Answers the person if the account may sign in to the tenant (50034, 50057, 50020, 50105, 53003). */
export function checkAccount(state: EmulatorState, userId: string, application: Application, tenantId: string): User {
  const user = state.directory.users.get(userId);
  const policy = policyOf(state, userId);
  const tenant = state.directory.tenants.get(tenantId)?.name ?? tenantId;
  if (user === undefined || policy.deleted === true) throw refusals.accountDeleted(tenant);
  if (policy.disabled === true) throw refusals.accountDisabled();
  if (objectIdIn(user, tenantId) === undefined) {
    throw refusals.noAccountHere(user.username, identityProviderOf(user), tenant, application);
  }
  if (application.assignedUsers !== undefined && !application.assignedUsers.includes(user.username)) {
    throw refusals.notAssigned(application);
  }
  if (policy.blocked !== undefined) throw refusals.blockedByConditionalAccess(policy.blocked.suberror);
  return user;
}

// As the `idp` claim names it.
function identityProviderOf(user: User): string {
  return isPersonal(user) ? 'live.com' : `https://sts.windows.net/${user.tenantId}/`;
}

/** Checks that browsers, and only they, redeem what was issued to single-page applications (9002326, 9002327). */
export function checkCrossOrigin(
  request: { readonly origin: string | undefined },
  clientType: Platform | 'device',
): void {
  if (clientType === 'spa' && request.origin === undefined) throw refusals.crossOriginNeeded();
  if (clientType !== 'spa' && request.origin !== undefined) throw refusals.crossOriginNotAllowed();
}
