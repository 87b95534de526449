import { isAuthorizationResponse } from './request.ts';

/** What a pasted text turned out to be. */
export type PastedRedirect =
  | { readonly kind: 'response'; readonly parameters: URLSearchParams }
  | { readonly kind: 'foreign'; readonly reason: string };

/**
 * Reads the redirected URL that a person pasted: it must lie at the redirect URI and carry exactly our `state` and
 * either a code or an error (RFC 6749, 4.1.2), nothing twice.
 */
export function readPastedRedirect(pasted: string, redirectUri: string, state: string): PastedRedirect {
  const text = pasted.trim();
  if (!URL.canParse(text)) return foreign('it is not a URL');
  const url = new URL(text);
  const wanted = new URL(redirectUri);
  if (url.protocol !== wanted.protocol || url.host !== wanted.host || url.pathname !== wanted.pathname) {
    return foreign(`it does not begin with ${redirectUri}`);
  }
  const parameters = url.searchParams;
  const [given, ...more] = parameters.getAll('state');
  if (given !== state || more.length > 0) return foreign('it belongs to another sign-in');
  if (!isAuthorizationResponse(parameters)) return foreign('it carries no answer of Entra');
  return { kind: 'response', parameters };
}

function foreign(reason: string): PastedRedirect {
  return { kind: 'foreign', reason };
}
