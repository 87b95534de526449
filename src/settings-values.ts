import { cloudNames } from './auth/clouds.ts';
import { isLoopbackHost } from './auth/clouds.ts';
import type { CloudName } from './auth/clouds.ts';
import { parseScopes } from './auth/scopes.ts';
import type { StoreKind } from './context.ts';
import { EntraLoginError } from './errors.ts';

/** Checks one setting's text and answers its value; throws `configuration`, naming the setting and where it came from. */
export type ValueReader<T> = (text: string, place: string) => T;

const durationUnits: readonly (readonly [string, number])[] = [
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
];

const storeKinds = ['keychain', 'file', 'memory'] as const satisfies readonly StoreKind[];

/** Reads a tenant: a GUID, a domain, or one of Entra's aliases. */
export const readTenant: ValueReader<string> = (text, place) => {
  const isName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text) && !text.includes('..');
  if (isName) return text.toLowerCase();
  throw wrongValue('tenant', place, 'a tenant ID (GUID), a domain, organizations, common or consumers');
};

/** Reads a client ID (Entra's are GUIDs; another server's need not be). */
export const readClientId: ValueReader<string> = (text, place) => {
  if (/^[\w.:~-]{1,200}$/.test(text)) return text;
  throw wrongValue('client ID', place, 'the Application (client) ID, a GUID, from the Overview page of the app');
};

/** Reads the ID of an Azure Pipelines service connection. */
export const readServiceConnectionId: ValueReader<string> = (text, place) => {
  if (/^[\w-]{1,200}$/.test(text)) return text;
  throw wrongValue(
    'service connection ID',
    place,
    'the ID, a GUID, that stands in the address of the service connection',
  );
};

/** Reads a redirect URI; answers it byte for byte, since Entra compares it so. */
export const readRedirectUri: ValueReader<string> = (text, place) => {
  // URL parsers mend what Entra, comparing bytes, would not: `http:localhost`, `127.1`, a space, a backslash.
  const isClean = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3})(?::\d{1,5})?(?:\/[^?#\s\\]*)?$/i.test(text);
  if (isClean && URL.canParse(text)) {
    const port = /^http:\/\/[^/:]+:(\d+)/i.exec(text)?.[1];
    if (port !== undefined) readPort(port, place);
    return text;
  }
  throw wrongValue(
    'redirect URI',
    place,
    'http at localhost or 127.0.0.1, with or without port and path, without query or fragment (not [::1])',
  );
};

/** Reads a port for the redirect URI; 0 means any free one. */
export const readPort: ValueReader<number> = (text, place) => {
  const isPort = /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
  // A URL leaves it out, and a redirect URI without a port means any free one.
  if (isPort && Number(text) === 80) {
    throw new EntraLoginError('configuration', `Port 80 cannot be told from no port in a redirect URI (${place}).`, {
      hint: 'Entra ignores the port of localhost: take another, or 0 for any free one.',
    });
  }
  if (isPort) return Number(text);
  throw wrongValue('port', place, 'a number from 0 (any free port) to 65535');
};

/** Reads scopes separated by spaces. */
export const readScopes: ValueReader<readonly string[]> = (text, place) => {
  const scopes = parseScopes([text]);
  // RFC 6749, 3.3: printable ASCII without quote and backslash.
  if (scopes.length > 0 && scopes.every((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))) return scopes;
  throw wrongValue('list of scopes', place, 'one or more scopes, separated by spaces');
};

/** Reads the name of a cloud. */
export const readCloud: ValueReader<CloudName> = (text, place) => {
  const found = cloudNames.find((name) => name === text);
  if (found !== undefined) return found;
  throw wrongValue('cloud', place, cloudNames.join(', '));
};

/** Reads an authority host; answers its origin. Plain http is for loopback hosts alone. */
export const readAuthorityHost: ValueReader<string> = (text, place) => {
  // URL parsers mend what was hardly meant: `https:///host`, a tab, a host in percents.
  const isClean = /^(?:https?:\/\/)?(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?\/?$/i.test(text);
  const withScheme = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  const url = isClean && URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url?.protocol === 'https:' || (url !== undefined && isLoopbackHost(url.hostname))) return url.origin;
  throw wrongValue('authority host', place, 'an https URL without a path, e.g. https://login.microsoftonline.com');
};

/** Tells whether a profile may have the name. */
export function isProfileName(text: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(text);
}

/** What a profile's name may be. */
export const profileNameRule = 'letters, digits, ".", "_" and "-", at most 64, not beginning with a dot';

/** Reads a profile's name. */
export const readProfileName: ValueReader<string> = (text, place) => {
  if (isProfileName(text)) return text;
  throw wrongValue('profile', place, profileNameRule);
};

/** Reads the kind of store. */
export const readStore: ValueReader<StoreKind> = (text, place) => {
  const found = storeKinds.find((kind) => kind === text);
  if (found !== undefined) return found;
  throw wrongValue('store', place, storeKinds.join(', '));
};

/** Reads the browser command; `none` means that none is opened. */
export const readBrowser: ValueReader<string> = (text, place) => {
  if (text.trim() !== '' && !/[\0\r\n]/.test(text)) return text.trim();
  throw wrongValue('browser', place, 'a command, in which %s stands for the URL, or none');
};

/** Reads a duration such as `90`, `90s`, `5m`, `1h` or `500ms`; answers milliseconds, at most a day. */
export const readDuration: ValueReader<number> = (text, place) => {
  const [, amount, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const milliseconds = Number(amount) * (new Map(durationUnits).get(unit) ?? 0);
  if (amount !== undefined && milliseconds <= 86_400_000) return Math.round(milliseconds);
  throw new EntraLoginError('usage', `The duration is not valid (${place}).`, {
    hint: 'Allowed: a number with ms, s, m or h, at most a day, e.g. 90s or 5m.',
  });
};

/** Reads the path of a client certificate. */
export const readCertificatePath: ValueReader<string> = (text, place) => {
  if (text !== '') return text;
  throw wrongValue('client certificate', place, 'the path of a PEM file with certificate and key');
};

/** Reads any text; used for secrets and file names. */
export const readText: ValueReader<string> = (text) => text;

// The value itself is not repeated: people paste secrets into the wrong place.
function wrongValue(setting: string, place: string, allowed: string): EntraLoginError {
  return new EntraLoginError('configuration', `The ${setting} is not valid (${place}).`, {
    hint: `Allowed: ${allowed}.`,
  });
}
