import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Deadline } from '../../src/auth/deadline.ts';
import { startDeadline } from '../../src/auth/deadline.ts';
import type { Answer, RequestPolicy } from '../../src/auth/request.ts';
import { jsonOf, sendRequest } from '../../src/auth/request.ts';
import { EntraLoginError } from '../../src/errors.ts';

const deadlines: Deadline[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const deadline of deadlines.splice(0)) deadline.end();
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
});

const what = 'the token endpoint';
const timedOut = new EntraLoginError('timeout', 'Nobody answered.');
function policy(retries: 0 | 1 | 2, parent = new AbortController().signal): RequestPolicy {
  const deadline = startDeadline(parent, 30_000, () => timedOut);
  deadlines.push(deadline);
  return { what, retries, deadline };
}
const wordsOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    (answer) => ({ answer }),
    (error: unknown) =>
      error instanceof EntraLoginError ? { code: error.code, message: error.message, hint: error.hint } : error,
  );
const dropped = {
  code: 'network',
  message: 'entra.test broke the connection off (the token endpoint).',
  hint: 'Check the network and try again.',
};

async function startServer(listener: RequestListener): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    listener(request, response);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, seen };
}

describe('a request over the wire', () => {
  const context = { fetch: globalThis.fetch, now: (): Date => new Date('2026-11-23T12:00:00Z') };

  it('is sent as given, and its answer read to the end, with the skew of the server’s clock', async () => {
    const bodies: string[] = [];
    const { url, seen } = await startServer((request, response) => {
      request.on('data', (part) => bodies.push(String(part)));
      response.setHeader('date', 'Mon, 23 Nov 2026 12:00:07 GMT').setHeader('content-type', 'text/plain');
      response.write('first half, ');
      request.on('end', () => response.end('second half: ü'));
    });
    const init = { method: 'POST', body: 'grant_type=x', headers: { 'content-type': 'a/b' } };
    expect(await sendRequest(context, url, init, policy(0))).toEqual({
      status: 200,
      contentType: 'text/plain',
      text: 'first half, second half: ü',
      clockSkew: 7,
    });
    expect([seen[0]?.method, seen[0]?.headers['content-type'], bodies]).toEqual(['POST', 'a/b', ['grant_type=x']]);
  });

  it.each([200, 400, 401, 403, 404])('answered with %i is answered, and not sent again', async (status) => {
    const { url, seen } = await startServer((_request, response) => {
      response.sendDate = false;
      response.writeHead(status).end('{}');
    });
    expect(await sendRequest(context, url, {}, policy(2))).toEqual({
      status,
      contentType: '',
      text: '{}',
      clockSkew: undefined,
    });
    expect(seen).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])(
    'answered with a redirect (%i) goes nowhere else, and not again',
    async (status) => {
      const elsewhere = await startServer((_request, response) => void response.end('{}'));
      const { url, seen } = await startServer((_request, response) => {
        response.writeHead(status, { location: elsewhere.url }).end();
      });
      expect(await wordsOf(sendRequest(context, url, { method: 'POST', body: 'secret' }, policy(2)))).toEqual({
        code: 'entra_unavailable',
        message: `Unexpected answer: the token endpoint answered with a redirect (HTTP ${status}), which is never followed.`,
        hint: 'Check the authority host and whether a proxy or a sign-in page of the network stands between.',
      });
      expect([seen.length, elsewhere.seen.length]).toEqual([1, 0]);
    },
  );

  it('answered with 1 MiB is read; with a byte more it is left, and not sent again', async () => {
    let size = 1024 * 1024;
    const { url, seen } = await startServer((_request, response) => void response.end('x'.repeat(size)));
    expect((await sendRequest(context, url, {}, policy(2))).text).toHaveLength(size);
    size += 1;
    expect(await wordsOf(sendRequest(context, url, {}, policy(2)))).toMatchObject({
      code: 'entra_unavailable',
      message: 'Unexpected answer: the token endpoint answered with more than 1 MiB.',
    });
    expect(seen).toHaveLength(2);
  });

  it('answered without end is left after 1 MiB', async () => {
    let ended: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => (ended = resolve));
    const { url } = await startServer((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
      };
      response.on('drain', more).on('close', () => ended?.());
      more();
    });
    expect(await wordsOf(sendRequest(context, url, {}, policy(0)))).toMatchObject({
      message: 'Unexpected answer: the token endpoint answered with more than 1 MiB.',
    });
    await closed;
  });

  it.each<[string, RequestListener]>([
    ['before an answer', (request) => request.socket.destroy()],
    [
      'in the middle of the answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"access_token":', () => request.socket.destroy());
      },
    ],
  ])('cut off %s is a failure of the network, half of it is never used', async (_when, listener) => {
    const { url, seen } = await startServer(listener);
    expect(await wordsOf(sendRequest(context, url, {}, policy(0)))).toEqual({
      ...dropped,
      message: `${new URL(url).host} broke the connection off (the token endpoint).`,
    });
    expect(seen).toHaveLength(1);
  });

  it('ends at once when its limit does, with the reason of that', async () => {
    const reason = new EntraLoginError('cancelled', 'Cancelled.');
    const controller = new AbortController();
    const { url } = await startServer(() => controller.abort(reason));
    await expect(sendRequest(context, url, {}, policy(2, controller.signal))).rejects.toBe(reason);
  });
});

