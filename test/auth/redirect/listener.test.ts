import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import {
  startRedirectListener,
  type RedirectListener,
  type RedirectListenerEvent,
  type RedirectListenerOptions,
} from '../../../src/auth/redirect/listener.ts';
import { EntraLoginError } from '../../../src/errors.ts';

const state = 'the-expected-state-0123456789';
const form = 'application/x-www-form-urlencoded';
const good = new URLSearchParams({ code: '0.AXoA-the-code', state, session_state: 'guid' }).toString();

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(options: Partial<RedirectListenerOptions> = {}) {
  const events: RedirectListenerEvent[] = [];
  const listener = await startRedirectListener({
    redirectUri: new URL('http://localhost:0/callback'),
    state,
    responseMode: 'form_post',
    authorizationUrl: (uri) => `https://login.example/authorize?redirect_uri=${encodeURIComponent(uri)}&state=${state}`,
    findPortOwner: async () => undefined,
    isFromOtherUser: async () => false,
    onEvent: (event) => events.push(event),
    ...options,
  });
  ends.push(() => listener.close());
  return { listener, events, port: Number(new URL(listener.startUrl).port) };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly address?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

async function send(port: number, { method = 'GET', path = '/callback', address, headers, body }: Sent = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const sent = request({
      host: address ?? '127.0.0.1',
      port,
      method,
      path,
      headers: { Host: `localhost:${port}`, ...headers },
      agent: false,
    });
    sent.on('error', reject);
    sent.on('continue', () => sent.end(body));
    sent.on('response', (response) => {
      void text(response).then((content) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }),
      );
    });
    if (headers?.['Expect']) sent.flushHeaders();
    else sent.end(body);
  });
}

async function post(port: number, body: string, headers: Record<string, string> = {}, path = '/callback') {
  return send(port, { method: 'POST', path, headers: { 'Content-Type': form, ...headers }, body });
}

/** Sends bytes as they are, and answers everything that came back when the listener has closed the connection. */
async function sendBytes(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return text(socket).catch(() => '');
}

async function expectStillWaiting(listener: RedirectListener, port: number, parameters = good): Promise<void> {
  const answer = post(port, parameters);
  const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
  await response.respond({ status: 200, html: 'the page' });
  expect({ ...(await answer), headers: {} }).toEqual({ status: 200, headers: {}, body: 'the page' });
}

describe('the addresses', () => {
  test.each(['127.0.0.1', '::1'])('listens on %s', async (address) => {
    const { listener, port } = await start();
    const answer = await send(port, { address, path: new URL(listener.startUrl).pathname });
    expect(answer.status).toBe(302);
  });

  test('listens on no address but the loopback ones', async () => {
    const { port } = await start();
    // All of 127.0.0.0/8 reaches a listener on 0.0.0.0, but not one on 127.0.0.1.
    const refused = await send(port, { address: '127.0.0.2' }).catch((error: NodeJS.ErrnoException) => error.code);
    expect(refused).toBe('ECONNREFUSED');
  });

  test.each([
    ['http://localhost:0/callback', /^http:\/\/localhost:\d+\/callback$/],
    ['http://localhost:0', /^http:\/\/localhost:\d+$/],
    ['http://localhost', /^http:\/\/localhost:\d+$/],
    ['http://127.0.0.1:0/Sign-In/', /^http:\/\/127\.0\.0\.1:\d+\/Sign-In\/$/],
  ])('names %s with the real port, byte for byte as Entra is to see it', async (setting, pattern) => {
    let toldToEntra = '';
    const { listener } = await start({
      redirectUri: new URL(setting),
      authorizationUrl: (uri) => {
        toldToEntra = uri;
        return 'https://login.example/';
      },
    });
    expect(listener.redirectUri).toMatch(pattern);
    expect(toldToEntra).toBe(listener.redirectUri);
  });

  test('takes the response at / when the redirect URI has no path', async () => {
    const { listener, port } = await start({ redirectUri: new URL('http://localhost:0') });
    const answer = post(port, good, {}, '/');
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    await response.respond({ status: 200, html: '' });
    expect((await answer).status).toBe(200);
  });

  test('frees the port when the authorize URL cannot be made', async () => {
    const failing = start({
      redirectUri: new URL('http://localhost:0/callback'),
      authorizationUrl: () => {
        throw new TypeError('no endpoint');
      },
    });
    await expect(failing).rejects.toThrow('no endpoint');
  });
});

