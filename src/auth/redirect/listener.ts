import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Context, LoopbackConnection } from '../../context.ts';
import { EntraLoginError } from '../../errors.ts';
import { listenOnLoopback, uriWithPort } from './address.ts';
import { sendNotice, sendPage, sendStart, sendStatus } from './answer.ts';
import { limitConnections } from './connections.ts';
import { judgeBrokenRequest, judgeRequest } from './request.ts';
import type { RefusalReason } from './refusals.ts';

export interface RedirectListenerOptions {
  /** Where Entra sends the browser back to; port 0, or none, means any free port. */
  readonly redirectUri: URL;
  /** The one `state` that is accepted. */
  readonly state: string;
  readonly responseMode: 'form_post' | 'query';
  /** Makes the authorize URL once the port is known; gets the redirect URI exactly as Entra must see it. */
  readonly authorizationUrl: (redirectUri: string) => string;
  readonly findPortOwner: Context['findPortOwner'];
  /** Whose connections do not get the start page. */
  readonly isFromOtherUser: Context['isFromOtherUser'];
  /** Hears each kind of event once, however often it happens: what comes in must not flood a terminal. */
  readonly onEvent?: (event: RedirectListenerEvent) => void;
  readonly limits?: Partial<RedirectLimits>;
}

/** What happened while waiting; carries no value that came in. */
export type RedirectListenerEvent =
  /** The start page was fetched: the browser reaches this machine. */
  | { readonly type: 'browser_arrived' }
  /** The browser tried https on the http port (HSTS for localhost). */
  | { readonly type: 'tls_client_hello' }
  /** The redirect path was opened without parameters: a button on Entra's error page. */
  | { readonly type: 'bare_redirect' }
  | { readonly type: 'stray_request'; readonly reason: RefusalReason };

/** Bounds on what senders may cost; times in milliseconds. */
interface RedirectLimits {
  readonly bodyBytes: number;
  readonly headerBytes: number;
  readonly headersWithin: number;
  readonly requestWithin: number;
  readonly connections: number;
  readonly respondWithin: number;
}

export interface RedirectListener {
  /** The redirect URI with the real port, byte for byte as both of Entra's endpoints must see it. */
  readonly redirectUri: string;
  /** A short local address that sends the browser on to Entra. */
  readonly startUrl: string;
  /**
   * Resolves with the first response that carries the right state.
   * Rejects with the signal's reason when it aborts, and with `cancelled` when the listener is closed.
   */
  waitForResponse(signal: AbortSignal): Promise<RedirectResponse>;
  /** Ends at once, connections included; may be called again. */
  close(): Promise<void>;
}

/** Entra's authorization response; the browser waits for its page until `respond` is called. */
export interface RedirectResponse {
  /** No parameter occurs twice; there is either a `code` or an `error`. */
  readonly parameters: URLSearchParams;
  /** Answers the browser; resolves when the bytes are out or the browser is gone. */
  respond(page: { readonly status: number; readonly html: string }): Promise<void>;
}

const defaultLimits: RedirectLimits = {
  // A code is 1 to 2 kB, an error text with a claims challenge a few; ten times that is room enough.
  bodyBytes: 32 * 1024,
  // Cookies of every other app on localhost come along, whatever its port, so Node's 16 KiB may be too few.
  headerBytes: 32 * 1024,
  headersWithin: 5_000,
  requestWithin: 10_000,
  // A browser opens at most six. Beyond this the oldest gives way to the newest; held ones cost some 20 kB each.
  connections: 256,
  respondWithin: 2_000,
};

/**
 * Waits on both loopback addresses for Entra's authorization response (RFC 8252 section 7.3).
 * Strays are answered with 4xx and change nothing: only the right `state` ends the wait.
 * Errors: `port_in_use` (names the owner), `configuration` (the port may not be used).
 */