/** Answers as scripted, one a request; notes when each came, in milliseconds since the first. */
function script(...replies: readonly (() => Response | Promise<Response>)[]): {
  readonly send: (retries: 0 | 1 | 2, parent?: AbortSignal) => Promise<Answer>;
  readonly times: () => number[];
} {
  vi.useFakeTimers({ now: new Date('2026-11-23T12:00:00Z') });
  const moments: number[] = [];
  const fetch: typeof globalThis.fetch = async (_url, init) => {
    const reply = replies[moments.push(performance.now()) - 1];
    if (reply !== undefined) return await reply();
    // Silence: nothing comes until the caller gives it up.
    return await new Promise<Response>((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  };
  return {
    send: async (retries, parent) => {
      const answer = sendRequest({ fetch, now: () => new Date() }, 'https://entra.test/', {}, policy(retries, parent));
      answer.catch(() => {}); // it may fail while the timers are still being run
      await vi.advanceTimersByTimeAsync(60_000);
      return await answer;
    },
    times: () => moments.map((moment) => Math.round(moment - (moments[0] ?? 0))),
  };
}
const status =
  (code: number, headers: Record<string, string> = {}, body = '') =>
  (): Response =>
    new Response(body, { status: code, headers });
const within = (value: number, least: number, most: number): boolean => value >= least && value <= most;
const good = (): Response => new Response('{"ok":true}');
const drop = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));
const failWith = (failure: EntraLoginError) => (): Promise<Response> => Promise.reject(failure);

describe('a request that is tried again', () => {
  it.each([
    ['a 429', status(429)],
    ['a 500', status(500)],
    ['a 503', status(503)],
    ['a dropped connection', drop],
    ['a connection that failed', failWith(new EntraLoginError('network', 'no way there'))],
  ])('comes through after %s, or two', async (_what, fault) => {
    const { send, times } = script(fault, fault, good);
    expect(await send(2)).toMatchObject({ status: 200, text: '{"ok":true}' });
    expect(times()).toHaveLength(3);
  });

  it.each([0, 1, 2] as const)('is so at most %i times, as the policy says', async (retries) => {
    const { send, times } = script(drop, drop, drop, drop);
    expect(await wordsOf(send(retries))).toEqual(dropped);
    expect(times()).toHaveLength(retries + 1);
  });

  it('waits half a second, then a whole one, each a quarter more or less by chance', async () => {
    const waits: number[][] = [];
    for (let run = 0; run < 20; run += 1) {
      const { send, times } = script(drop, drop, good);
      await send(2);
      const [, first = 0, second = 0] = times();
      waits.push([first, second - first]);
    }
    const isFit = waits.map(([first = 0, second = 0]) => within(first, 375, 625) && within(second, 750, 1250));
    expect(isFit).toEqual(waits.map(() => true));
    expect(new Set(waits.map(([first]) => first)).size).toBeGreaterThan(1);
  });

  it.each([
    ['7', 7000],
    [' 7 ', 7000],
    ['0', 0],
    ['Mon, 23 Nov 2026 12:00:09 GMT', 9000],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ])('waits as Retry-After says: %s (RFC 9110, 10.2.3)', async (value, wait) => {
    const { send, times } = script(status(429, { 'retry-after': value }), good);
    await send(2);
    expect(times()).toEqual([0, wait]);
  });

  it('waits as if nothing were said where Retry-After says nothing that can be read', async () => {
    const { send, times } = script(status(503, { 'retry-after': 'soon' }), good);
    await send(1);
    expect(times()[1]).toBeLessThanOrEqual(625);
  });

  it.each([
    ['90', 'in 90 seconds'],
    ['30', 'in 30 seconds'],
    ['Mon, 23 Nov 2026 12:01:30 GMT', 'in 90 seconds'],
    ['999999999', 'in 999999999 seconds'],
  ])('is given up at once, with the seconds, where Retry-After (%s) is beyond the time left', async (value, wait) => {
    const { send, times } = script(status(429, { 'retry-after': value }), good);
    expect(await wordsOf(send(2))).toEqual({
      code: 'throttled',
      message: 'Entra throttles requests to the token endpoint (HTTP 429).',
      hint: `Try again ${wait}; ask for fewer tokens at a time.`,
    });
    expect(times()).toEqual([0]);
  });

  it('is given up after 12 silent seconds, and once more, within the limit', async () => {
    const { send, times } = script();
    await expect(send(2)).rejects.toBe(timedOut);
    const [, second = 0, third = 0] = times();
    expect(times()).toHaveLength(3);
    expect([within(second, 12_375, 12_625), within(third - second, 12_750, 13_250)]).toEqual([true, true]);
  });

  it('says that nothing was answered in 12 seconds where it is not tried again', async () => {
    const { send } = script();
    expect(await wordsOf(send(0))).toEqual({
      code: 'network',
      message: 'entra.test did not answer within 12 seconds (the token endpoint).',
      hint: 'Check the network and try again.',
    });
  });

  it('ends with Ctrl-C while it waits', async () => {
    const reason = new EntraLoginError('cancelled', 'Cancelled.');
    const controller = new AbortController();
    const { send, times } = script(status(429, { 'retry-after': '20' }), good);
    setTimeout(() => controller.abort(reason), 5000);
    await expect(send(2, controller.signal)).rejects.toBe(reason);
    expect(times()).toEqual([0]);
  });

  it('is not where the failure is no failure of the network', async () => {
    const wrong = new EntraLoginError('configuration', 'SSL_CERT_FILE cannot be read.');
    const { send, times } = script(failWith(wrong), good);
    await expect(send(2)).rejects.toBe(wrong);
    expect(times()).toEqual([0]);
  });
});

