import { portal } from './aadsts-entry.ts';
import type { AadstsEntry } from './aadsts-entry.ts';

/** Codes about consent, about who may use the application, and about the account itself. */
export const accountEntries: readonly AadstsEntry[] = [
  // Consent
  {
    code: 65001,
    meaning: 'Nobody has consented yet to what the application asks for.',
    why: 'A renewal cannot show the consent page, so a new scope or API needs one sign-in; some need an administrator.',
    mend: [
      'entra-login login --prompt consent',
      `${portal.permissions}: an administrator chooses Grant admin consent.`,
    ],
  },
  {
    code: 65004,
    meaning: 'Consent to the application was declined.',
    why: 'The person chose Cancel on the page that lists what the application may do.',
    mend: ['entra-login login'],
  },
  {
    code: 90094,
    meaning: 'An administrator must consent to the application first.',
    why: 'A permission needs an administrator, or the tenant does not let people consent themselves.',
    mend: [
      `${portal.permissions}: an administrator chooses Grant admin consent.`,
      'Send an administrator to https://login.microsoftonline.com/TENANT-ID/adminconsent?client_id=CLIENT-ID.',
    ],
  },
  {
    code: 90095,
    meaning: 'An administrator must approve the application; the page in the browser sends the request.',
    why: 'The tenant uses the admin consent workflow: write the reason in the browser, then sign in once it is approved.',
    mend: [
      'entra-login login',
      'Entra admin center > Entra ID > Enterprise apps > Admin consent requests: an administrator approves it.',
    ],
  },
  {
    code: 90093,
    meaning: 'The directory refused to let this person do what was asked.',
    why: 'The account lacks the rights, to grant consent for everybody, for example.',
    mend: [
      `${portal.permissions}: an administrator chooses Grant admin consent.`,
      'entra-login login --prompt select_account',
    ],
  },
  {
    code: 90099,
    meaning: 'The application is not approved in this customer tenant.',
    why: 'A partner signs in to a customer tenant by delegated administration; the application needs consent there first.',
    mend: [
      'Send an administrator of the customer to https://login.microsoftonline.com/TENANT-ID/adminconsent?client_id=CLIENT-ID.',
    ],
  },
  {
    code: 50105,
    meaning: 'The account is not assigned to the application.',
    why: 'The application admits only people and groups on its list. Nested groups do not count.',
    mend: [
      `${portal.enterpriseApp} > Users and groups: an administrator adds the person or a group.`,
      'entra-login login --prompt select_account',
    ],
  },

  // An account of another tenant
  {
    code: 16000,
    meaning: 'The account does not exist in this tenant and cannot use the application there.',
    why: 'The browser picked an account that was signed in already, a personal or a foreign one, say.',
    mend: [
      'entra-login login --prompt select_account',
      'entra-login login --tenant TENANT-ID',
      `${portal.users} > New user > Invite external user: an administrator invites the account as a guest.`,
    ],
  },
  {
    code: 50020,
    meaning: 'The account comes from elsewhere and does not exist in this tenant.',
    why: 'The browser picked another account than the one meant, the tenant is the wrong one, or the guest was never invited.',
    mend: [
      'entra-login login --prompt select_account',
      'entra-login login --tenant TENANT-ID',
      `${portal.users} > New user > Invite external user: an administrator invites the account as a guest.`,
    ],
  },
  {
    code: 16003,
    meaning: 'The account was not added to this tenant.',
    why: 'The browser is signed in with an account of another tenant, which is not a guest here.',
    mend: [
      'entra-login login --prompt select_account',
      `${portal.users} > New user > Invite external user: an administrator invites the account as a guest.`,
    ],
  },
  {
    code: 50014,
    meaning: 'The guest account is not ready: the invitation was not accepted, or the account is not in this tenant.',
    why: 'A guest must open the link in the invitation once before a tool can sign in.',
    mend: [
      'https://myapplications.microsoft.com/?tenantid=TENANT-ID: open it in a browser and accept the invitation.',
      'entra-login login --tenant TENANT-ID',
    ],
  },
  {
    code: 51004,
    meaning: 'The account does not exist in this tenant.',
    why: 'The tenant is probably the wrong one for this account.',
    mend: [
      'entra-login login --tenant TENANT-ID',
      'entra-login login --prompt select_account',
      `${portal.users} > New user > Invite external user: an administrator invites the account as a guest.`,
    ],
  },
  {
    code: 50034,
    meaning: 'There is no such account in this tenant.',
    why: 'The username has a typing error, the tenant is the wrong one, or the account was deleted.',
    mend: [
      'entra-login login --prompt login',
      'entra-login login --tenant TENANT-ID',
      `${portal.users}: look whether the account is there.`,
    ],
  },
  {
    code: 90072,
    meaning:
      'The account comes from elsewhere, is not in this tenant and so cannot satisfy its multi-factor authentication.',
    why: 'The guest was never invited, or the account is synchronized from Active Directory with another immutable ID.',
    mend: [
      'entra-login login --prompt select_account',
      `${portal.users} > New user > Invite external user: an administrator invites the account as a guest.`,
    ],
  },
  {
    code: 16001,
    meaning: 'The account that was picked in the browser cannot be used for this sign-in.',
    why: 'The list of accounts was out of date; picking again, or another account, mends it.',
    mend: ['entra-login login --prompt select_account'],
  },
  {
    code: 16002,
    meaning: 'The account the browser is signed in with is not the one this sign-in asks for.',
    why: 'Several accounts are signed in at the same browser, and the wrong one was taken.',
    mend: ['entra-login login --prompt select_account', 'entra-login logout --end-browser-session'],
  },
  {
    code: 500212,
    meaning: 'The organization of the account does not let it sign in to this tenant.',
    why: 'Its cross-tenant access settings forbid outbound access to the tenant or the application.',
    mend: [`${portal.crossTenantAccess} (in the tenant of the account): an administrator allows outbound access.`],
  },
  {
    code: 500213,
    meaning: 'This tenant does not let accounts of that organization in.',
    why: 'Its cross-tenant access settings forbid inbound access for the account or the application.',
    mend: [`${portal.crossTenantAccess} (in the tenant signed in to): an administrator allows inbound access.`],
  },
  {
    code: 50002,
    meaning: 'The network you are in does not allow this tenant.',
    why: 'A proxy of your organization restricts which tenants people may sign in to.',
    mend: [
      'Ask the administrators of your network to add the tenant to their tenant restrictions.',
      'entra-login config',
    ],
  },
  {
    code: 500021,
    meaning: 'The network you are in does not allow this tenant.',
    why: 'A proxy adds a header with the tenants that are allowed (tenant restrictions), and this one is not among them.',
    mend: [
      'Ask the administrators of your network to add the tenant to their tenant restrictions.',
      'entra-login doctor',
    ],
  },
  {
    code: 500022,
    meaning: 'The network you are in does not allow this tenant.',
    why: 'A proxy adds a header with the tenants that are allowed (tenant restrictions), and this one is not among them.',
    mend: [
      'Ask the administrators of your network to add the tenant to their tenant restrictions.',
      'entra-login doctor',
    ],
  },

  // The state of the account
  {
    code: 50053,
    meaning: 'The account is locked after too many wrong passwords, or the sign-in came from a suspicious address.',
    why: 'The lock ends by itself after a while; a VPN or cloud machine may have an address with a bad name.',
    mend: [
      `${portal.signInLogs}: an administrator sees which of the two it was.`,
      'https://passwordreset.microsoftonline.com: reset the password.',
    ],
  },
  {
    code: 50055,
    meaning: 'The password has expired.',
    why: 'The sign-in page in the browser lets the person set a new one; a renewal cannot.',
    mend: ['entra-login login', 'https://passwordreset.microsoftonline.com: reset the password.'],
  },
  {
    code: 50144,
    meaning: 'The Active Directory password has expired.',
    why: 'The account is synchronized from an on-premises directory, so the new password is set there.',
    mend: [
      'Change the password at a domain computer (Ctrl+Alt+Delete), then sign in again.',
      'https://passwordreset.microsoftonline.com: reset the password, if your organization allows it.',
    ],
  },
  {
    code: 50056,
    meaning: 'The account has no password in this tenant, or it was empty.',
    why: 'The account signs in elsewhere, at its own organization, say, or the password was never synchronized.',
    mend: [
      'entra-login login --prompt login',
      `${portal.users} > the person > Reset password: an administrator does it.`,
    ],
  },
  {
    code: 50126,
    meaning: 'The username or the password is wrong.',
    why: 'It was typed on the sign-in page; entra-login itself never sees a password.',
    mend: ['entra-login login', 'https://passwordreset.microsoftonline.com: reset the password.'],
  },
  {
    code: 50057,
    meaning: 'The account is disabled.',
    why: 'An administrator switched it off, or it left the organization; kept tokens stop working too.',
    mend: [
      `${portal.users} > the person > Properties: an administrator turns on Account enabled.`,
      'entra-login login --prompt select_account',
    ],
  },
  {
    code: 50135,
    meaning: 'The password must be changed, because the account is at risk.',
    why: 'Entra ID Protection found signs of a stolen password and asks for a new one, which works in a browser only.',
    mend: [
      'entra-login login',
      'Entra admin center > ID Protection > Risky users: an administrator looks at the account.',
    ],
  },
];
