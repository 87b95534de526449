import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { sleep, startDeadline } from './deadline.ts';
import { describeEntraError } from './entra-errors.ts';
import { parseJsonObject } from './json.ts';

/** What a request needs of the world. */
export type RequestContext = Pick<Context, 'fetch' | 'now'>;

/** An answer read to its end. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** The `WWW-Authenticate` header. */
  readonly challenge?: string | undefined;
  /** The `Location` header, of a redirect that was asked for. */
  readonly location?: string | undefined;
  readonly text: string;
  /** Seconds by which the server's clock is ahead of ours; `undefined` without a Date header. */
  readonly clockSkew: number | undefined;
}

/** How a request is made; `what` names it in messages ("the token endpoint"). */
export interface RequestPolicy {
  readonly what: string;
  /** Who answers, in messages, where it is not Entra ("GitHub Actions"). */
  readonly server?: string | undefined;
  /** How often it may be tried again after a dropped connection, a 429 or a 5xx. */
  readonly retries: 0 | 1 | 2;
  /** Whether a redirect is the answer; never followed even then. */
  readonly takesRedirects?: boolean | undefined;
  readonly deadline: Deadline;
}

// Discovery, keys and token answers are 1 to 20 kB; more is not Entra, and memory is not given to it.
const answerLimit = 1024 * 1024;
// One silent attempt leaves time for another within the usual 30 seconds.
const attemptLimit = 12_000;
const firstBackOff = 500;

/**
 * Sends a request and reads the whole answer, trying again as the policy says: back-off with jitter, or what
 * `Retry-After` says (RFC 9110, 10.2.3); not where the same would only happen again (`isLasting`). Redirects are never followed. Answers below 500 other than 3xx and 429 are
 * returned. Errors: `network`, `throttled`, `entra_unavailable`, and the deadline's reason.
 */
export async function sendRequest(
  context: RequestContext,
  url: string,
  init: RequestInit,
  policy: RequestPolicy,
): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await tryOnce(context, url, init, policy);
    if (outcome.kind === 'answer') return outcome.answer;
    if (attempt >= policy.retries || !outcome.mayRetry) throw outcome.error;
    const wait = outcome.retryAfter ?? firstBackOff * 2 ** attempt * (0.75 + Math.random() / 2);
    if (wait >= policy.deadline.remaining()) throw outcome.error;
    await sleep(wait, policy.deadline.signal);
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | {
      readonly kind: 'failure';
      readonly error: EntraLoginError;
      readonly mayRetry: boolean;
      /** Milliseconds. */
      readonly retryAfter?: number | undefined;
    };

async function tryOnce(
  context: RequestContext,
  url: string,
  init: RequestInit,
  policy: RequestPolicy,
): Promise<Outcome> {
  const failure = (happened: string, cause?: unknown): EntraLoginError =>
    new EntraLoginError('network', `${new URL(url).host} ${happened} (${policy.what}).`, {
      hint: 'Check the network and try again.',
      cause,
    });
  const silence = (): EntraLoginError => failure(`did not answer within ${attemptLimit / 1000} seconds`);
  const attempt = startDeadline(policy.deadline.signal, attemptLimit, silence);
  const { signal } = attempt;
  try {
    const response = await context.fetch(url, { ...init, redirect: 'manual', signal });
    const text = await readText(response, policy.what);
    return judge(context, response, text, policy);
  } catch (caught) {
    policy.deadline.signal.throwIfAborted();
    const error: unknown = signal.aborted ? signal.reason : caught;
    return error instanceof EntraLoginError
      ? { kind: 'failure', error, mayRetry: error.code === 'network' && !error.isLasting }
      : { kind: 'failure', error: failure('broke the connection off', error), mayRetry: true };
  } finally {
    attempt.end();
  }
}

async function readText(response: Response, what: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > answerLimit) throw unexpectedAnswer(what, 'answered with more than 1 MiB');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function judge(context: RequestContext, response: Response, text: string, policy: RequestPolicy): Outcome {
  const { status, headers } = response;
  if (status === 429 || status >= 500) {
    const seconds = retryAfterSeconds(headers.get('retry-after'), context.now());
    return {
      kind: 'failure',
      error: status === 429 ? throttled(policy, seconds) : unavailable(policy, status, seconds, text),
      mayRetry: true,
      retryAfter: seconds === undefined ? undefined : seconds * 1000,
    };
  }
  if (status >= 300 && status < 400 && policy.takesRedirects !== true) {
    const error = unexpectedAnswer(policy.what, `answered with a redirect (HTTP ${status}), which is never followed`);
    return { kind: 'failure', error, mayRetry: false };
  }
  const date = Date.parse(headers.get('date') ?? '');
  const clockSkew = Number.isNaN(date) ? undefined : (date - context.now().getTime()) / 1000;
  const contentType = headers.get('content-type') ?? '';
  const challenge = headers.get('www-authenticate') ?? undefined;
  const location = headers.get('location') ?? undefined;
  return { kind: 'answer', answer: { status, contentType, challenge, location, text, clockSkew } };
}

function retryAfterSeconds(value: string | null, now: Date): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now.getTime()) / 1000);
}

function throttled({ what, server = 'Entra' }: RequestPolicy, seconds: number | undefined): EntraLoginError {
  const wait = seconds === undefined ? 'in a minute' : `in ${Math.ceil(seconds)} seconds`;
  return new EntraLoginError('throttled', `${server} throttles requests to ${what} (HTTP 429).`, {
    hint: `Try again ${wait}; ask for fewer tokens at a time.`,
    retryAfter: seconds,
  });
}

function unavailable(
  policy: RequestPolicy,
  status: number,
  seconds: number | undefined,
  text: string,
): EntraLoginError {
  const { what, server = 'Entra' } = policy;
  const wait = seconds === undefined ? 'in a minute' : `in ${Math.ceil(seconds)} seconds`;
  const said = describeEntraError(parseJsonObject(text));
  return new EntraLoginError('entra_unavailable', `${server} cannot serve ${what} just now (HTTP ${status}).`, {
    hint:
      policy.server === undefined
        ? `Try again ${wait}; https://status.cloud.microsoft tells of outages.`
        : `Try again ${wait}.`,
    retryAfter: seconds,
    ...said,
  });
}

/** Makes the error for an answer that is not what the protocol says. */
export function unexpectedAnswer(what: string, happened: string, cause?: unknown): EntraLoginError {
  return new EntraLoginError('entra_unavailable', `Unexpected answer: ${what} ${happened}.`, {
    hint: 'Check the authority host and whether a proxy or a sign-in page of the network stands between.',
    cause,
  });
}

/** Reads the answer as a JSON object. Errors: `entra_unavailable` for HTML, malformed or empty answers. */
export function jsonOf(answer: Answer, what: string): Record<string, unknown> {
  const value = parseJsonObject(answer.text);
  if (value !== undefined) return value;
  const kind = answer.text.trim() === '' ? 'an empty answer' : /^\s*</.test(answer.text) ? 'HTML' : 'malformed JSON';
  throw unexpectedAnswer(what, `gave ${kind} (HTTP ${answer.status})`);
}
