import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pageHeaders, renderNoticePage } from './page.ts';
import { refusals, type RefusalReason } from './refusals.ts';

/** Sends the browser on to Entra, without a body. */
export function sendStart(response: ServerResponse, authorizationUrl: string): void {
  response.writeHead(302, { ...connectionHeaders, 'Content-Length': 0, Location: authorizationUrl }).end();
}

/** Answers a request that changes nothing. */
export function sendNotice(response: ServerResponse, reason: RefusalReason, allow?: string): void {
  const { status, title, message } = refusals[reason];
  const html = Buffer.from(renderNoticePage({ title, message }));
  response.writeHead(status, {
    ...connectionHeaders,
    'Content-Length': html.length,
    ...(allow === undefined ? {} : { Allow: allow }),
  });
  response.end(html);
}

/** Sends the page the browser has been waiting for; resolves when the bytes are out, the browser is gone, or time is up. */
export async function sendPage(
  response: ServerResponse,
  page: { readonly status: number; readonly html: string },
  within: number,
): Promise<void> {
  if (response.destroyed || response.writableEnded) return;
  const html = Buffer.from(page.html);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, within);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    response.writeHead(page.status, { ...connectionHeaders, 'Content-Length': html.length });
    response.end(html);
  });
}

/** Answers bytes that were no HTTP request, where there is no response object to answer with. */
export function sendStatus(socket: Duplex, reason: RefusalReason): void {
  const { status } = refusals[reason];
  const headers = Object.entries({ ...connectionHeaders, 'Content-Length': 0 }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers, '', ''].join('\r\n'), () => socket.destroy());
}

/** A connection kept alive would keep the process alive. */
const connectionHeaders = { ...pageHeaders, Connection: 'close' };
