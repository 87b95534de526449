import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RefusalReason } from './refusals.ts';

export interface Expectation {
  /** The values of `Host` that are ours; any other is DNS rebinding. */
  readonly hosts: readonly string[];
  readonly redirectPath: string;
  readonly startPath: string;
  readonly state: string;
  readonly responseMode: 'form_post' | 'query';
  readonly bodyBytes: number;
}

export type Verdict =
  | { readonly kind: 'start' }
  | { readonly kind: 'response'; readonly parameters: URLSearchParams }
  /** The redirect path without parameters. */
  | { readonly kind: 'bare' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly allow?: string }
  /** The sender left in the middle. */
  | { readonly kind: 'gone' };

/** Says what a request is; takes in the body of a refused one too (up to the limit), so that its sender reads the answer. */
export async function judgeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  expected: Expectation,
): Promise<Verdict> {
  const verdict = judgeHead(request, expected);
  if (verdict.kind === 'body') {
    if (waitsForContinue(request)) response.writeContinue();
    const body = await readBody(request, expected.bodyBytes);
    if (typeof body === 'string') return judgeParameters(body, expected);
    return body;
  }
  if (waitsForContinue(request) || declaredBytes(request) > expected.bodyBytes) return verdict;
  const rest = await readBody(request, expected.bodyBytes);
  return typeof rest === 'object' && rest.kind === 'gone' ? rest : verdict;
}

/** Says what it was that the HTTP parser or its clock refused. */
export function judgeBrokenRequest(
  error: Error,
  socket: Duplex,
): { readonly kind: 'tls' } | Extract<Verdict, { kind: 'gone' | 'refused' }> {
  const code = 'code' in error ? error.code : undefined;
  const firstByte = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket[0] : undefined;
  // 0x16 is a TLS handshake record (RFC 8446 section 5.1): the first byte of what a browser says to https://localhost.
  if (firstByte === 0x16) return { kind: 'tls' };
  // Browsers open connections in advance; one that never said a word is owed none.
  if (!socket.writable || ('bytesRead' in socket && socket.bytesRead === 0)) return { kind: 'gone' };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { kind: 'refused', reason: 'timed_out' };
  if (code === 'HPE_HEADER_OVERFLOW') return { kind: 'refused', reason: 'header_size' };
  return { kind: 'refused', reason: 'malformed' };
}

function judgeHead(request: IncomingMessage, expected: Expectation): Verdict | { readonly kind: 'body' } {
  const [host, ...moreHosts] = headerValues(request, 'host');
  if (host === undefined || moreHosts.length > 0 || !expected.hosts.includes(host.toLowerCase())) return refuse('host');

  const target = request.url ?? '';
  const queryAt = target.indexOf('?');
  const path = queryAt < 0 ? target : target.slice(0, queryAt);
  const query = queryAt < 0 ? '' : target.slice(queryAt + 1);
  if (equalInConstantTime(path, expected.startPath)) {
    return request.method === 'GET' ? { kind: 'start' } : refuse('method', 'GET');
  }
  if (path !== expected.redirectPath) return refuse('path');
  if (request.method === 'GET') return query === '' ? { kind: 'bare' } : judgeQuery(query, expected);
  if (expected.responseMode === 'query') return refuse('method', 'GET');
  if (request.method !== 'POST') return refuse('method', 'GET, POST');
  if (!isForm(request)) return refuse('content_type');
  return declaredBytes(request) > expected.bodyBytes ? refuse('body_size') : { kind: 'body' };
}

/** Entra and MSAL deliver some errors by GET whatever the response mode; a code never. */
function judgeQuery(query: string, expected: Expectation): Verdict {
  const verdict = judgeParameters(query, expected);
  const hasCode = verdict.kind === 'response' && verdict.parameters.has('code');
  return hasCode && expected.responseMode === 'form_post' ? refuse('code_by_get') : verdict;
}

function judgeParameters(encoded: string, expected: Expectation): Verdict {
  const parameters = new URLSearchParams(encoded);
  const [state, ...moreStates] = parameters.getAll('state');
  if (state === undefined || moreStates.length > 0 || !equalInConstantTime(state, expected.state))
    return refuse('state');
  return isAuthorizationResponse(parameters) ? { kind: 'response', parameters } : refuse('parameters');
}

/** Tells whether no parameter occurs twice (RFC 6749, 3.1) and there is either a `code` or an `error`. */
export function isAuthorizationResponse(parameters: URLSearchParams): boolean {
  const isUnique = new Set(parameters.keys()).size === parameters.size;
  const isOneOf = Boolean(parameters.get('code')) !== Boolean(parameters.get('error'));
  const isPure = !(parameters.has('code') && parameters.has('error'));
  return isUnique && isOneOf && isPure;
}

function isForm(request: IncomingMessage): boolean {
  const [type, ...more] = headerValues(request, 'content-type');
  const [mediaType] = (type ?? '').split(';');
  return (
    more.length === 0 &&
    mediaType?.trim().toLowerCase() === 'application/x-www-form-urlencoded' &&
    headerValues(request, 'content-encoding').length === 0
  );
}

/** Chunks as small as a byte each cost a hundred times their size, so that many are put together. */
const mostPieces = 64;

/** Reads at most `limit` bytes. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | Verdict> {
  let pieces: Buffer[] = [];
  let size = 0;
  try {
    const chunks: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > limit) return refuse('body_size');
      pieces.push(chunk);
      if (pieces.length > mostPieces) pieces = [Buffer.concat(pieces)];
    }
  } catch {
    return { kind: 'gone' };
  }
  return Buffer.concat(pieces).toString('utf8');
}

function declaredBytes(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

function waitsForContinue(request: IncomingMessage): boolean {
  return /100-continue/i.test(request.headers.expect ?? '');
}

/** `request.headers` hides a header that was sent twice. */
function headerValues(request: IncomingMessage, name: string): string[] {
  const { rawHeaders } = request;
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/** Tells the length apart at once; that is no secret. */
function equalInConstantTime(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function refuse(reason: RefusalReason, allow?: string): Verdict {
  return { kind: 'refused', reason, ...(allow === undefined ? {} : { allow }) };
}
