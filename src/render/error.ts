import type { ChalkInstance } from 'chalk';
import type { EntraLoginError } from '../errors.ts';
import { fitWidth } from './fit-width.ts';
import { renderJson } from './json.ts';
import { plainText } from './plain-text.ts';

/** The members of the contract's JSON object for an error. */
export function errorMembers(error: EntraLoginError): object {
  const { code, message, hint, aadsts, correlationId, traceId } = error;
  return { code, message, hint, aadsts, correlationId, traceId };
}

/** The error as the contract's JSON object, one line. */
export function renderErrorJson(error: EntraLoginError): string {
  return renderJson({ error: errorMembers(error) });
}

/**
 * The error in a few lines: what happened, Entra's code, what to do next, where there is more to read, the correlation
 * ID for support. Where there are columns it is wrapped to them.
 */
export function renderError(error: EntraLoginError, colors: ChalkInstance, columns: number | undefined): string {
  const { message, hint, aadsts, correlationId } = error;
  const withCode = (text: string): string => (aadsts === undefined ? text : `${text} (${plainText(aadsts)})`);
  const lines = [`${colors.red('error:')} ${withCode(shorten(plainText(message)))}`];
  if (hint !== undefined) lines.push(`${colors.cyan('  try:')} ${shorten(plainText(hint))}`);
  // A code without an entry has its look-up page as the hint, and that is all there is.
  const isExplained = aadsts !== undefined && hint?.includes('error?code=') !== true;
  if (isExplained) lines.push(colors.dim(`  more: entra-login explain ${plainText(aadsts)}`));
  if (correlationId !== undefined) lines.push(colors.dim(`  correlation ID: ${shorten(plainText(correlationId))}`));
  const text = `${lines.join('\n')}\n`;
  return columns === undefined ? text : fitWidth(text, { isTerminal: true, columns }, 'error: '.length);
}

// A hint may hold a claims request of 2 kB; what is much longer is no message of Entra's and would bury what matters.
const longestText = 4_000;

function shorten(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
