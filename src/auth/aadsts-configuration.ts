import { portal } from './aadsts-entry.ts';
import type { AadstsEntry } from './aadsts-entry.ts';

/** Codes about the app registration, the tenant that was named and the request itself. */
export const configurationEntries: readonly AadstsEntry[] = [
  // Redirect URI
  {
    code: 50011,
    meaning: 'The redirect URI of this sign-in is not registered for the application.',
    why: 'Entra ignores the port of localhost but not the path: http://localhost and http://localhost:5000/callback are two addresses.',
    mend: [
      `${portal.authentication}: add http://localhost:5000/callback under Mobile and desktop applications.`,
      'entra-login login --redirect-uri http://localhost',
      'entra-login config',
    ],
  },
  {
    code: 70004,
    meaning: 'The redirect URI of this sign-in is not valid for the application.',
    why: 'It matches none of the addresses in the registration; scheme, host and path must be equal, only the port of localhost may differ.',
    mend: [
      `${portal.authentication}: add http://localhost:5000/callback under Mobile and desktop applications.`,
      'entra-login config',
    ],
  },
  {
    code: 500112,
    meaning: 'The redirect URI sent with the code is not the one the sign-in began with.',
    why: 'Entra compares the two letter by letter, the slash at the end included. Two registrations that differ only in it are a trap.',
    mend: [
      'entra-login login',
      `${portal.authentication}: keep one form of the redirect URI, with or without the slash at its end.`,
    ],
  },
  {
    code: 500113,
    meaning: 'The application has no redirect URI registered at all.',
    why: 'A new app registration has none until one is added, and a browser sign-in cannot come back without it.',
    mend: [
      `${portal.authentication}: add http://localhost:5000/callback under Mobile and desktop applications.`,
      'entra-login login --device-code',
    ],
  },
  {
    code: 500119,
    meaning: 'Redirect URIs that begin with urn: are no longer allowed.',
    why: 'Older command-line tools registered urn:ietf:wg:oauth:2.0:oob; a redirect to localhost takes its place.',
    mend: [
      `${portal.authentication}: add http://localhost:5000/callback under Mobile and desktop applications, remove the urn: address.`,
    ],
  },
  {
    code: 900971,
    meaning: 'No redirect URI was given, and none is registered.',
    why: 'The app registration has no address for the browser to come back to.',
    mend: [
      `${portal.authentication}: add http://localhost:5000/callback under Mobile and desktop applications.`,
      'entra-login login --device-code',
    ],
  },
  {
    code: 90102,
    meaning: 'The redirect URI, or another address in the request, is not a complete URI.',
    why: 'It needs its scheme, host and path, as in http://localhost:5000/callback.',
    mend: ['entra-login login --redirect-uri http://localhost:5000/callback', 'entra-login config'],
  },

  // The API that was asked for
  {
    code: 50001,
    meaning: 'The API that was asked for does not exist or is disabled.',
    why: 'The scope names a resource that Entra does not know; usually a typing error in --scope or --resource.',
    mend: [
      'entra-login login --scope https://graph.microsoft.com/User.Read',
      'Entra admin center > Entra ID > App registrations > the API > Expose an API: copy the Application ID URI.',
    ],
  },
  {
    code: 500011,
    meaning: 'The API that was asked for was not found in this tenant.',
    why: 'The Application ID URI in the scope is wrong, the tenant is the wrong one, or no administrator has added the API to it.',
    mend: [
      'Entra admin center > Entra ID > App registrations > the API > Expose an API: copy the Application ID URI.',
      'entra-login login --tenant TENANT-ID',
      'Entra admin center > Entra ID > Enterprise apps: look whether the API is there; if not, an administrator adds it.',
    ],
  },
  {
    code: 650052,
    meaning: 'The application needs a service that your organization has not subscribed to or enabled.',
    why: 'One of its API permissions belongs to a service that is missing from this tenant.',
    mend: [
      `${portal.permissions}: remove the permission, or have an administrator enable the service.`,
      'Microsoft 365 admin center > Billing > Your products: see whether the service is among them.',
    ],
  },
  {
    code: 650054,
    meaning: 'The application asks for permissions of an API that was removed or is no longer available.',
    why: 'The registration still lists a permission whose API is gone from this tenant.',
    mend: [`${portal.permissions}: remove the permission that is marked as not found.`],
  },
  {
    code: 65005,
    meaning: 'The application asks for an API that its registration does not list.',
    why: 'The scope names an API that is missing under API permissions, or the API could not be found.',
    mend: [`${portal.permissions}: add the permission for this API.`, 'entra-login login --client-id CLIENT-ID'],
  },
  {
    code: 650056,
    meaning:
      'The application is misconfigured: the permission is not listed, not consented to, or the client ID is wrong.',
    why: 'The registration has no permission for the API in the scope, or no administrator has consented in this tenant.',
    mend: [
      `${portal.permissions}: add the permission and grant admin consent.`,
      'entra-login login --prompt consent',
      'entra-login config',
    ],
  },
  {
    code: 650057,
    meaning: 'The API that was asked for is not among the API permissions of the application.',
    why: 'Entra issues tokens only for APIs that the registration lists; its answer names the ones that are listed.',
    mend: [
      `${portal.permissions}: add a permission for this API.`,
      'entra-login login --scope https://graph.microsoft.com/User.Read',
    ],
  },

  // The application and its tenant
  {
    code: 700016,
    meaning: 'There is no application with this client ID in this tenant.',
    why: 'The client ID has a typing error, the tenant is the wrong one, or the application was never added to it.',
    mend: [
      'entra-login login --tenant TENANT-ID --client-id CLIENT-ID',
      `${portal.registration} > Overview: copy Application (client) ID and Directory (tenant) ID.`,
    ],
  },
  {
    code: 700011,
    meaning: 'There is no application with this identifier in this tenant.',
    why: 'The client ID is wrong, or the application is registered in another tenant and was never added to this one.',
    mend: [
      'entra-login login --tenant TENANT-ID --client-id CLIENT-ID',
      `${portal.registration} > Overview: copy Application (client) ID and Directory (tenant) ID.`,
    ],
  },
  {
    code: 70001,
    meaning: 'The application is disabled in this tenant.',
    why: 'An administrator or Microsoft has switched it off; nobody can sign in to it until it is enabled again.',
    mend: [`${portal.enterpriseApp} > Properties: an administrator sets Enabled for users to sign-in to Yes.`],
  },
  {
    code: 7000112,
    meaning: 'The application is disabled.',
    why: 'Its owner, an administrator or Microsoft has switched it off; neither people nor the application itself get tokens.',
    mend: [`${portal.enterpriseApp} > Properties: an administrator sets Enabled for users to sign-in to Yes.`],
  },
  {
    code: 50194,
    meaning: 'The application accepts accounts of one tenant only, but the sign-in went to "common".',
    why: 'A single-tenant application cannot be used with --tenant common; it needs the tenant it is registered in.',
    mend: [
      'entra-login login --tenant TENANT-ID',
      `${portal.authentication} > Supported account types: choose accounts in any organizational directory.`,
    ],
  },
  {
    code: 50059,
    meaning: 'Entra could not tell which tenant is meant.',
    why: '"common" or "organizations" is not enough for a single-tenant application, a device code or an application itself.',
    mend: ['entra-login login --tenant TENANT-ID', `${portal.overview}: copy the Tenant ID.`],
  },
  {
    code: 50128,
    meaning: 'The domain name is not valid, so Entra could not tell which tenant is meant.',
    why: 'The tenant setting or the domain of the username belongs to no tenant.',
    mend: [
      'entra-login login --tenant TENANT-ID',
      `${portal.overview}: copy the Tenant ID, or use the primary domain.`,
    ],
  },
  {
    code: 90002,
    meaning: 'There is no such tenant in this cloud.',
    why: 'The tenant ID or domain has a typing error, or the tenant lives in another cloud (US Government, China).',
    mend: [
      'entra-login login --tenant TENANT-ID',
      'entra-login login --cloud usgov',
      `${portal.overview}: copy the Tenant ID.`,
    ],
  },
  {
    code: 900023,
    meaning: 'The tenant is neither a valid tenant ID nor a valid domain name.',
    why: 'The tenant setting is a display name or has a typing error; Entra takes a GUID or a domain.',
    mend: ['entra-login login --tenant TENANT-ID', `${portal.overview}: copy the Tenant ID.`],
  },
  {
    code: 90019,
    meaning: 'Entra could not find a tenant in the request.',
    why: 'The request named no tenant of its own, and the account did not tell one either.',
    mend: ['entra-login login --tenant TENANT-ID', 'entra-login config'],
  },
  {
    code: 9001023,
    meaning: 'This kind of sign-in does not work with the tenants "common" and "consumers".',
    why: 'Client credentials need the tenant itself; other grants take "organizations" too.',
    mend: ['entra-login login --tenant TENANT-ID', 'entra-login login --tenant organizations'],
  },
  {
    code: 90124,
    meaning: 'The API that was asked for does not work with the tenants "common" and "consumers".',
    why: 'The API accepts work and school accounts only, so the tenant must be named, or "organizations".',
    mend: ['entra-login login --tenant TENANT-ID', 'entra-login login --tenant organizations'],
  },
  {
    code: 90130,
    meaning: 'The application does not work with the tenants "common" and "consumers".',
    why: 'It accepts work and school accounts only, so the tenant must be named, or "organizations".',
    mend: ['entra-login login --tenant TENANT-ID', 'entra-login login --tenant organizations'],
  },
  {
    code: 9002331,
    meaning: 'The application accepts personal Microsoft accounts only.',
    why: 'Its registration is for personal accounts, and those sign in with the tenant "consumers".',
    mend: [
      'entra-login login --tenant consumers',
      `${portal.authentication} > Supported account types: add accounts in any organizational directory.`,
    ],
  },
  {
    code: 9002332,
    meaning: 'The application accepts work and school accounts only, but the sign-in went to "consumers".',
    why: 'Its registration leaves out personal Microsoft accounts.',
    mend: [
      'entra-login login --tenant TENANT-ID',
      `${portal.authentication} > Supported account types: add personal Microsoft accounts.`,
    ],
  },
  {
    code: 500208,
    meaning: 'The domain of the account does not fit the kind of account this tenant accepts.',
    why: 'A personal account met a work tenant, or an External ID customer opened the common device code page.',
    mend: [
      'entra-login login --prompt select_account',
      'entra-login login --tenant TENANT-ID',
      'entra-login login --no-fallback',
    ],
  },

  // Scopes
  {
    code: 70011,
    meaning: 'A scope that was asked for is not valid.',
    why: 'A scope is misspelled, is unknown to the API, or .default was mixed with other scopes.',
    mend: [
      'entra-login login --scope https://graph.microsoft.com/.default',
      'Entra admin center > Entra ID > App registrations > the API > Expose an API: copy the scope.',
    ],
  },
  {
    code: 28000,
    meaning: 'The scopes belong to more than one API; a token is for one API only.',
    why: 'Each API needs a token of its own, though one sign-in is enough for all of them.',
    mend: [
      'entra-login token --resource https://graph.microsoft.com',
      'entra-login token --resource https://management.azure.com',
    ],
  },
  {
    code: 700022,
    meaning: 'The scopes belong to more than one API; a token is for one API only.',
    why: 'Each API needs a token of its own, though one sign-in is enough for all of them.',
    mend: [
      'entra-login token --resource https://graph.microsoft.com',
      'entra-login token --resource https://management.azure.com',
    ],
  },
  {
    code: 28002,
    meaning: 'A scope that was sent with the code is not valid.',
    why: 'The scope setting names something that the API does not offer.',
    mend: ['entra-login login --scope https://graph.microsoft.com/User.Read', 'entra-login config'],
  },
  {
    code: 28003,
    meaning: 'No scope was sent with the code.',
    why: 'Some registrations need a scope of one API at this step, so set one.',
    mend: ['entra-login login --scope https://graph.microsoft.com/User.Read'],
  },
  {
    code: 700023,
    meaning: 'The scope names no API, or the audience of the client assertion is not this tenant.',
    why: 'Entra uses this number for both: a scope without its API, and an assertion made for another token endpoint.',
    mend: [
      'entra-login login --scope https://graph.microsoft.com/User.Read',
      'entra-login token --client-credentials --tenant TENANT-ID --resource https://graph.microsoft.com',
    ],
  },
  {
    code: 901002,
    meaning: 'The "resource" parameter does not work with the v2.0 endpoints.',
    why: 'It belongs to the older v1.0 endpoints; the v2.0 ones take the API from the scope.',
    mend: ['entra-login token --resource https://graph.microsoft.com', 'entra-login config'],
  },
  {
    code: 9010010,
    meaning: 'The "resource" parameter names another API than the scopes.',
    why: 'Tools that follow RFC 8707 send both; entra-login sends the scope alone.',
    mend: ['entra-login token --resource https://graph.microsoft.com'],
  },

  // The form of the request
  {
    code: 900144,
    meaning: 'The request lacks a parameter that Entra needs.',
    why: 'A proxy or security product emptied the request, a setting is missing, or entra-login has a defect.',
    mend: ['entra-login doctor', 'entra-login config'],
  },
  {
    code: 90014,
    meaning: 'A field that Entra needs is missing from the request.',
    why: 'A proxy or security product changed the request, a setting is missing, or entra-login has a defect.',
    mend: ['entra-login doctor', 'entra-login config'],
  },
  {
    code: 90023,
    meaning: 'Entra does not accept the form of the request.',
    why: 'A setting has an odd value, a proxy changed the request, or entra-login has a defect.',
    mend: ['entra-login config', 'entra-login doctor'],
  },
  {
    code: 90004,
    meaning: 'The request is not properly formed.',
    why: 'A setting has an odd value, a proxy changed the request, or entra-login has a defect.',
    mend: ['entra-login config', 'entra-login doctor'],
  },
  {
    code: 90100,
    meaning: 'A parameter of the request is empty or not valid.',
    why: 'A setting is empty or has an odd value, or a proxy changed the request.',
    mend: ['entra-login config', 'entra-login doctor'],
  },
  {
    code: 9000411,
    meaning: 'A parameter stands twice in the request.',
    why: 'The authority host carries a query of its own, a proxy changed the request, or entra-login has a defect.',
    mend: ['entra-login config', 'entra-login doctor'],
  },
  {
    code: 9002313,
    meaning: 'The request is malformed, often because a code or refresh token in it is damaged.',
    why: 'The kept refresh token was cut off or belongs to another application, or a pasted address was incomplete.',
    mend: ['entra-login login --force', 'entra-login doctor'],
  },
  {
    code: 900561,
    meaning: 'The address takes another kind of request than the one it got, POST instead of GET, say.',
    why: 'Mostly the Back button or a reload in the browser during sign-in; it may also be a proxy that changes requests.',
    mend: ['entra-login login', 'entra-login doctor'],
  },
  {
    code: 90056,
    meaning: 'The token endpoint got something that is not a request for a token.',
    why: 'The page was opened or reloaded in a browser, or a proxy changed the request on its way.',
    mend: ['entra-login login', 'entra-login doctor'],
  },
  {
    code: 70003,
    meaning: 'Entra does not support this grant type.',
    why: 'The authority host may not be Entra ID, or does not offer this way to sign in, as Azure AD B2C has no device code.',
    mend: ['entra-login config', 'entra-login login --no-fallback'],
  },
  {
    code: 70005,
    meaning: 'Entra does not support this response type for the application.',
    why: 'A sign-in here asks for a code only; another authority host or something in between may have changed that.',
    mend: ['entra-login config', 'entra-login doctor'],
  },
  {
    code: 70007,
    meaning: 'Entra does not support this response mode.',
    why: 'The answer comes back as form_post by default, which some authority hosts do not know.',
    mend: ['entra-login login --response-mode query'],
  },
  {
    code: 700054,
    meaning: 'The application may not get an ID token straight from the authorization endpoint.',
    why: 'Only a request for response type id_token needs that switch; entra-login asks for a code and does not need it.',
    mend: ['entra-login login', 'entra-login config'],
  },

  // The platform the redirect URI is registered under
  {
    code: 7000218,
    meaning: 'Entra takes the application for a confidential client and wants its secret or certificate.',
    why: 'The redirect URI is registered under Web and no client secret is set, or public client flows are off.',
    mend: [
      'With a secret (Web): entra-login setup keeps it. Without one: move the redirect URI to Mobile and desktop applications, and for device codes Allow public client flows.',
      `${portal.authentication}: move the redirect URI from Web to Mobile and desktop applications.`,
      `${portal.authentication} > Settings: set Allow public client flows to Yes, for device codes.`,
    ],
  },
  {
    code: 700025,
    meaning: 'The application is a public client, so it must not send a secret or certificate.',
    why: 'A client secret or certificate is set, but the redirect URI is registered under Mobile and desktop applications.',
    mend: [
      'entra-login config',
      `${portal.authentication}: register the redirect URI under Web, if the application is to use its secret.`,
    ],
  },
  {
    code: 9002325,
    meaning: 'A code for a single-page application can be exchanged only with PKCE.',
    why: 'The redirect URI is registered under Single-page application, which is for browsers and not for command-line tools.',
    mend: [
      `${portal.authentication}: move the redirect URI from Single-page application to Mobile and desktop applications.`,
    ],
  },
  {
    code: 9002326,
    meaning: 'The request had an Origin header, which Entra takes from single-page applications only.',
    why: 'This tool sends none: a proxy added it, or the same redirect URI is registered under two platforms.',
    mend: [
      `${portal.authentication}: keep the redirect URI under Mobile and desktop applications only.`,
      'entra-login doctor',
    ],
  },
  {
    code: 9002327,
    meaning: 'The redirect URI belongs to a single-page application, whose codes only a browser can exchange.',
    why: 'It is registered under Single-page application; a command-line tool needs Mobile and desktop applications.',
    mend: [
      `${portal.authentication}: move the redirect URI from Single-page application to Mobile and desktop applications.`,
    ],
  },
  {
    code: 700005,
    meaning: 'The code was issued for another tenant than the one it was exchanged at.',
    why: 'A code must go back to the tenant the sign-in began with; a pasted address may be from another sign-in.',
    mend: ['entra-login login --tenant TENANT-ID'],
  },
  {
    code: 50147,
    meaning: 'The code challenge of the sign-in (PKCE) has the wrong size.',
    why: 'The address was cut off on its way to the browser, when it was copied, say, or entra-login has a defect.',
    mend: ['entra-login login', 'entra-login login --device-code'],
  },
  {
    code: 501481,
    meaning: 'The code verifier does not match the code challenge of the sign-in (PKCE).',
    why: 'The code came from another sign-in than the one that was waiting: an older browser tab or an older pasted address.',
    mend: ['entra-login login'],
  },
  {
    code: 501491,
    meaning: 'The code challenge of the sign-in (PKCE) has an invalid size.',
    why: 'The address was cut off on its way to the browser, when it was copied, say, or entra-login has a defect.',
    mend: ['entra-login login', 'entra-login login --device-code'],
  },

  // Borrowed and older applications
  {
    code: 65002,
    meaning: "The client ID is one of Microsoft's own applications, which may not ask for this API.",
    why: 'Somebody borrowed the client ID of a Microsoft tool; an application of your own has no such limit.',
    mend: [
      'entra-login setup',
      'Entra admin center > Entra ID > App registrations > New registration: register an application of your own.',
    ],
  },
  {
    code: 90008,
    meaning: 'The application asks for a token for itself and lacks the permission to sign people in.',
    why: 'The scope names the application itself, which needs User.Read of Microsoft Graph and consent to it.',
    mend: [
      `${portal.permissions}: add Microsoft Graph > Delegated permissions > User.Read.`,
      'entra-login login --prompt consent',
    ],
  },
  {
    code: 90009,
    meaning: 'The application asks for a token for itself and must name itself by its client ID.',
    why: 'The scope names the application by its URI; Entra wants CLIENT-ID/.default here.',
    mend: ['entra-login token --scope CLIENT-ID/.default'],
  },
  {
    code: 90027,
    meaning: 'The v1.0 endpoints cannot issue tokens for personal Microsoft accounts.',
    why: 'The account is personal, and the address or the application belongs to v1.0.',
    mend: ['entra-login login --tenant TENANT-ID --prompt select_account', 'entra-login config'],
  },
];
