import type { Reply } from './exchange.ts';
import { jsonReply } from './exchange.ts';
import { html, pageReply } from './html.ts';
import type { Refusal } from './refusals.ts';

/** Writes `error_description`: since 2024 its parts stand apart by spaces, before by line breaks (entra.md 4.4). */
export function describeRefusal(refusal: Refusal, traceId: string, correlationId: string, now: Date): string {
  return `AADSTS${refusal.number}: ${refusal.message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${errorTimestamp(now)}`;
}

/** Where and when a request was refused. */
export interface RefusalPlace {
  readonly origin: string;
  readonly traceId: string;
  readonly correlationId: string;
  readonly now: Date;
}

/** Answers a refusal as JSON, member order included (entra.md 4.4): 401 for `invalid_client`, else 400. */
export function refusalReply(refusal: Refusal, place: RefusalPlace, headers: Reply['headers']): Reply {
  const { number, error, details } = refusal;
  const body = {
    error,
    error_description: describeRefusal(refusal, place.traceId, place.correlationId, place.now),
    error_codes: [number],
    timestamp: errorTimestamp(place.now),
    trace_id: place.traceId,
    correlation_id: place.correlationId,
    error_uri: `${place.origin}/error?code=${number}`,
    suberror: details.suberror,
    claims: details.claims,
  };
  return jsonReply(details.status ?? (error === 'invalid_client' ? 401 : 400), body, headers);
}

/** Answers a refusal as the page that a person is left with: nothing goes back to the application. */
export function refusalPage(refusal: Refusal, { traceId, correlationId, now }: RefusalPlace): Reply {
  return pageReply({
    title: 'Sign in',
    status: 400,
    content: html`<h1>Sorry, but we're having trouble signing you in.</h1>
      <p>AADSTS${refusal.number}: ${refusal.message}</p>
      <h2>Troubleshooting details</h2>
      <dl>
        <dt>Trace ID</dt>
        <dd>${traceId}</dd>
        <dt>Correlation ID</dt>
        <dd>${correlationId}</dd>
        <dt>Timestamp</dt>
        <dd>${errorTimestamp(now)}</dd>
        <dt>Message</dt>
        <dd>AADSTS${refusal.number}</dd>
      </dl>`,
  });
}

// 2026-11-23 08:23:17Z
function errorTimestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
