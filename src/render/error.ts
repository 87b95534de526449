import type { ChalkInstance } from 'chalk';
import type { EntraLoginError } from '../errors.ts';
import { plainText, renderJson } from './plain-text.ts';

/** The error as the contract's JSON object, one line. */
export function renderErrorJson(error: EntraLoginError): string {
  const { code, message, hint, aadsts, correlationId, traceId } = error;
  return `${renderJson({ error: { code, message, hint, aadsts, correlationId, traceId } })}\n`;
}

/** The error in a few lines: what happened, Entra's code, what to do next, the correlation ID for support. */
export function renderError(error: EntraLoginError, colors: ChalkInstance): string {
  const code = error.aadsts === undefined ? '' : ` (${error.aadsts})`;
  const lines = [`${colors.red('error:')} ${shorten(plainText(error.message))}${code}`];
  if (error.hint !== undefined) lines.push(`${colors.cyan('  try:')} ${shorten(plainText(error.hint))}`);
  if (error.correlationId !== undefined) {
    lines.push(colors.dim(`  correlation ID: ${shorten(plainText(error.correlationId))}`));
  }
  return `${lines.join('\n')}\n`;
}

// A hint may hold a claims request of 2 kB; what is much longer is no message of Entra's and would bury what matters.
const longestText = 4_000;

function shorten(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
