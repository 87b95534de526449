import { EntraLoginError } from '../errors.ts';

/** The proxy for a request, and the variable that names it. */
export interface Proxy {
  readonly url: string;
  readonly variable: string;
}

/**
 * Finds the proxy for a URL as curl does: `https_proxy`/`HTTPS_PROXY` or `http_proxy`/`HTTP_PROXY`, lower case first,
 * unless `NO_PROXY` names the host. Loopback and link-local addresses (169.254.169.254, where Azure's machines ask for
 * their identity) never go through a proxy: there they would be another machine's.
 * Throws `configuration` for a variable that holds no proxy's address.
 */
export function findProxy(url: URL, env: Readonly<Record<string, string | undefined>>): Proxy | undefined {
  if (/^(?:localhost|\[::1\]|\[fe80:.*\]|127(?:\.\d+){3}|169\.254(?:\.\d+){2})$/.test(url.hostname)) return undefined;
  // An empty variable counts as unset.
  const find = (...names: string[]): string | undefined => names.find((name) => (env[name] ?? '') !== '');
  const exceptions = find('no_proxy', 'NO_PROXY');
  if (exceptions !== undefined && isExempt(url, env[exceptions] ?? '')) return undefined;
  const variable = url.protocol === 'https:' ? find('https_proxy', 'HTTPS_PROXY') : find('http_proxy', 'HTTP_PROXY');
  const value = variable === undefined ? undefined : env[variable];
  if (variable === undefined || value === undefined) return undefined;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  if (URL.canParse(withScheme) && /^https?:$/.test(new URL(withScheme).protocol)) {
    return { url: withScheme, variable };
  }
  // The value is not repeated: it may hold a password.
  throw new EntraLoginError('configuration', `The proxy is not valid (${variable}).`, {
    hint: 'Allowed: http://HOST:PORT or https://HOST:PORT, with NAME:PASSWORD@ before the host if it wants them.',
  });
}

function isExempt(url: URL, list: string): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '*') return true;
    const bracketed = /^[^[\]]*:[^[\]]*:/.test(entry) ? `[${entry}]` : entry; // IPv6 without brackets has no port
    const [, host = '', entryPort] = /^(.*?)(?::(\d+))?$/.exec(bracketed.toLowerCase()) ?? [];
    const name = host.replace(/^\*?\./, '');
    if (name === '' || (entryPort !== undefined && entryPort !== port)) return false;
    return url.hostname === name || url.hostname.endsWith(`.${name}`);
  });
}
