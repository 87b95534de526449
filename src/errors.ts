/**
 * Every way entra-login can fail, with the exit code a script may rely on (the contract's table).
 * The names are part of the `--json` error object.
 */
export const exitCodes = {
  unexpected: 1,
  usage: 2,
  configuration: 2,
  sign_in_required: 3,
  access_denied: 4,
  entra_refused: 4,
  untrusted_response: 4,
  network: 5,
  entra_unavailable: 5,
  throttled: 5,
  keychain_unavailable: 6,
  store_failed: 6,
  timeout: 7,
  port_in_use: 8,
  check_failed: 9,
  cancelled: 130,
} as const satisfies Record<string, number>;

/** Names one kind of failure; decides the exit code. */
export type ErrorCode = keyof typeof exitCodes;

/** What a failure carries beyond its message; every member is safe to print. */
export interface ErrorDetails {
  /** The next thing to do: a command to type or a page to open. */
  readonly hint?: string | undefined;
  /** Entra's own code, e.g. `AADSTS50173`. */
  readonly aadsts?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly traceId?: string | undefined;
  /** OAuth's own `error`, which code may branch on. */
  readonly oauthError?: string | undefined;
  /** Seconds that the server asked to wait (`Retry-After`). */
  readonly retryAfter?: number | undefined;
  /** Whether the same request would only fail again: a certificate, a proxy's password. */
  readonly isLasting?: boolean | undefined;
  /** What was caught; shown by `--verbose` alone, so it must hold no secret. */
  readonly cause?: unknown;
}

/** The one error class: a foreseen failure with a code, a message for people and, where there is one, the mend. */
export class EntraLoginError extends Error {
  override readonly name = 'EntraLoginError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly aadsts: string | undefined;
  readonly correlationId: string | undefined;
  readonly traceId: string | undefined;
  readonly oauthError: string | undefined;
  readonly retryAfter: number | undefined;
  readonly isLasting: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.aadsts = details.aadsts;
    this.correlationId = details.correlationId;
    this.traceId = details.traceId;
    this.oauthError = details.oauthError;
    this.retryAfter = details.retryAfter;
    this.isLasting = details.isLasting === true;
  }
}
