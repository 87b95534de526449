/** What one AADSTS code means, for people. */
export interface AadstsEntry {
  /** The number alone: 50011 for AADSTS50011. */
  readonly code: number;
  /** What Entra says, in one plain sentence. */
  readonly meaning: string;
  /** Why a command-line tool meets it, in one or two sentences. */
  readonly why: string;
  /** One to three ways out, the likeliest first: a command to type as it stands, or a sentence naming a place. */
  readonly mend: readonly string[];
}

const admin = 'Entra admin center > Entra ID';
const registration = `${admin} > App registrations > your app`;

/** The places in the Entra admin center that mends send people to, in the words of its menu (2026). */
export const portal = {
  registration,
  authentication: `${registration} > Authentication`,
  permissions: `${registration} > API permissions`,
  secrets: `${registration} > Certificates & secrets`,
  enterpriseApp: `${admin} > Enterprise apps > your app`,
  overview: `${admin} > Overview`,
  users: `${admin} > Users`,
  devices: `${admin} > Devices > All devices`,
  signInLogs: `${admin} > Monitoring & health > Sign-in logs`,
  conditionalAccess: `${admin} > Conditional Access > Policies`,
  crossTenantAccess: `${admin} > External Identities > Cross-tenant access settings`,
} as const;
