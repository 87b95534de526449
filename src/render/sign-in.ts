import type { ChalkInstance } from 'chalk';
import { renderCountdown } from './time.ts';

/** What the person reads while a browser sign-in is under way. */
export function renderBrowserPrompt(
  prompt: { readonly url: string; readonly opensItself: boolean; readonly tenant: string },
  colors: ChalkInstance,
): string {
  const lead = prompt.opensItself
    ? `Opening your browser to sign in to Microsoft Entra ID (${prompt.tenant}).\nIf nothing opens, go to:`
    : `To sign in to Microsoft Entra ID (${prompt.tenant}), open in a browser on this machine:`;
  return `${lead}\n\n  ${colors.cyan(prompt.url)}\n\n`;
}

/** The line that counts down; it is written over itself. */
export function renderWaiting(milliseconds: number, colors: ChalkInstance): string {
  return colors.dim(`Waiting for the sign-in, ${renderCountdown(milliseconds)} left (Ctrl-C ends it)`);
}

/** What to do when nothing came for a while: Entra's error pages never redirect, so the tool sees nothing of them. */
export function renderNothingYet(page: { readonly url: string; readonly arrived: boolean }): string {
  return page.arrived
    ? `Nothing has come back yet. If the browser shows a page with an AADSTS code, Entra will not
send it on: read the code there, then press Ctrl-C. The usual ones:
  AADSTS50011    the redirect URI is not registered for this app
  AADSTS700016   the client ID is not known in this tenant
  AADSTS90002    there is no such tenant
The whole address, for another browser:

  ${page.url}

`
    : `No browser has come by yet. Open this address yourself, in a browser on this machine:

  ${page.url}

If it shows a page with an AADSTS code, Entra will not send it on: read the code there,
then press Ctrl-C (50011 redirect URI, 700016 client ID, 90002 tenant).
`;
}

/** Says where to sign in and what to bring back. */
export function renderPastePrompt(url: string, tenant: string, colors: ChalkInstance): string {
  return `To sign in to Microsoft Entra ID (${tenant}), open in any browser:

  ${colors.cyan(url)}

After the sign-in the browser goes to an address that it cannot open. Copy that whole
address from the address bar.

`;
}

/** Asks for the redirected URL, after a paste that was not it too. */
export function renderPasteQuestion(reason: string | undefined): string {
  return `${reason === undefined ? '' : `That is not it: ${reason}. `}Paste the address here and press Enter (it is not shown):\n`;
}
