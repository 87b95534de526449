import type { ChalkInstance } from 'chalk';
import type { EntraLoginError } from '../errors.ts';
import { renderJson } from './json.ts';
import { plainText } from './plain-text.ts';

/** The error as the contract's JSON object, one line. */
export function renderErrorJson(error: EntraLoginError): string {
  const { code, message, hint, aadsts, correlationId, traceId } = error;
  return renderJson({ error: { code, message, hint, aadsts, correlationId, traceId } });
}

/** The error in a few lines: what happened, Entra's code, what to do next, the correlation ID for support. */
export function renderError(error: EntraLoginError, colors: ChalkInstance): string {
  const code = error.aadsts === undefined ? '' : ` (${error.aadsts})`;
  const lines = [`${colors.red('error:')} ${plainText(error.message)}${code}`];
  if (error.hint !== undefined) lines.push(`${colors.cyan('  try:')} ${plainText(error.hint)}`);
  if (error.correlationId !== undefined) {
    lines.push(colors.dim(`  correlation ID: ${plainText(error.correlationId)}`));
  }
  return `${lines.join('\n')}\n`;
}