describe('an outage', () => {
  it('is told with what Entra says of it', async () => {
    const body = JSON.stringify({
      error: 'temporarily_unavailable',
      error_description: 'AADSTS90033: A transient error has occurred. Trace ID: x',
      correlation_id: '11111111-2222-3333-4444-555555555555',
      trace_id: '66666666-2222-3333-4444-555555555555',
    });
    const { send } = script(status(503, { 'retry-after': '120' }, body));
    await expect(send(2)).rejects.toMatchObject({
      code: 'entra_unavailable',
      message: 'Entra cannot serve the token endpoint just now (HTTP 503).',
      hint: 'Try again in 120 seconds; https://status.cloud.microsoft tells of outages.',
      aadsts: 'AADSTS90033',
      correlationId: '11111111-2222-3333-4444-555555555555',
      traceId: '66666666-2222-3333-4444-555555555555',
    });
  });

  it.each([
    [429, 'throttled', 'Try again in a minute; ask for fewer tokens at a time.'],
    [504, 'entra_unavailable', 'Try again in a minute; https://status.cloud.microsoft tells of outages.'],
  ])('without Retry-After (%i) is for a minute', async (code, name, hint) => {
    const { send } = script(status(code, {}, '<html>'));
    expect(await wordsOf(send(0))).toMatchObject({ code: name, hint });
  });
});

describe('an answer in JSON', () => {
  const answer = (text: string): Answer => ({
    ...{ status: 200, contentType: '', text, clockSkew: undefined, challenge: undefined },
  });

  it('is an object', () => {
    expect(jsonOf(answer(' {"a":1}\n'), what)).toEqual({ a: 1 });
  });

  it.each([
    ['', 'an empty answer'],
    [' \n', 'an empty answer'],
    ['<!DOCTYPE html><p>Sign in to the Wi-Fi', 'HTML'],
    ['\n <html>', 'HTML'],
    ['{"access_token":"ey', 'malformed JSON'],
    ['["secret"]', 'malformed JSON'],
    ['null', 'malformed JSON'],
  ])('%j is refused without repeating it', async (text, kind) => {
    expect(await wordsOf(Promise.resolve().then(() => jsonOf(answer(text), what)))).toEqual({
      code: 'entra_unavailable',
      message: `Unexpected answer: the token endpoint gave ${kind} (HTTP 200).`,
      hint: 'Check the authority host and whether a proxy or a sign-in page of the network stands between.',
    });
  });
});
