import { findCloudOf } from './clouds.ts';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Tells whether the text is a GUID, the only form a `tid` claim may have. */
export function isGuid(text: string): boolean {
  return guid.test(text);
}

/**
 * Entra's issuer rule: the issuer of a token is the issuer of the discovery document (or of a signing key) with
 * `{tenantid}` replaced by the token's `tid`. A concrete issuer stays as it is.
 * Source: Entra "Validate the issuer"; openid-client has the rule for login.microsoftonline.com alone.
 */
export function expectedIssuer(template: string, tenantId: string): string {
  return template.replace('{tenantid}', tenantId);
}

/** Tells whether an issuer is the template's with some tenant's GUID in it (RFC 9207's `iss`, before `tid` is known). */
export function fitsIssuer(issuer: string, template: string): boolean {
  const [before = '', after] = template.split('{tenantid}');
  if (after === undefined) return issuer === template;
  const middle = issuer.slice(before.length, issuer.length - after.length);
  return isGuid(middle) && issuer === `${before}${middle}${after}`;
}

/**
 * Tells whether a discovery document fetched from the authority host may name this issuer: it lies at that host, at a
 * login host of the same cloud, or is External ID's `https://{GUID}.ciamlogin.com/{GUID}/v2.0`.
 */
export function isIssuerOfAuthority(issuer: string, authorityHost: URL): boolean {
  const url = parseUrl(issuer);
  if (url === undefined || url.search !== '' || url.hash !== '' || url.username !== '') return false;
  if (url.origin === authorityHost.origin) return true;
  if (url.protocol !== 'https:' || url.port !== '') return false;
  const [label] = url.hostname.split('.');
  if (url.hostname === `${label}.ciamlogin.com` && label !== undefined && isGuid(label)) {
    return url.pathname.toLowerCase() === `/${label}/v2.0`;
  }
  return findCloudOf(authorityHost.hostname)?.loginHosts.includes(url.hostname) ?? false;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
