import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { EmulatorRequest, EndpointName, Reply } from './exchange.ts';
import { deliverFault } from './fault-delivery.ts';
import { takeAnswerFault } from './fault-matching.ts';
import { answerRequest, findEndpoint } from './router.ts';
import type { EmulatorState } from './state.ts';

/** One request as the emulator saw it. */
export interface RecordedRequest {
  readonly at: Date;
  readonly endpoint: EndpointName;
  readonly method: string;
  readonly path: string;
  /** The first value of each parameter. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The form body, the first value of each field; empty for other bodies. */
  readonly form: Readonly<Record<string, string>>;
  /** The body as it came. */
  readonly body: string;
  /** `undefined` until answered, and for ever if the connection was dropped. */
  readonly status: number | undefined;
}

/** What the server is started with. */
export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}

/** A listening server. */
export interface RunningServer {
  readonly origin: string;
  /** Stops listening and ends every connection, the kept-alive and the never-answered ones too. */
  close(): Promise<void>;
}

// Token requests with an assertion are below 10 kB; nothing that belongs here comes near.
const bodyLimit = 64 * 1024;

/** Starts to listen; `makeState` gets the origin, which is known only then. */
export async function startServer(
  { host, port, tls }: ServerOptions,
  journal: RecordedRequest[],
  makeState: (origin: string) => EmulatorState,
): Promise<RunningServer> {
  const server: Server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: boundPort } = server.address() as AddressInfo;
  const origin = `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;
  const state = makeState(origin);
  const ended = new AbortController();
  server.on('request', (incoming, outgoing) => {
    serve(state, journal, incoming, outgoing, ended.signal).catch((error: unknown) => failLoudly(outgoing, error));
  });
  return {
    origin,
    close: async () => {
      ended.abort();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  state: EmulatorState,
  journal: RecordedRequest[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  ended: AbortSignal,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', state.origin);
  const { endpoint, tenantSegment } = findEndpoint(url.pathname);
  const body = await readBody(incoming);
  const { method = 'GET', headers } = incoming;
  const form = isForm(headers['content-type']) ? new URLSearchParams(body ?? '') : new URLSearchParams();
  const request: EmulatorRequest = {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    form,
    cookies: readCookies(headers.cookie),
    tenantSegment,
    traceId: randomUUID(),
    correlationId: correlationIdOf(headers['client-request-id'] ?? url.searchParams.get('client-request-id')),
  };
  const recorded = {
    at: state.now(),
    endpoint: endpoint.name,
    method,
    path: url.pathname,
    query: firstValues(url.searchParams),
    headers,
    form: firstValues(form),
    body: body ?? '',
    status: undefined as number | undefined,
  };
  journal.push(recorded);
  const send = (reply: Reply): void => {
    recorded.status = reply.status;
    writeHead(state, request, outgoing, reply);
    // HEAD has the headers of GET and nothing else (RFC 9110, 9.3.2).
    outgoing.end(method === 'HEAD' ? undefined : reply.body);
  };
  if (body === undefined) {
    send({ status: 413, headers: { Connection: 'close', 'Content-Type': 'text/plain' }, body: 'Content Too Large' });
    return;
  }
  const answer = (): Reply => answerRequest(state, endpoint, request);
  const fault = takeAnswerFault(state.faults, endpoint.name, form.get('grant_type') ?? undefined);
  if (fault === undefined) {
    send(answer());
    return;
  }
  await deliverFault(fault, {
    outgoing,
    answer,
    send,
    writeHead: (reply) => {
      recorded.status = reply.status;
      writeHead(state, request, outgoing, reply);
    },
    place: { origin: state.origin, traceId: request.traceId, correlationId: request.correlationId, now: state.now() },
    ended,
  });
}

function writeHead(state: EmulatorState, request: EmulatorRequest, outgoing: ServerResponse, reply: Reply): void {
  // Node would write its own clock.
  outgoing.sendDate = false;
  const { 'Set-Cookie': cookies = [], ...headers } = reply.headers;
  outgoing.writeHead(reply.status, {
    Date: state.now().toUTCString(),
    'Content-Length': Buffer.byteLength(reply.body),
    ...commonHeaders,
    'x-ms-request-id': request.traceId,
    'Set-Cookie': [...frontEndCookies, ...(typeof cookies === 'string' ? [cookies] : cookies)],
    ...(headers as Record<string, string>),
  });
}

// entra.md 1.9: every answer carries these.
const commonHeaders = {
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  P3P: 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
  'x-ms-ests-server': '2.1.13006.6 - EMULATOR ProdSlices',
  'X-XSS-Protection': '0',
};

const frontEndCookies = [
  'x-ms-gateway-slice=estsfd; path=/; secure; samesite=none; httponly',
  'stsservicecookie=estsfd; path=/; secure; samesite=none; httponly',
];

/** Reads the body; `undefined` if it is over the limit. */
async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= bodyLimit) parts.push(part);
    // A little more is read and thrown away, so that the client hears the 413; then the connection ends.
    if (size > 16 * bodyLimit) break;
  }
  return size > bodyLimit ? undefined : Buffer.concat(parts).toString('utf8');
}

// A defect of the emulator: whoever runs the test should see it, not a dropped connection.
function failLoudly(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' });
  outgoing.end(`The emulator failed: ${error instanceof Error ? error.stack : String(error)}`);
}

function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? '');
}

function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.map(([name = '', ...value]) => [name, value.join('=')]));
}

function correlationIdOf(sent: string | readonly string[] | null): string {
  return typeof sent === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(sent) ? sent : randomUUID();
}

function firstValues(parameters: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...parameters].toReversed());
}
