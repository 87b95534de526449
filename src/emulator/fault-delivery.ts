import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Reply } from './exchange.ts';
import type { AnswerFault } from './faults.ts';
import { escapeHtml } from './html.ts';
import { Refusal } from './refusals.ts';
import type { RefusalPlace } from './refusal-body.ts';
import { refusalReply } from './refusal-body.ts';

/** What delivering a fault works with. */
export interface FaultDelivery {
  readonly outgoing: ServerResponse;
  /** Handles the request as without the fault. */
  readonly answer: () => Reply;
  readonly send: (reply: Reply) => void;
  /** Writes the head alone; Content-Length is that of the reply's body. */
  readonly writeHead: (reply: Reply) => void;
  readonly place: RefusalPlace;
  /** Aborts when the emulator closes. */
  readonly ended: AbortSignal;
}

const hugeBodySize = 64 * 1024 * 1024;

/** Answers as the fault says. */
export async function deliverFault(fault: AnswerFault, delivery: FaultDelivery): Promise<void> {
  const { outgoing, answer, send, writeHead, place } = delivery;
  switch (fault.kind) {
    case 'latency':
      await wait(fault.milliseconds, delivery.ended);
      return send(answer());
    case 'never_answers':
      return undefined;
    case 'connection_dropped':
      return dropConnection(fault.when, delivery);
    case 'throttled':
      return send(plainText(429, 'Too Many Requests', fault.retryAfter));
    case 'server_error':
      return send(errorPage(fault.status, fault.retryAfter));
    case 'truncated_json':
      return sendHalf(delivery, answer());
    case 'malformed_json':
      return send(withBody(answer(), (body) => `${body.slice(0, -1)},,`));
    case 'html_page':
      return send({ ...errorPage(200), status: 200 });
    case 'wrong_content_type':
      return send(withHeader(answer(), 'Content-Type', fault.contentType));
    case 'empty_body':
      return send(withBody(answer(), () => ''));
    case 'redirect':
      return send({ status: fault.status ?? 302, headers: { Location: fault.location }, body: '' });
    case 'huge_body':
      return streamHugeBody(outgoing, fault.bytes ?? hugeBodySize);
    case 'changed_members':
      return send(withBody(answer(), (body) => JSON.stringify({ ...(JSON.parse(body) as object), ...fault.members })));
    case 'refused': {
      const { error, aadsts, description = 'Injected by a test.', suberror, claims, status } = fault;
      const refusal = new Refusal(aadsts, error, description, { suberror, claims, status });
      return send(refusalReply(refusal, place, { 'x-ms-clitelem': `1,${aadsts},0,,` }));
    }
  }

  function sendHalf({ outgoing: response }: FaultDelivery, reply: Reply): void {
    const half = reply.body.slice(0, Math.floor(reply.body.length / 2));
    writeHead({ ...reply, body: half });
    response.end(half);
  }
}

function dropConnection(when: 'before' | 'after' | 'in_body', { outgoing, answer, writeHead }: FaultDelivery): void {
  if (when === 'before') {
    outgoing.destroy();
    return;
  }
  const reply = answer();
  if (when === 'after') {
    outgoing.destroy();
    return;
  }
  writeHead(reply);
  outgoing.write(reply.body.slice(0, Math.floor(reply.body.length / 2)), () => outgoing.destroy());
}

function plainText(status: number, body: string, retryAfter: number | string | undefined): Reply {
  return { status, headers: { 'Content-Type': 'text/plain', ...retryAfterHeader(retryAfter) }, body };
}

function errorPage(status: number, retryAfter?: number | string): Reply {
  const title = status === 200 ? 'Welcome to the network' : `Our services aren't available right now (${status})`;
  const text = escapeHtml(title);
  return {
    status,
    headers: { 'Content-Type': 'text/html', ...retryAfterHeader(retryAfter) },
    body: `<!doctype html><html lang="en"><head><title>${text}</title></head><body><h2>${text}</h2></body></html>`,
  };
}

function retryAfterHeader(value: number | string | undefined): Reply['headers'] {
  return value === undefined ? {} : { 'Retry-After': String(value) };
}

function withBody(reply: Reply, change: (body: string) => string): Reply {
  return { ...reply, body: change(reply.body) };
}

function withHeader(reply: Reply, name: string, value: string): Reply {
  return { ...reply, headers: { ...reply.headers, [name]: value } };
}

function streamHugeBody(outgoing: ServerResponse, bytes: number): void {
  outgoing.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' });
  Readable.from(hugeBody(bytes)).pipe(outgoing);
}

function* hugeBody(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  yield Buffer.from('{"access_token":"');
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
  yield Buffer.from('"}');
}

async function wait(milliseconds: number, ended: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    ended.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