export async function startRedirectListener(options: RedirectListenerOptions): Promise<RedirectListener> {
  const limits = { ...defaultLimits, ...options.limits };
  // 128 bits: the start page gives away `state`, so web pages and whoever probes the port must not find it.
  const startPath = `/${randomBytes(16).toString('base64url')}`;
  const report = reportOnce(options.onEvent);
  const mailbox = openMailbox();
  const connections = limitConnections(limits.connections);
  let site: { readonly hosts: readonly string[]; readonly authorizationUrl: string } | undefined;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!site) return void response.destroy(); // a stray that came before both addresses were bound
    const { redirectUri, state, responseMode } = options;
    const verdict = await judgeRequest(request, response, {
      hosts: site.hosts,
      redirectPath: redirectUri.pathname,
      startPath,
      state,
      responseMode,
      bodyBytes: limits.bodyBytes,
    });
    if (verdict.kind === 'gone') return;
    if (verdict.kind === 'refused') {
      report({ type: 'stray_request', reason: verdict.reason });
      return sendNotice(response, verdict.reason, verdict.allow);
    }
    if (mailbox.isTaken()) {
      report({ type: 'stray_request', reason: 'answered' });
      return sendNotice(response, 'answered');
    }
    switch (verdict.kind) {
      case 'start':
        // The browser's arguments show the address to every user, and with `state` one could sign in for this person.
        if (await options.isFromOtherUser(endsOf(request.socket))) {
          report({ type: 'stray_request', reason: 'other_user' });
          return sendNotice(response, 'other_user');
        }
        report({ type: 'browser_arrived' });
        return sendStart(response, site.authorizationUrl);
      case 'bare':
        report({ type: 'bare_redirect' });
        return sendNotice(response, 'bare');
      case 'response':
        connections.keep(request.socket);
        mailbox.put({
          parameters: verdict.parameters,
          respond: (page) => sendPage(response, page, limits.respondWithin),
        });
    }
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch(() => response.destroy());
  };
  const makeServer = (): Server => {
    const server = createServer({
      insecureHTTPParser: false, // even where NODE_OPTIONS asks for it
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersWithin,
      requestTimeout: limits.requestWithin,
      connectionsCheckingInterval: Math.min(1_000, limits.headersWithin),
    });
    server.maxRequestsPerSocket = 1;
    server.on('request', onRequest);
    server.on('checkContinue', onRequest);
    server.on('checkExpectation', onRequest); // Node's own 417 would keep the connection
    server.on('connection', (socket) => connections.add(socket));
    server.on('clientError', (error, socket) => {
      const verdict = judgeBrokenRequest(error, socket);
      if (verdict.kind === 'refused') {
        report({ type: 'stray_request', reason: verdict.reason });
        sendStatus(socket, verdict.reason);
        return;
      }
      if (verdict.kind === 'tls') report({ type: 'tls_client_hello' });
      socket.destroy();
    });
    return server;
  };

  const address = await listenOnLoopback(options, makeServer);
  const redirectUri = uriWithPort(options.redirectUri, address.port);
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    mailbox.close();
    closed ??= address.close();
    connections.closeAll();
    await closed;
  };
  try {
    site = {
      hosts: hostsAt(options.redirectUri, address.port),
      authorizationUrl: options.authorizationUrl(redirectUri),
    };
  } catch (error) {
    await close();
    throw error;
  }
  return {
    redirectUri,
    startUrl: `http://${options.redirectUri.hostname}:${address.port}${startPath}`,
    waitForResponse: (signal) => mailbox.take(signal),
    close,
  };
}

function endsOf({ remoteAddress = '', remotePort = 0, localPort = 0 }: Socket): LoopbackConnection {
  return { remoteAddress, remotePort, localPort };
}

/** Entra compares byte for byte: MSAL's form without a path has no slash, and `URL` would add one. */
function hostsAt(setting: URL, port: number): readonly string[] {
  return ['localhost', '127.0.0.1', '[::1]', setting.hostname].map((name) => `${name}:${port}`);
}

function reportOnce(onEvent: RedirectListenerOptions['onEvent']): (event: RedirectListenerEvent) => void {
  const reported = new Set<string>();
  return (event) => {
    const kind = JSON.stringify(event);
    if (reported.has(kind)) return;
    reported.add(kind);
    onEvent?.(event);
  };
}

/** Holds the first response until somebody takes it. */
function openMailbox() {
  let letter: RedirectResponse | undefined;
  let deliver: ((response: RedirectResponse) => void) | undefined;
  let giveUp: ((reason: unknown) => void) | undefined;
  return {
    isTaken: () => letter !== undefined,
    put(response: RedirectResponse) {
      letter = response;
      deliver?.(response);
    },
    async take(signal: AbortSignal): Promise<RedirectResponse> {
      signal.throwIfAborted();
      if (letter) return letter;
      const abort = (): void => giveUp?.(signal.reason);
      try {
        return await new Promise<RedirectResponse>((resolve, reject) => {
          deliver = resolve;
          giveUp = reject;
          signal.addEventListener('abort', abort);
        });
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    close: () => giveUp?.(new EntraLoginError('cancelled', 'The sign-in was ended before the browser came back.')),
  };
}
