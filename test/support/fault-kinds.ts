import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import type { AnswerFault } from '../../src/emulator/faults.ts';
import { createFetch } from '../../src/platform/http.ts';
import type { PrivateCa } from './private-ca.ts';
import { makePrivateCa } from './private-ca.ts';

/** What happens to a request: an answer of the emulator, or a place where none can be had. */
export type MatrixFault =
  | { readonly kind: 'answer'; readonly fault: AnswerFault }
  /** Sent to another origin, with the settings of another environment. */
  | { readonly kind: 'place'; readonly origin: string; readonly send: typeof fetch };

/** In the URL of every proxy here. */
export const proxyPassword = 'the-password-of-the-proxy';

/** Servers that fail before there is HTTP. */
export interface FaultPlaces {
  /** Faults by the names that docs/faults.md gives them. */
  readonly faults: ReadonlyMap<string, MatrixFault>;
  close(): Promise<void>;
}

const anHour = 3_600;
// glibc sends no question for it: no label may have more than 63 letters.
const unresolvable = `${'a'.repeat(64)}.invalid`;

/** The names of all faults, in the order of docs/faults.md. */
export const faultNames = [
  'dropped before it is heard',
  'dropped before the answer',
  'dropped within the answer',
  'slow, by 2 seconds',
  'slow, by a minute',
  'never answered',
  '429',
  '429, Retry-After 2',
  '429, Retry-After an hour',
  '429, Retry-After a date in an hour',
  '429, Retry-After garbage',
  '500',
  '502',
  '503',
  '503, Retry-After an hour',
  '504',
  'truncated JSON',
  'malformed JSON',
  'HTML page',
  'empty answer',
  'redirect',
  '2 MiB',
  'wrong content type',
  'connection refused',
  'name cannot be resolved',
  'TLS broken off',
  'certificate of another host',
  'certificate of an unknown authority',
  'certificate expired',
  'certificate not valid yet',
  'proxy refuses connections',
  'proxy wants a name and password',
  'proxy refuses the host',
] as const;

type Faults = Readonly<Record<(typeof faultNames)[number], MatrixFault>>;

/** Starts the servers and answers every fault of the matrix. */
export async function startFaultPlaces(inAnHour: Date): Promise<FaultPlaces> {
  const ca = makePrivateCa('The CA of the fault matrix');
  const servers: Server[] = [];
  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const tls = (...issue: Parameters<PrivateCa['issue']>): Promise<number> =>
    listen(createServer(ca.issue(...issue), (_request, response) => void response.end('{}')));
  const proxy = (answer: string): Promise<number> =>
    listen(createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(answer))));

  const good = await tls(['localhost']);
  const reset = await listen(
    createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.resetAndDestroy())),
  );
  const nobody = await listen(createTcpServer());
  servers.pop()?.close();
  const [wantsName, refuses] = [
    await proxy('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n'),
    await proxy('HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<h1>no way</h1>'),
  ];
  const trusted: Record<string, string> = { SSL_CERT_FILE: ca.file };
  const elsewhere = (origin: string, env: Record<string, string>): MatrixFault => ({
    ...{ kind: 'place', origin, send: createFetch(env) },
  });
  const at = (port: number, env = trusted): MatrixFault => elsewhere(`https://localhost:${port}`, env);
  const through = (port: number): MatrixFault =>
    elsewhere('https://entra.test', { HTTPS_PROXY: `http://me:${proxyPassword}@127.0.0.1:${port}` });
  const places = {
    'connection refused': at(nobody),
    'name cannot be resolved': elsewhere(`https://${unresolvable}`, {}),
    'TLS broken off': at(reset),
    'certificate of another host': at(await tls(['other.test'])),
    'certificate of an unknown authority': at(good, {}),
    'certificate expired': at(await tls(['localhost'], 'expired')),
    'certificate not valid yet': at(await tls(['localhost'], 'not_yet')),
    'proxy refuses connections': through(nobody),
    'proxy wants a name and password': through(wantsName),
    'proxy refuses the host': through(refuses),
  };
  return {
    faults: new Map<string, MatrixFault>(Object.entries({ ...answers(inAnHour), ...places } satisfies Faults)),
    close: async () => {
      await Promise.all(servers.map((server) => new Promise((resolve) => void server.close(resolve))));
      ca.remove();
    },
  };
}

function answers(inAnHour: Date) {
  const answer = (fault: AnswerFault): MatrixFault => ({ kind: 'answer', fault });
  return {
    'dropped before it is heard': answer({ kind: 'connection_dropped', when: 'before' }),
    'dropped before the answer': answer({ kind: 'connection_dropped', when: 'after' }),
    'dropped within the answer': answer({ kind: 'connection_dropped', when: 'in_body' }),
    'slow, by 2 seconds': answer({ kind: 'latency', milliseconds: 2_000 }),
    'slow, by a minute': answer({ kind: 'latency', milliseconds: 60_000 }),
    'never answered': answer({ kind: 'never_answers' }),
    '429': answer({ kind: 'throttled' }),
    '429, Retry-After 2': answer({ kind: 'throttled', retryAfter: 2 }),
    '429, Retry-After an hour': answer({ kind: 'throttled', retryAfter: anHour }),
    '429, Retry-After a date in an hour': answer({ kind: 'throttled', retryAfter: inAnHour.toUTCString() }),
    '429, Retry-After garbage': answer({ kind: 'throttled', retryAfter: 'soon; <b>later</b>' }),
    '500': answer({ kind: 'server_error', status: 500 }),
    '502': answer({ kind: 'server_error', status: 502 }),
    '503': answer({ kind: 'server_error', status: 503 }),
    '503, Retry-After an hour': answer({ kind: 'server_error', status: 503, retryAfter: anHour }),
    '504': answer({ kind: 'server_error', status: 504 }),
    'truncated JSON': answer({ kind: 'truncated_json' }),
    'malformed JSON': answer({ kind: 'malformed_json' }),
    'HTML page': answer({ kind: 'html_page' }),
    'empty answer': answer({ kind: 'empty_body' }),
    redirect: answer({ kind: 'redirect', location: 'https://evil.example/steal' }),
    '2 MiB': answer({ kind: 'huge_body', bytes: 2 * 1024 * 1024 }),
    'wrong content type': answer({ kind: 'wrong_content_type', contentType: 'text/html' }),
  };
}
