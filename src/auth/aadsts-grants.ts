import { portal } from './aadsts-entry.ts';
import type { AadstsEntry } from './aadsts-entry.ts';

/** Codes about what a sign-in left behind: codes, refresh tokens, device codes, keys of the device. */
export const grantEntries: readonly AadstsEntry[] = [
  // Codes and refresh tokens
  {
    code: 54005,
    meaning: 'The code of this sign-in was exchanged already; it works once.',
    why: 'The redirected address was pasted or opened twice, or another program exchanged the code first.',
    mend: ['entra-login login'],
  },
  {
    code: 70000,
    meaning: 'The refresh token or code is not valid.',
    why: 'It was revoked, is damaged or belongs to another application; personal accounts get this number for most causes.',
    mend: ['entra-login login'],
  },
  {
    code: 70008,
    meaning: 'The code or refresh token has expired or was revoked.',
    why: 'A code lives about ten minutes; a refresh token dies when nobody uses it for long.',
    mend: ['entra-login login'],
  },
  {
    code: 700082,
    meaning: 'The refresh token has expired, because it was not used for too long (90 days).',
    why: 'Every renewal starts the time anew; this account was not used here for longer.',
    mend: ['entra-login login'],
  },
  {
    code: 700084,
    meaning: 'The refresh token has reached its fixed end (24 hours), as those of single-page applications do.',
    why: 'The redirect URI is registered under Single-page application; for a command-line tool it should not be.',
    mend: [
      'entra-login login',
      `${portal.authentication}: move the redirect URI from Single-page application to Mobile and desktop applications.`,
    ],
  },
  {
    code: 70043,
    meaning: 'The sign-in is too old: a Conditional Access policy wants the person again.',
    why: 'The tenant limits the sign-in frequency, every few hours, say; renewals end there.',
    mend: ['entra-login login'],
  },
  {
    code: 50089,
    meaning: 'The sign-in page was open too long and has expired.',
    why: 'The person took too long on the page in the browser, or went back to an old tab.',
    mend: ['entra-login login'],
  },
  {
    code: 50132,
    meaning: 'The sign-in is no longer valid, because the password expired or was changed.',
    why: 'Tokens that came from the old password stop working.',
    mend: ['entra-login login'],
  },
  {
    code: 50133,
    meaning: 'The sign-in is no longer valid, because the password expired or was changed.',
    why: 'Tokens that came from the old password stop working.',
    mend: ['entra-login login'],
  },
  {
    code: 50173,
    meaning: 'The kept sign-in was revoked.',
    why: 'The password was changed or reset, or an administrator or the person signed the account out everywhere.',
    mend: ['entra-login login'],
  },
  {
    code: 700020,
    meaning: 'Entra wants the person; this cannot be renewed unseen.',
    why: 'A rule asks for something that only the sign-in page can ask, such as a second factor.',
    mend: ['entra-login login'],
  },

  // Keys of the device
  {
    code: 135010,
    meaning: 'The key of the device was not found.',
    why: 'The device was registered anew or reset; this comes from the sign-in of the operating system, not from entra-login.',
    mend: [
      'Windows > Settings > Accounts > Access work or school: disconnect and connect the account.',
      'entra-login login --device-code',
    ],
  },
  {
    code: 130004,
    meaning: 'The account has no key for Windows Hello.',
    why: 'Windows Hello was never set up for it or was reset; this comes from the operating system, not from entra-login.',
    mend: [
      'Windows > Settings > Accounts > Sign-in options: set up Windows Hello again.',
      'entra-login login --prompt login',
    ],
  },
  {
    code: 135011,
    meaning: 'The device used for this sign-in is disabled.',
    why: 'An administrator switched it off in the directory, or cleaned up devices that were not used.',
    mend: [`${portal.devices}: an administrator enables the device.`, 'entra-login login --device-code'],
  },

  // Device codes
  {
    code: 70016,
    meaning: 'Nobody has finished the sign-in with the device code yet.',
    why: 'It is the usual answer while the person is at the page; entra-login asks again by itself.',
    mend: ['entra-login login --device-code'],
  },
  {
    code: 70018,
    meaning: 'The user code or device code is not valid.',
    why: 'The code was typed wrongly, is from an earlier sign-in, or was entered at another tenant or cloud.',
    mend: ['entra-login login --device-code'],
  },
  {
    code: 70019,
    meaning: 'The device code has expired.',
    why: 'It lives 15 minutes, and nobody finished the sign-in in that time.',
    mend: ['entra-login login --device-code'],
  },
  {
    code: 70020,
    meaning: 'The device code has expired.',
    why: 'It lives 15 minutes, and nobody finished the sign-in in that time.',
    mend: ['entra-login login --device-code'],
  },
  {
    code: 90119,
    meaning: 'The user code is missing.',
    why: 'The page for device codes was sent without the code that entra-login printed.',
    mend: ['entra-login login --device-code'],
  },
  {
    code: 90120,
    meaning: 'This device code was approved or declined already.',
    why: 'The code was entered a second time; each works once.',
    mend: ['entra-login login --device-code'],
  },
  {
    code: 50134,
    meaning: 'The device code was approved in another data center than the one that issued it.',
    why: 'The tool and the browser reached different regions, over a VPN, say.',
    mend: ['entra-login login --device-code', 'entra-login login --tenant TENANT-ID'],
  },
];