describe('the start page', () => {
  test('sends the browser to Entra without a body, and tells once that it arrived', async () => {
    const { listener, port, events } = await start();
    const path = new URL(listener.startUrl).pathname;
    const first = await send(port, { path });
    const again = await send(port, { path });
    const location = `https://login.example/authorize?redirect_uri=${encodeURIComponent(listener.redirectUri)}&state=${state}`;
    expect([first, again].map(({ status, headers, body }) => [status, headers.location, body])).toEqual([
      [302, location, ''],
      [302, location, ''],
    ]);
    expect(events).toEqual([{ type: 'browser_arrived' }]);
  });

  test('cannot be guessed, and is another one each time', async () => {
    const paths = [await start(), await start()].map(({ listener }) => new URL(listener.startUrl).pathname);
    expect(paths[0]).toMatch(/^\/[\w-]{22}$/);
    expect(paths[0]).not.toBe(paths[1]);
  });

  test.each(['HEAD', 'POST', 'PUT', 'OPTIONS'])('gives nothing away to %s', async (method) => {
    const { listener, port } = await start();
    const { status, headers } = await send(port, { method, path: new URL(listener.startUrl).pathname });
    expect([status, headers.allow, headers.location]).toEqual([405, 'GET', undefined]);
  });
});

describe('the response', () => {
  test('is handed over with all its parameters, and the browser is kept waiting for the page', async () => {
    const { listener, port } = await start();
    let answered = false;
    const answer = post(port, good, { 'Content-Type': `${form}; charset=UTF-8` }).finally(() => (answered = true));
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    await send(port, { path: '/favicon.ico' });
    expect([Object.fromEntries(response.parameters), answered]).toEqual([
      { code: '0.AXoA-the-code', state, session_state: 'guid' },
      false,
    ]);
    await response.respond({ status: 200, html: '<p>Signed in: Zoë' });
    const { status, body, headers } = await answer;
    expect([status, body, headers['content-type']]).toEqual([200, '<p>Signed in: Zoë', 'text/html; charset=utf-8']);
  });

  test('is kept for a caller who asks later', async () => {
    const { listener, port } = await start();
    const answer = post(port, good);
    await expect.poll(async () => (await post(port, good)).status).toBe(409);
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    await response.respond({ status: 400, html: 'No.' });
    expect([(await answer).status, (await answer).body]).toEqual([400, 'No.']);
  });

  test('may be an error, by POST or by GET', async () => {
    const error = new URLSearchParams({ error: 'access_denied', error_subcode: 'cancel', state }).toString();
    for (const method of ['POST', 'GET']) {
      const { listener, port } = await start();
      const answer = method === 'POST' ? post(port, error) : send(port, { path: `/callback?${error}` });
      const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
      await response.respond({ status: 200, html: '' });
      expect([(await answer).status, response.parameters.get('error')]).toEqual([200, 'access_denied']);
    }
  });

  test('comes by GET in query mode, and by GET alone', async () => {
    const { listener, port } = await start({ responseMode: 'query' });
    const refused = [
      await send(port, { method: 'HEAD', path: `/callback?${good}` }),
      await post(port, good),
      await post(port, '', {}, `/callback?${good}`),
    ];
    expect(refused.map(({ status, headers }) => [status, headers.allow])).toEqual([
      [405, 'GET'],
      [405, 'GET'],
      [405, 'GET'],
    ]);
    const answer = send(port, { path: `/callback?${good}` });
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    await response.respond({ status: 200, html: 'done' });
    expect([(await answer).body, response.parameters.get('code')]).toEqual(['done', '0.AXoA-the-code']);
  });

  test('may come in chunks, and after 100-continue', async () => {
    const ways: Record<string, string>[] = [
      { 'Transfer-Encoding': 'chunked' },
      { Expect: '100-continue', 'Content-Length': String(good.length) },
    ];
    for (const headers of ways) {
      const { listener, port } = await start();
      const answer = post(port, good, headers);
      const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
      await response.respond({ status: 200, html: 'done' });
      expect((await answer).body).toBe('done');
    }
  });

  test('is taken once: every later request gets 409 and changes nothing', async () => {
    const { listener, port } = await start();
    const answer = post(port, good);
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    const other = new URLSearchParams({ code: 'another', state }).toString();
    const later = [
      await post(port, other),
      await send(port, { path: new URL(listener.startUrl).pathname }),
      await send(port),
    ];
    expect(later.map(({ status, headers }) => [status, headers.location])).toEqual([
      [409, undefined],
      [409, undefined],
      [409, undefined],
    ]);
    await response.respond({ status: 200, html: 'first' });
    expect((await answer).body).toBe('first');
    expect((await listener.waitForResponse(AbortSignal.timeout(5_000))).parameters.get('code')).toBe('0.AXoA-the-code');
  });

  test('needs no browser that waits for the page', async () => {
    const { listener, port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${form}\r\nContent-Length: ${good.length}\r\n\r\n${good}`,
    );
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    socket.resetAndDestroy();
    await response.respond({ status: 200, html: 'x'.repeat(5_000_000) });
    await response.respond({ status: 200, html: 'again' });
  });

  test('gives up on a browser that does not read its page', async () => {
    const { listener, port } = await start({ limits: { respondWithin: 50 } });
    const socket = connect(port, '127.0.0.1');
    ends.push(() => socket.destroy());
    socket.write(
      `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${form}\r\nContent-Length: ${good.length}\r\n\r\n${good}`,
    );
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    await response.respond({ status: 200, html: 'x'.repeat(20_000_000) });
  });
});

describe('strays change nothing and the wait goes on', () => {
  const wrong = 'state=wrong&code=1';
  const strays: Record<string, { sent: Sent; status: number; allow?: string; reason?: string }> = {
    'another path': { sent: { path: '/favicon.ico' }, status: 404, reason: 'path' },
    'the path in another case': { sent: { path: `/Callback?${good}` }, status: 404, reason: 'path' },
    'the path with more behind it': { sent: { path: `/callback/?${good}` }, status: 404, reason: 'path' },
    'a path that only decodes to ours': { sent: { path: `/%63allback?${good}` }, status: 404, reason: 'path' },
    'an absolute request target': { sent: { path: `http://localhost/callback?${good}` }, status: 404, reason: 'path' },
    'a foreign Host (DNS rebinding)': { sent: { headers: { Host: 'evil.example' } }, status: 421, reason: 'host' },
    'a Host with another port': { sent: { headers: { Host: 'localhost:1' } }, status: 421, reason: 'host' },
    'a Host that begins like ours': {
      sent: { headers: { Host: 'localhost.evil.example' } },
      status: 421,
      reason: 'host',
    },
    'another method': { sent: { method: 'DELETE' }, status: 405, allow: 'GET, POST', reason: 'method' },
    HEAD: { sent: { method: 'HEAD', path: `/callback?${good}` }, status: 405, allow: 'GET, POST', reason: 'method' },
    'a CORS or private network preflight': {
      sent: {
        method: 'OPTIONS',
        headers: { Origin: 'https://evil.example', 'Access-Control-Request-Private-Network': 'true' },
      },
      status: 405,
      allow: 'GET, POST',
      reason: 'method',
    },
    'another content type': {
      sent: { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: good },
      status: 415,
      reason: 'content_type',
    },
    'no content type': { sent: { method: 'POST', body: good }, status: 415, reason: 'content_type' },
    'a packed body': {
      sent: { method: 'POST', headers: { 'Content-Type': form, 'Content-Encoding': 'gzip' }, body: good },
      status: 415,
      reason: 'content_type',
    },
    'a body over the limit in chunks': {
      sent: {
        method: 'POST',
        headers: { 'Content-Type': form, 'Transfer-Encoding': 'chunked' },
        body: `${good}&x=${'x'.repeat(32_768)}`,
      },
      status: 413,
      reason: 'body_size',
    },
    'a body over the limit that waits to be asked for': {
      sent: { method: 'POST', headers: { 'Content-Type': form, Expect: '100-continue', 'Content-Length': '70000' } },
      status: 413,
      reason: 'body_size',
    },
    'a wrong state': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: wrong },
      status: 400,
      reason: 'state',
    },
    'no state': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: 'code=1' },
      status: 400,
      reason: 'state',
    },
    'a repeated state': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: `${good}&state=${state}` },
      status: 400,
      reason: 'state',
    },
    'a repeated code': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: `${good}&code=2` },
      status: 400,
      reason: 'parameters',
    },
    'code and error together': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: `${good}&error=x` },
      status: 400,
      reason: 'parameters',
    },
    'code and an empty error': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: `${good}&error=` },
      status: 400,
      reason: 'parameters',
    },
    'neither code nor error': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: `state=${state}` },
      status: 400,
      reason: 'parameters',
    },
    'an empty code': {
      sent: { method: 'POST', headers: { 'Content-Type': form }, body: `state=${state}&code=` },
      status: 400,
      reason: 'parameters',
    },
    'an error by GET with a wrong state': {
      sent: { path: '/callback?error=access_denied&state=wrong' },
      status: 400,
      reason: 'state',
    },
    'a code by GET': { sent: { path: `/callback?${good}` }, status: 400, reason: 'code_by_get' },
  };

  test.each(Object.entries(strays))('%s', async (_, { sent, status, allow, reason }) => {
    const { listener, port, events } = await start();
    const answer = await send(port, sent);
    expect([answer.status, answer.headers.allow, events]).toEqual([status, allow, [{ type: 'stray_request', reason }]]);
    await expectStillWaiting(listener, port);
  });

  test('a bare GET is explained, and told once', async () => {
    const { listener, port, events } = await start();
    const answers = [await send(port), await send(port, { path: '/callback?' })];
    expect(answers.map(({ status, body }) => [status, body.includes('Entra ID sent no answer')])).toEqual([
      [400, true],
      [400, true],
    ]);
    expect(events).toEqual([{ type: 'bare_redirect' }]);
    await expectStillWaiting(listener, port);
  });

  test.each([
    [
      'two Host headers',
      421,
      (port: number) => `GET /callback HTTP/1.1\r\nHost: localhost:${port}\r\nHost: evil.example\r\n\r\n`,
    ],
    ['no Host header', 400, () => 'GET /callback HTTP/1.1\r\n\r\n'],
    ['HTTP/1.0 without a Host header', 421, () => 'GET /callback HTTP/1.0\r\n\r\n'],
    [
      'two content types',
      415,
      (port: number) =>
        `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${form}\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n`,
    ],
    [
      'two lengths (request smuggling)',
      400,
      (port: number) =>
        `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    ],
    [
      'a length beside chunks (request smuggling)',
      400,
      (port: number) =>
        `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a body of 1 MB, before it has arrived',
      413,
      (port: number) =>
        `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${form}\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000)}`,
    ],
    [
      'headers beyond their limit',
      431,
      (port: number) => `GET /callback HTTP/1.1\r\nHost: localhost:${port}\r\nCookie: ${'x'.repeat(40_000)}\r\n\r\n`,
    ],
    ['bytes that are no HTTP', 400, () => 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    [
      'an unknown expectation',
      404,
      (port: number) => `POST /x HTTP/1.1\r\nHost: localhost:${port}\r\nExpect: x\r\nContent-Length: 0\r\n\r\n`,
    ],
  ])('%s', async (_, status, bytes) => {
    const { listener, port } = await start();
    const answer = await sendBytes(port, bytes(port));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    await expectStillWaiting(listener, port);
  });

  test('a second request on the same connection is not served', async () => {
    const { listener, port } = await start();
    const one = `GET /nothing HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`;
    const answer = await sendBytes(
      port,
      `${one}POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${form}\r\nContent-Length: ${good.length}\r\n\r\n${good}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    await expectStillWaiting(listener, port, good.replace('the-code', 'other-code'));
  });

  test('a TLS ClientHello is recognised and told once', async () => {
    const { listener, port, events } = await start();
    const hello = Buffer.from('1603010200010001fc0303', 'hex');
    expect([await sendBytes(port, hello), await sendBytes(port, hello)]).toEqual(['', '']);
    expect(events).toEqual([{ type: 'tls_client_hello' }]);
    await expectStillWaiting(listener, port);
  });

  test('senders of half a header, half a body or nothing are cut off', async () => {
    const { listener, port, events } = await start({ limits: { headersWithin: 200, requestWithin: 400 } });
    const answers = await Promise.all([
      sendBytes(port, `GET /callback HTTP/1.1\r\nHost: local`),
      sendBytes(
        port,
        `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${form}\r\nContent-Length: 100\r\n\r\nstate=`,
      ),
      sendBytes(port, ''),
    ]);
    expect(answers.map((answer) => answer.split('\r\n')[0])).toEqual([
      'HTTP/1.1 408 Request Timeout',
      'HTTP/1.1 408 Request Timeout',
      '',
    ]);
    expect(events).toEqual([{ type: 'stray_request', reason: 'timed_out' }]);
    await expectStillWaiting(listener, port);
  });

  test('a sender who leaves in the middle is no matter', async () => {
    const { listener, port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST /callback HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: ${form}\r\nContent-Length: 100\r\n\r\nstate=`,
    );
    await send(port);
    socket.resetAndDestroy();
    await expectStillWaiting(listener, port);
  });

  test('connections held open give way to newer ones, but never the one whose page is awaited', async () => {
    const { listener, port } = await start({ limits: { connections: 3 } });
    const answer = post(port, good);
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    const idle = await Promise.all(Array.from({ length: 20 }, async () => openConnection(port)));
    expect((await send(port, { path: '/x' })).status).toBe(404);
    await expect.poll(() => idle.filter((socket) => socket.closed).length).toBe(19);
    await response.respond({ status: 200, html: 'mine' });
    expect((await answer).body).toBe('mine');
  });
});

