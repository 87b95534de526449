import type { Application, Directory, Tenant, User } from './directory.ts';
import { consumersTenantId, isPersonal, objectIdIn } from './directory.ts';
import { refusals } from './refusals.ts';

/** What the first part of an endpoint's path stands for. */
export interface TenantSegment {
  /** As documents of this segment name it: the alias, or the tenant's GUID. */
  readonly name: string;
  /** `undefined` for `common` and `organizations`, which stand for many tenants. */
  readonly tenant: Tenant | undefined;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Resolves GUID, domain or alias. Refuses with 90002 for an unknown tenant, 900023 for what cannot be one. */
export function resolveSegment(directory: Directory, text: string): TenantSegment {
  const name = text.toLowerCase();
  if (name === 'common' || name === 'organizations') return { name, tenant: undefined };
  if (name === 'consumers') return { name, tenant: directory.tenants.get(consumersTenantId) };
  const tenant = guid.test(name)
    ? directory.tenants.get(name)
    : [...directory.tenants.values()].find((candidate) => candidate.domains.includes(name));
  if (tenant !== undefined) return { name: tenant.id, tenant };
  if (guid.test(name) || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name)) throw refusals.tenantNotFound(text);
  throw refusals.tenantMalformed(text);
}

/** Refuses an application that this segment's tenants cannot use (700016, 50194, 9002332, 9002331). */
export function checkAudience(application: Application, segment: TenantSegment): void {
  const { tenant } = segment;
  if (tenant?.id === consumersTenantId) {
    if (application.audience !== 'multi_tenant_and_personal') throw refusals.workAccountsOnly(application);
    return;
  }
  if (application.audience !== 'single_tenant') return;
  if (tenant === undefined) throw refusals.notMultiTenant(application, segment.name);
  if (tenant.id !== application.tenantId) throw refusals.applicationNotFound(application.clientId, tenant.name);
}

/** Answers the tenant a person signs in to under this segment; `undefined` if the account is not known there. */
export function tenantOfUser(segment: TenantSegment, application: Application, user: User): string | undefined {
  if (segment.tenant !== undefined) return objectIdIn(user, segment.tenant.id) && segment.tenant.id;
  if (!isPersonal(user)) return user.tenantId;
  return segment.name === 'common' && application.audience === 'multi_tenant_and_personal' ? user.tenantId : undefined;
}
