import { EntraLoginError } from '../errors.ts';
import type { ErrorCode, ErrorDetails } from '../errors.ts';
import { aadstsOf, findAadsts, lookUpUrl } from './aadsts.ts';

/** When Entra said no: the same answer means "sign in" at a renewal and "refused" at a sign-in (contract, section 2). */
export type Moment = 'sign_in' | 'renewal' | 'application';

/** An OAuth error as Entra words it: from a token answer's body or an authorization response's parameters. */
export interface EntraError {
  readonly error: string;
  readonly suberror?: string | undefined;
  readonly description: string;
  readonly aadsts?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly traceId?: string | undefined;
  /** A claims challenge, JSON as text (RFC 9470's idea, Entra's `claims` member). */
  readonly claims?: string | undefined;
}

/** Reads Entra's error members from a JSON body or from parameters; `undefined` if there is no `error`. */
export function readEntraError(body: Readonly<Record<string, unknown>> | undefined): EntraError | undefined {
  if (body === undefined || typeof body['error'] !== 'string' || body['error'] === '') return undefined;
  const text = (name: string): string | undefined => {
    const value = body[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const description = text('error_description') ?? '';
  return {
    error: body['error'],
    suberror: text('suberror') ?? text('error_subcode'),
    description: firstSentences(description),
    aadsts: aadstsOf(description) ?? firstNumber(body['error_codes']),
    correlationId: text('correlation_id') ?? /Correlation ID: ([0-9a-f-]{36})/i.exec(description)?.[1],
    traceId: text('trace_id') ?? /Trace ID: ([0-9a-f-]{36})/i.exec(description)?.[1],
    claims: text('claims'),
  };
}

/** Answers the members of an error object that Entra's answer supplies. */
export function describeEntraError(body: Readonly<Record<string, unknown>> | undefined): ErrorDetails {
  const error = readEntraError(body);
  if (error === undefined) return {};
  const { aadsts, correlationId, traceId } = error;
  return { aadsts: aadsts === undefined ? undefined : `AADSTS${aadsts}`, correlationId, traceId };
}

/**
 * Translates Entra's refusal. Which exit code it is follows from OAuth's `error`, `suberror` and the moment, never
 * from an AADSTS number; the number chooses words only (Entra: "error codes … apps should not depend on").
 */
export function entraRefusal(error: EntraError, moment: Moment, mend?: string): EntraLoginError {
  const code = refusalCode(error, moment);
  const entry = error.aadsts === undefined ? undefined : findAadsts(error.aadsts);
  const hints = [code === 'sign_in_required' ? mend : undefined, entry?.mend[0]];
  const lookUp = error.aadsts === undefined ? undefined : `See ${lookUpUrl(error.aadsts)}`;
  return new EntraLoginError(code, entry?.meaning ?? fallbackMessage(error), {
    hint: hints.find((hint) => hint !== undefined) ?? lookUp,
    aadsts: error.aadsts === undefined ? undefined : `AADSTS${error.aadsts}`,
    correlationId: error.correlationId,
    traceId: error.traceId,
    oauthError: error.error,
  });
}

function refusalCode(error: EntraError, moment: Moment): ErrorCode {
  switch (error.error) {
    case 'server_error':
    case 'temporarily_unavailable':
      return 'entra_unavailable';
    case 'access_denied':
    case 'authorization_declined':
      return 'access_denied';
    case 'expired_token': // a device code's, RFC 8628, 3.5
    case 'code_expired': // what Entra's v1.0 endpoint calls it
      return 'timeout';
    case 'invalid_grant':
      if (error.suberror === 'message_only' || error.suberror === 'additional_action') return 'entra_refused';
      return moment === 'renewal' ? 'sign_in_required' : 'entra_refused';
    case 'interaction_required':
    case 'login_required':
    case 'consent_required':
      return moment === 'renewal' ? 'sign_in_required' : 'entra_refused';
    default:
      return 'entra_refused';
  }
}

function fallbackMessage(error: EntraError): string {
  return error.description === '' ? `Entra answered "${error.error}".` : `Entra answered: ${error.description}`;
}

// An error is a few lines; Entra's longest description is some 600 characters.
const longestDescription = 1_000;

// Trace ID, Correlation ID and Timestamp follow after a line break or, since 2024, after spaces.
function firstSentences(description: string): string {
  const text = (description.slice(0, longestDescription).split(/\s+Trace ID:/)[0] ?? '').replaceAll(/\s+/g, ' ').trim();
  return description.length > longestDescription ? `${text}…` : text;
}

function firstNumber(value: unknown): number | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  return Number.isSafeInteger(first) && typeof first === 'number' && first > 0 && first < 1e9 ? first : undefined;
}
