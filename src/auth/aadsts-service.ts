import { portal } from './aadsts-entry.ts';
import type { AadstsEntry } from './aadsts-entry.ts';

const tryLater = 'Wait a minute, then run the same command again.';
const health = 'https://azure.status.microsoft: see whether Microsoft Entra ID has an outage.';
const support =
  'Entra admin center > Diagnose & solve problems > New support request: give the correlation ID and trace ID.';

/** Codes about Entra's own troubles, and about clouds and regions. */
export const serviceEntries: readonly AadstsEntry[] = [
  // Troubles that pass
  {
    code: 90033,
    meaning: 'The directory service of Entra is not available at the moment.',
    why: 'The trouble is on the side of Microsoft and passes by itself.',
    mend: [tryLater, health],
  },
  {
    code: 90006,
    meaning: 'A service that Entra depends on is not available at the moment.',
    why: 'The trouble is on the side of Microsoft, or of the provider your organization signs in with.',
    mend: [tryLater, health],
  },
  {
    code: 90090,
    meaning: 'The directory of Entra is not available at the moment.',
    why: 'The trouble is on the side of Microsoft and passes by itself.',
    mend: [tryLater, health],
  },
  {
    code: 90024,
    meaning: 'Entra could not finish the request in the time it allows itself.',
    why: 'A passing trouble on the side of Microsoft.',
    mend: [tryLater, health],
  },
  {
    code: 50033,
    meaning: 'Entra had a passing trouble.',
    why: 'The trouble is on the side of Microsoft and passes by itself.',
    mend: [tryLater, health],
  },
  {
    code: 90012,
    meaning: 'The request took Entra too long.',
    why: 'A passing trouble, or the sign-in page was left open for a long time.',
    mend: ['entra-login login', health],
  },
  {
    code: 90055,
    meaning: 'The tenant gets too many requests, and Entra slows it down.',
    why: 'Many jobs or machines ask for tokens at once; kept tokens spare most of these requests.',
    mend: ['Wait a few minutes, then run the same command again.', `${portal.signInLogs}: see who sends that many.`],
  },

  // Troubles that stay
  {
    code: 50000,
    meaning: 'Entra failed to issue the token.',
    why: 'Something is wrong in the service or in the settings of the tenant; trying again seldom helps.',
    mend: [support, health],
  },
  {
    code: 90036,
    meaning: 'The directory service of Entra failed in a way that trying again does not mend.',
    why: 'Something is wrong in the service or in the data of the tenant.',
    mend: [support, health],
  },

  // Clouds and regions
  {
    code: 90038,
    meaning: 'The tenant belongs to another national cloud.',
    why: 'The sign-in went to the wrong cloud; US Government and China have login hosts of their own.',
    mend: ['entra-login login --cloud usgov', 'entra-login login --cloud china'],
  },
  {
    code: 90043,
    meaning: 'The code came from another national cloud, and this one does not take it.',
    why: 'The account belongs to another cloud than the sign-in went to.',
    mend: ['entra-login login --cloud usgov', 'entra-login login --cloud china'],
  },
  {
    code: 900439,
    meaning: 'The application belongs to the US Government cloud, but the sign-in went to the public one.',
    why: 'Applications of that cloud are not served at login.microsoftonline.com.',
    mend: ['entra-login login --cloud usgov'],
  },
  {
    code: 900382,
    meaning: 'An application with a secret or certificate cannot sign in across clouds.',
    why: 'The application and the tenant or account are in different national clouds; a public client may cross them.',
    mend: [
      'entra-login login --cloud usgov',
      'Register the application in the cloud of the account: App registrations > New registration in its admin center.',
    ],
  },
  {
    code: 900432,
    meaning: 'An application with a secret or certificate cannot sign in across clouds.',
    why: 'The application and the tenant or account are in different national clouds; a public client may cross them.',
    mend: [
      'entra-login login --cloud usgov',
      'Register the application in the cloud of the account: App registrations > New registration in its admin center.',
    ],
  },
  {
    code: 1000104,
    meaning: 'The tenant of the account does not allow resources of that other cloud.',
    why: 'Guests across clouds need both organizations to switch on collaboration between the two clouds.',
    mend: [`${portal.crossTenantAccess} > Microsoft cloud settings: an administrator switches on the other cloud.`],
  },
  {
    code: 50049,
    meaning: 'Entra does not know this login host.',
    why: 'The authority host has a typing error, or belongs to another cloud or a custom domain.',
    mend: ['entra-login config', 'entra-login login --cloud public'],
  },
  {
    code: 100007,
    meaning: "The regional login host serves managed identities and Microsoft's own applications only.",
    why: 'The authority host names a region; the global host of the cloud serves everybody.',
    mend: ['entra-login login --authority-host https://login.microsoftonline.com', 'entra-login config'],
  },
];
