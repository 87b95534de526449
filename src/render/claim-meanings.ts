import { directoryRoles } from './directory-roles.ts';

// Of both kinds of token (Entra: "ID token claims reference", "Access token claims reference", "Optional claims").
const meanings: Readonly<Record<string, string>> = {
  _claim_names: 'more groups than a token holds',
  _claim_sources: 'an address that no longer works: ask Microsoft Graph',
  acct: '0 is a member of the tenant, 1 a guest',
  acr: 'how strongly the person proved who they are',
  acrs: 'authentication contexts satisfied',
  aio: "Entra's own",
  amr: 'how the person signed in',
  app_displayname: 'name of the application the token was issued to',
  appid: 'the application the token was issued to',
  appidacr: 'how that application proved itself',
  at_hash: 'hash of the access token',
  aud: 'whom the token is for: an application or API',
  auth_time: 'when the person signed in',
  azp: 'the application the token was issued to',
  azpacr: 'how that application proved itself',
  c_hash: 'hash of the code',
  ctry: 'country of the person',
  deviceid: 'the device the person signed in from',
  email: 'e-mail address, unproved: not for authorization',
  exp: 'expires',
  family_name: 'last name',
  given_name: 'first name',
  groups: 'groups the person is in (object IDs)',
  hasgroups: 'more groups than a token holds',
  iat: 'issued',
  idp: "the account's home, where it differs from the tenant",
  idtyp: 'of whom it is a token',
  in_corp: 'signed in from the network of the organization',
  ipaddr: 'the address the person signed in from',
  iss: 'who issued the token',
  login_hint: 'names the account to Entra at the next sign-in',
  name: 'name to show; not unique',
  nbf: 'valid from',
  nonce: 'ties the token to its sign-in',
  oid: 'object ID: the person in this tenant',
  onprem_sid: 'security identifier in Active Directory',
  preferred_username: 'username to show; can change',
  puid: "Entra's own",
  pwd_url: 'where to change the password',
  rh: "Entra's own",
  roles: 'app roles given to the person or application',
  scp: 'scopes granted',
  sid: 'the browser session',
  sub: 'the person, for this application alone',
  tenant_ctry: 'country of the tenant',
  tenant_region_scope: 'region of the tenant',
  tid: 'tenant ID',
  unique_name: 'username to show; can change',
  upn: 'user principal name; can change',
  uti: "the token's own ID",
  ver: 'token version',
  verified_primary_email: 'e-mail address, proved',
  verified_secondary_email: 'further e-mail address, proved',
  wids: 'directory roles of the person',
  xms_cc: 'what the client can handle; cp1: claims challenges',
  xms_edov: 'whether the domain of the e-mail address is proved',
  xms_ftd: "Entra's own",
  xms_idrel: "Entra's own",
  xms_mirid: 'the Azure resource of the managed identity',
  xms_pdl: 'where the data of the person is kept',
  xms_pl: 'language of the person',
  xms_st: 'the person, for the application that asked',
  xms_tcdt: 'when the tenant was created',
  xms_tpl: 'language of the tenant',
};

const values: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  acct: { 0: 'a member of the tenant', 1: 'a guest in the tenant' },
  acr: { 0: 'proved weaker than ISO/IEC 29115 asks for', 1: 'proved as ISO/IEC 29115 asks for' },
  appidacr: { 0: 'a public client: no proof', 1: 'by client secret', 2: 'by certificate or assertion' },
  azpacr: { 0: 'a public client: no proof', 1: 'by client secret', 2: 'by certificate or assertion' },
  idp: { 'live.com': 'a guest: the home is a personal Microsoft account' },
  idtyp: { app: 'of an application itself', user: 'of a person', device: 'of a device' },
  tid: { '9188040d-6c67-4c5b-b112-36a304b66dad': 'the tenant of personal Microsoft accounts' },
};

/** What a value of a list stands for, by the claim that is the list. */
const elements: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  wids: directoryRoles,
  // Entra: "Access token claims reference", amr claim; RFC 8176.
  amr: {
    pwd: 'password',
    rsa: 'key or certificate, such as Authenticator',
    otp: 'one-time passcode',
    fed: 'signed in elsewhere (federation)',
    wia: 'Windows sign-in',
    mfa: 'multi-factor authentication',
    ngcmfa: 'multi-factor authentication',
    wiaormfa: 'Windows sign-in or multi-factor authentication',
    none: 'not completed',
    fido: 'passkey or security key',
    hwk: 'key in hardware',
    swk: 'key in software',
  },
};

/** Answers what a claim says, the value considered where that tells more; `undefined` for an unknown claim. */
export function meaningOf(name: string, value: unknown): string | undefined {
  // An object may have a member toString that is no function.
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const text = isPlain ? String(value) : '';
  const special = find(find(values, name) ?? {}, text);
  if (special !== undefined) return special;
  const home = name === 'idp' ? /^https:\/\/sts\.windows\.net\/([0-9a-f-]{36})\/?$/i.exec(text)?.[1] : undefined;
  return home === undefined ? find(meanings, name) : 'a guest: the home is that tenant';
}

/** Answers the name of one value in a list: a directory role, a way of signing in. */
export function elementName(claim: string, value: string): string | undefined {
  return find(find(elements, claim) ?? {}, value.toLowerCase());
}

/** Tells whether more groups exist than the token holds (Entra: "Groups overage claim"). */
export function hasMoreGroups(claims: Readonly<Record<string, unknown>>): boolean {
  const names: unknown = claims['_claim_names'];
  const isDistributed = typeof names === 'object' && names !== null && Object.hasOwn(names, 'groups');
  return isDistributed || claims['hasgroups'] === true || claims['hasgroups'] === 'true';
}

/** The claims that are times, in seconds since 1970. */
export const timeClaims: readonly string[] = ['exp', 'iat', 'nbf', 'auth_time', 'xms_tcdt'];

// A claim may have any name, that of a member of every object too.
function find<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
