import type { ChalkInstance } from 'chalk';
import type { Surroundings } from '../context.ts';
import { renderCountdown } from './time.ts';

/** What the person reads while a browser sign-in is under way. */
export function renderBrowserPrompt(
  prompt: { readonly url: string; readonly opensItself: boolean; readonly tenant: string },
  colors: ChalkInstance,
): string {
  const lead = prompt.opensItself
    ? `Opening your browser to sign in to Microsoft Entra ID (${prompt.tenant}).\nIf nothing opens, go to:`
    : `To sign in to Microsoft Entra ID (${prompt.tenant}),\nopen in a browser on this machine:`;
  return `${lead}\n\n  ${colors.cyan(prompt.url)}\n\n`;
}

/** The line that counts down; it is written over itself. */
export function renderWaiting(milliseconds: number, colors: ChalkInstance, hasArrived = false): string {
  const lead = hasArrived ? 'The browser came by; waiting for the sign-in' : 'Waiting for the sign-in';
  return colors.dim(`${lead}, ${renderCountdown(milliseconds)} left (Ctrl-C ends it)`);
}

/** What is known of a browser that has not answered: it came by, it did not, or it was given the whole URL by hand. */
export type BrowserSighting = 'arrived' | 'missing' | 'unknown';

/** What to do when nothing came for a while: Entra's error pages never redirect, so the tool sees nothing of them. */
export function renderNothingYet(page: {
  readonly url: string;
  readonly redirectUri: string;
  readonly seen: BrowserSighting;
  readonly surroundings: Surroundings;
}): string {
  const { url, redirectUri, seen } = page;
  const elsewhere = renderElsewhere(page.surroundings, new URL(redirectUri).port);
  switch (seen) {
    case 'arrived':
      return `Nothing has come back yet. If you are still signing in, take your time.
${renderErrorPageAdvice(redirectUri)}The whole address, for another browser:\n\n  ${url}\n`;
    case 'missing':
      return `No browser has come by yet. Open this address in a browser on this machine:

  ${url}

If it shows a page with an AADSTS code: Ctrl-C, then entra-login explain CODE.
${elsewhere}`;
    case 'unknown':
      return `Nothing has come back yet. If you are still signing in, take your time.
${renderErrorPageAdvice(redirectUri)}${elsewhere}`;
  }
}

function renderErrorPageAdvice(redirectUri: string): string {
  return `If the browser shows a page with an AADSTS code, Entra sends nothing back here:
read the code, press Ctrl-C and type: entra-login explain CODE. The usual ones:
  AADSTS50011    the app registration lacks ${redirectUri}
  AADSTS700016   the client ID is not known in this tenant
  AADSTS90002    there is no such tenant
`;
}

function renderElsewhere(surroundings: Surroundings, port: string): string {
  return `${describeDistance(surroundings, port)} press Ctrl-C and type
${otherWays}`;
}

const otherWays = `  entra-login login --device-code   gives a code for a browser on any device
  entra-login login --manual        has you paste the redirected address
`;

function describeDistance(surroundings: Surroundings, port: string): string {
  const { ssh, wsl, container, codespaces, cloudShell } = surroundings;
  if (ssh) {
    return `This is an SSH connection: a browser at the other end needs the port,
  ssh -L ${port}:localhost:${port} HOST
If you cannot have that,`;
  }
  if (wsl) {
    return `This is WSL: a browser of Windows gets here while localhostForwarding is on
(.wslconfig; it is unless turned off). If it does not,`;
  }
  if (container || codespaces || cloudShell) {
    return `This is a container, whose localhost a browser outside of it may not reach.
If so,`;
  }
  return `A browser on another machine, or outside a container, cannot get here.
If so,`;
}

/** The first words about a browser that speaks TLS to the redirect URI. */
export const httpsForced = 'The browser insists on https for localhost, where only http is served.';

/** How to make a browser forget that localhost wants https, and how to sign in without it. */
export function renderHttpsMend(page: { readonly startUrl: string; readonly redirectUri: string }): string {
  const address = page.redirectUri.replace('//localhost:', '//127.0.0.1:');
  // HSTS is for names alone (RFC 6797 section 8.1.1); Entra's portal takes an address in the manifest only.
  const byAddress =
    address === page.redirectUri
      ? ''
      : `  entra-login login --redirect-uri ${address}\n      if that one is registered (in the manifest: the portal's form refuses it)\n`;
  return `Make it forget that (HSTS), or take another browser, and open this again:

  ${page.startUrl}

  Chrome, Edge  chrome://net-internals/#hsts, Delete domain security policies:
                localhost
  Firefox       History, right-click localhost: Forget About This Site; or close
                it and delete SiteSecurityServiceState.* in its profile
  Safari        Settings, Privacy, Manage Website Data: localhost, Remove; or
                close it and delete ~/Library/Cookies/HSTS.plist

The wait goes on. Or press Ctrl-C and type
${byAddress}${otherWays}`;
}

/** Says that the browser came back with nothing. */
export const bareRedirect =
  "The browser came back without an answer, as a button on Entra's error page makes it do. Go back in the browser, read the AADSTS code there and type: entra-login explain CODE. The wait goes on.";

/** Says where to sign in and what to bring back. */
export function renderPastePrompt(url: string, tenant: string, colors: ChalkInstance): string {
  return `To sign in to Microsoft Entra ID (${tenant}),
open in any browser:

  ${colors.cyan(url)}

After the sign-in the browser goes to an address that it cannot open. Copy that
whole address from the address bar.

`;
}

/** Asks for the redirected URL, after a paste that was not it too. */
export function renderPasteQuestion(reason: string | undefined): string {
  return `${reason === undefined ? '' : `That is not it: ${reason}. `}Paste the address here and press Enter (it is not shown):\n`;
}
