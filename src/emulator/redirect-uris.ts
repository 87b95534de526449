import type { Application, Platform } from './directory.ts';
import { parseUrl } from './exchange.ts';
import { refusals } from './refusals.ts';

/** A redirect URI that the registration allows, and as what. */
export interface RedirectTarget {
  readonly uri: string;
  readonly platform: Platform;
}

// Entra picks arbitrarily when one URI stands under two platforms; this order makes that trap (9002327, 7000218) show.
const platforms = ['web', 'spa', 'publicClient'] as const;

/**
 * Finds the registration that a redirect URI matches: scheme, host and the exact path, the port being ignored for
 * loopback (entra.md 2.1). Refuses with 900971, 500113, 90102, 500119 or 50011.
 */
export function matchRedirectUri(application: Application, requested: string | undefined): RedirectTarget {
  const registered = platforms.flatMap((platform) =>
    (application.redirectUris[platform] ?? []).map((uri) => ({ uri, platform })),
  );
  if (requested === undefined) {
    const [first] = registered;
    if (first === undefined) throw refusals.noRedirectUri();
    return first;
  }
  if (/^urn:/i.test(requested)) throw refusals.urnRedirectUri();
  if (parseUrl(requested) === undefined) throw refusals.redirectUriMalformed();
  if (registered.length === 0) throw refusals.noRedirectUriRegistered();
  const match = registered.find(({ uri }) => comparable(uri) === comparable(requested));
  if (match === undefined) throw refusals.redirectUriMismatch(requested, application);
  return { uri: requested, platform: match.platform };
}

// The URL class is of no use here: it adds the slash whose absence Entra notices.
function comparable(uri: string): string {
  const [, scheme = '', host = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)(.*)$/i.exec(uri) ?? [];
  const [, name = ''] = /^(localhost|127\.0\.0\.1)(?::\d*)?$/i.exec(host) ?? [];
  return `${scheme.toLowerCase()}${(name === '' ? host : name).toLowerCase()}${rest}`;
}