async function openConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  ends.push(() => socket.destroy());
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)));
}

describe('every answer', () => {
  test('is neither kept, framed, guessed, shared nor kept alive', async () => {
    const { listener, port } = await start();
    const waiting = post(port, good);
    const strays = [await send(port), await send(port, { path: '/x' })];
    const response = await listener.waitForResponse(AbortSignal.timeout(5_000));
    await response.respond({ status: 200, html: '' });
    for (const { headers } of [...strays, await waiting]) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'content-security-policy': expect.stringMatching(/^default-src 'none'; style-src 'sha256-/) as string,
        connection: 'close',
      });
      expect(
        Object.keys(headers).filter((name) => /^access-control|^server$|^x-powered|^set-cookie/.test(name)),
      ).toEqual([]);
    }
  });
});

describe('the wait', () => {
  test.each([
    ['before', true],
    ['while', false],
  ])('ends with the reason of its signal when that aborts %s waiting', async (_, before) => {
    const { listener } = await start();
    const controller = new AbortController();
    const reason = new EntraLoginError('timeout', 'Nobody answered.');
    if (before) controller.abort(reason);
    const waiting = listener.waitForResponse(controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test('is cancelled when the listener is closed', async () => {
    const { listener } = await start();
    const waiting = listener.waitForResponse(new AbortController().signal);
    const cancelled = expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await listener.close();
    await cancelled;
  });

  test('closes at once, open connections included, more than once, and frees the port', async () => {
    const { listener, port } = await start();
    const idle = await openConnection(port);
    await Promise.all([listener.close(), listener.close()]);
    await expect.poll(() => idle.closed).toBe(true);
    await start({ redirectUri: new URL(`http://localhost:${port}/callback`) });
  });
});

describe('a taken port', () => {
  test.each(['127.0.0.1', '::1'])('is told with its owner, and not left for another (%s)', async (address) => {
    const blocker = createServer().listen(0, address);
    await new Promise((resolve) => blocker.once('listening', resolve));
    ends.push(() => blocker.close());
    const { port } = blocker.address() as AddressInfo;
    const failing = start({
      redirectUri: new URL(`http://localhost:${port}/callback`),
      findPortOwner: async () => ({ processId: 42, name: 'node', startedAt: new Date(2026, 10, 23, 9, 5) }),
    });
    await expect(failing).rejects.toMatchObject({
      code: 'port_in_use',
      message: `Port ${port} is in use by node (process 42, since 2026-11-23 09:05).`,
      hint: 'entra-login login --port 0',
    });
  });
});
