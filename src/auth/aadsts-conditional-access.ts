import { portal } from './aadsts-entry.ts';
import type { AadstsEntry } from './aadsts-entry.ts';

const logs = `${portal.signInLogs}: an administrator finds the policy by the correlation ID.`;

/** Codes where Entra wants the person, another factor or another device: MFA, Conditional Access, security defaults. */
export const conditionalAccessEntries: readonly AadstsEntry[] = [
  // The person is needed
  {
    code: 50058,
    meaning: 'Nobody is signed in at the browser, so the sign-in cannot go on unseen.',
    why: 'This is the usual answer to --prompt none when the browser has no account signed in.',
    mend: ['entra-login login'],
  },
  {
    code: 50072,
    meaning: 'The person must set up multi-factor authentication first.',
    why: 'The sign-in page in the browser leads through it; a renewal cannot.',
    mend: ['entra-login login', 'https://mysignins.microsoft.com/security-info: add a sign-in method.'],
  },
  {
    code: 50079,
    meaning: 'The person must set up multi-factor authentication first.',
    why: 'An administrator changed the rules, or the place is new; the sign-in page in the browser leads through it.',
    mend: ['entra-login login', 'https://mysignins.microsoft.com/security-info: add a sign-in method.'],
  },
  {
    code: 50074,
    meaning: 'Multi-factor authentication is required and was not passed.',
    why: 'The person did not answer the second step, or a renewal met a rule that wants it.',
    mend: ['entra-login login'],
  },
  {
    code: 50076,
    meaning: 'Multi-factor authentication is required for this API.',
    why: 'An administrator changed the rules, or you are at a new place, so the kept tokens are no longer enough.',
    mend: ['entra-login login --force'],
  },
  {
    code: 50078,
    meaning: 'The multi-factor authentication is too old and must be done again.',
    why: 'A policy limits how long it counts.',
    mend: ['entra-login login --force'],
  },
  {
    code: 50085,
    meaning: 'The account must sign in again at its own provider.',
    why: 'It belongs to a social provider (Google, Facebook), whose part of the sign-in has run out.',
    mend: ['entra-login login --force'],
  },
  {
    code: 50139,
    meaning: 'The account must sign in again at its own provider.',
    why: 'The personal or social account behind it has no usable sign-in left.',
    mend: ['entra-login login --force'],
  },
  {
    code: 50158,
    meaning: 'A check outside Entra was not passed.',
    why: 'A policy sends people to another provider (a second factor, terms of use) and waits for its answer.',
    mend: ['entra-login login --force', logs],
  },
  {
    code: 50140,
    meaning: 'The sign-in stopped at the question "Stay signed in?".',
    why: 'It is a part of every sign-in in the browser; the person has to answer it.',
    mend: ['entra-login login'],
  },
  {
    code: 50199,
    meaning: 'Entra asks the person to confirm that this is the application they meant.',
    why: 'A protection against look-alike links; choose Continue on the page in the browser.',
    mend: ['entra-login login'],
  },
  {
    code: 50196,
    meaning: 'The application sent the same request too often in a short time.',
    why: 'A loop or many jobs at once ask Entra each time; entra-login keeps tokens, unless the store is memory.',
    mend: ['entra-login token', 'entra-login config'],
  },

  // The device
  {
    code: 50097,
    meaning: 'The device must prove itself to Entra.',
    why: 'A policy wants a registered device; a device code, a container or a remote machine cannot show one.',
    mend: ['entra-login login --no-fallback', logs],
  },
  {
    code: 50155,
    meaning: 'The device could not prove itself to Entra.',
    why: 'The browser does not pass on the device, or its registration is damaged; Edge, or Chrome signed in to Windows, passes it on.',
    mend: ['entra-login login --no-fallback', `${portal.devices}: look whether the device is there and enabled.`],
  },
  {
    code: 50187,
    meaning: 'Entra got no information about the device.',
    why: 'The browser does not pass on the device, or a proxy inspects TLS and takes its certificate away.',
    mend: ['entra-login login --no-fallback', 'entra-login doctor'],
  },
  {
    code: 50005,
    meaning: 'A policy does not admit this kind of device or operating system.',
    why: 'Conditional Access names the platforms that may sign in; with a device code the platform is not known.',
    mend: ['entra-login login --no-fallback', logs],
  },
  {
    code: 50129,
    meaning: 'The device is not registered with the organization.',
    why: 'A policy wants a device that was joined to or registered with the workplace.',
    mend: [
      'Windows > Settings > Accounts > Access work or school: connect the account.',
      `${portal.devices}: look whether the device is there.`,
    ],
  },
  {
    code: 53000,
    meaning: 'A policy requires a compliant device, and this one is not.',
    why: 'The device must be enrolled (in Intune, say) and healthy; a device code cannot show that.',
    mend: ['entra-login login --no-fallback', `${portal.devices}: look whether the device is compliant.`, logs],
  },
  {
    code: 53001,
    meaning: 'A policy requires a device joined to the domain, and this one is not.',
    why: 'Only a device that is joined to Active Directory and Entra is admitted; a device code cannot show that.',
    mend: ['entra-login login --no-fallback', `${portal.devices}: look how the device is joined.`, logs],
  },
  {
    code: 53002,
    meaning: 'A policy admits approved apps only, and this application is not one.',
    why: 'The policy is made for mobile apps; an administrator can leave this application or platform out of it.',
    mend: [`${portal.conditionalAccess}: an administrator changes the policy.`, logs],
  },
  {
    code: 50127,
    meaning: 'A policy wants a broker app (Company Portal, Authenticator) on the device.',
    why: 'The sign-in page was opened on a phone or Mac without one; another device or browser may do.',
    mend: ['Install Company Portal or Microsoft Authenticator on the device, then sign in again.', logs],
  },
  {
    code: 530084,
    meaning: 'A policy requires tokens that are bound to the device (token protection).',
    why: 'Only applications that sign in through the broker of the operating system get such tokens; entra-login does not.',
    mend: [
      `${portal.conditionalAccess}: an administrator leaves this application or API out of the token protection policy.`,
      logs,
    ],
  },

  // Blocked
  {
    code: 53003,
    meaning: 'Conditional Access blocks this sign-in.',
    why: 'A policy of the tenant forbids it; often it is the device code, the place, the device or the application.',
    mend: ['entra-login login --no-fallback', logs],
  },
  {
    code: 530033,
    meaning: 'Conditional Access blocks the device code, because it requires a managed device.',
    why: 'A device code cannot show the device; the browser on the managed device itself can.',
    mend: ['entra-login login --no-fallback', logs],
  },
  {
    code: 530036,
    meaning: 'Conditional Access no longer accepts this sign-in, because of how it was done.',
    why: 'The account signed in with a device code, which a policy now blocks; every renewal is checked for that.',
    mend: ['entra-login login --force --no-fallback', logs],
  },
  {
    code: 530032,
    meaning: 'A security policy of the tenant blocks this sign-in.',
    why: 'An administrator set a rule for the whole tenant that this request does not meet.',
    mend: [logs],
  },
  {
    code: 530034,
    meaning: 'A delegated administrator is blocked, because the account is at risk in its own tenant.',
    why: 'The account manages other tenants, and its own organization must clear the risk first.',
    mend: [
      'Entra admin center > ID Protection > Risky users (in the tenant of the account): an administrator clears the risk.',
    ],
  },
  {
    code: 530035,
    meaning: 'Security defaults block this sign-in.',
    why: 'The tenant forbids older ways to sign in and what it takes for unsafe; a browser sign-in passes.',
    mend: [
      'entra-login login --no-fallback',
      `${portal.overview} > Properties > Manage security defaults: an administrator sees the setting.`,
    ],
  },
  {
    code: 50131,
    meaning: 'Conditional Access stopped this sign-in.',
    why: 'The state of the device, suspicious activity or a policy; only the sign-in log says which.',
    mend: [logs],
  },
  {
    code: 53004,
    meaning: 'The person must register for multi-factor authentication, which is blocked because of risk.',
    why: 'The account has no second factor yet, and Entra does not let it add one from here.',
    mend: [
      'https://mysignins.microsoft.com/security-info: add a sign-in method from a known device and place.',
      'Entra admin center > ID Protection > Risky users: an administrator looks at the account.',
    ],
  },
  {
    code: 53010,
    meaning: 'Sign-in methods can be set up from certain places or devices only.',
    why: 'The account needs a second factor, and the organization does not let it add one from here.',
    mend: [
      'https://mysignins.microsoft.com/security-info: add a sign-in method from the network or a device of the organization.',
      logs,
    ],
  },
  {
    code: 53011,
    meaning: 'The account is blocked, because it is at risk in its own tenant.',
    why: 'A guest is judged by the organization it comes from; that one must clear the risk.',
    mend: [
      'Entra admin center > ID Protection > Risky users (in the tenant of the account): an administrator clears the risk.',
    ],
  },
];
