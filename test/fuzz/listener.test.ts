import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedirectListener, RedirectListenerOptions, RedirectResponse } from '../../src/auth/redirect/listener.ts';
import { startRedirectListener } from '../../src/auth/redirect/listener.ts';
import { itHolds } from '../support/fuzz.ts';
import { formHeaders, shoot } from '../support/hostile-traffic.ts';
import { anyCuts, anyText, applyCuts } from '../support/hostile-values.ts';

const state = 'the-expected-state-0123456789';
// Times short enough that a sender who says nothing more is met by them in every case.
const limits = { headersWithin: 150, requestWithin: 200, bodyBytes: 4_096, headerBytes: 8_192, connections: 16 };
const closedWithin = 5_000;

function start(responseMode: RedirectListenerOptions['responseMode']): Promise<RedirectListener> {
  return startRedirectListener({
    redirectUri: new URL('http://localhost:0/callback'),
    ...{
      state,
      responseMode,
      limits,
      findPortOwner: () => Promise.resolve(undefined),
      isFromOtherUser: () => Promise.resolve(false),
    },
    authorizationUrl: (uri) => `https://login.example/authorize?redirect_uri=${encodeURIComponent(uri)}`,
  });
}

const body = (code: string, ours: string): string => `code=${code}&state=${ours}`;
const states = fc.constantFrom(state, state, 'another-state', '', `${state}x`, `${state}&state=${state}`);

/** Requests as a browser, a stranger or a scanner writes them, with the port still to come. */
const requests = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT', 'get', 'PRI'),
      fc.constantFrom(
        '/callback',
        '/',
        '*',
        '/callback/',
        '/favicon.ico',
        '//callback',
        'http://localhost:PORT/callback',
        '/callback?a=b',
        '/%63allback',
      ),
      states,
      fc.constantFrom('localhost:PORT', '127.0.0.1:PORT', 'evil.example', '', 'localhost:PORT@evil.example'),
    )
    .map(
      ([method, path, ours, host]) =>
        `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body('hostile', ours).length}\r\n\r\n${body('hostile', ours)}`,
    ),
  states.map((ours) => `GET /callback?${body('hostile', ours)} HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n`),
  states.map((ours) => `GET /callback?error=access_denied&state=${ours} HTTP/1.0\r\nHost: localhost:PORT\r\n\r\n`),
  states.map(
    (ours) =>
      `POST /callback HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n${body('hostile', ours).length.toString(16)}\r\n${body('hostile', ours)}\r\n0\r\n\r\n`,
  ),
  fc.constantFrom(
    'POST /callback HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /callback HTTP/1.1\r\nHost: localhost:PORT\r\nExpect: 100-continue\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999999999\r\n\r\n',
    'GET /callback HTTP/1.1\r\nHost: localhost:PORT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ),
);

interface Sender {
  readonly pieces: readonly Buffer[];
  readonly end: 'end' | 'stay' | 'reset';
}

const senders: fc.Arbitrary<Sender> = fc
  .record({
    bytes: fc.oneof(
      { weight: 4, arbitrary: requests.map((text) => Buffer.from(text, 'latin1')) },
      {
        weight: 5,
        arbitrary: fc.tuple(requests, anyCuts).map(([text, cuts]) => Buffer.from(applyCuts(text, cuts), 'latin1')),
      },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
      { weight: 1, arbitrary: anyText.map((text) => Buffer.from(text)) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(requests, fc.integer({ min: 100, max: 40_000 }))
          .map(([text, size]) => Buffer.from(text + 'x'.repeat(size), 'latin1')),
      },
    ),
    splits: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    end: fc.constantFrom<Sender['end'][]>('end', 'end', 'end', 'stay', 'reset'),
  })
  .map(({ bytes, splits, end }) => {
    const places = splits.map((share) => Math.floor(share * bytes.length)).toSorted((a, b) => a - b);
    const pieces = [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
    return { pieces, end };
  });

/** Sends the pieces one by one; answers what came back once the listener has closed the connection. */
async function send(port: number, { pieces, end }: Sender): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const late = setTimeout(() => reject(new Error('The listener left a connection open.')), closedWithin);
    let answer = '';
    socket.setNoDelay(true);
    socket.on('error', () => {}); // a reset is an answer too
    socket.on('data', (data: Buffer) => (answer += data.toString('latin1')));
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      clearTimeout(late);
      resolve(answer);
    });
    const write = async (): Promise<void> => {
      for (const piece of pieces) {
        socket.write(Buffer.from(piece.toString('latin1').replaceAll('PORT', String(port)), 'latin1'));
        await new Promise((next) => setImmediate(next));
      }
      if (end === 'end') socket.end();
      if (end === 'reset') socket.resetAndDestroy();
    };
    void write();
  });
}

const portOf = (listener: RedirectListener): number => Number(new URL(listener.startUrl).port);

async function answerPage(response: RedirectResponse): Promise<void> {
  await response.respond({ status: 200, html: 'done' });
}

describe('the listener', () => {
  itHolds(
    'answers or closes whatever bytes come, takes nothing but the right state, and then still the right response',
    80,
    fc.asyncProperty(
      fc.array(senders, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('form_post', 'query'),
      async (all, responseMode) => {
        const listener = await start(responseMode);
        try {
          const port = portOf(listener);
          const waiting = listener.waitForResponse(new AbortController().signal);
          void waiting.then(answerPage, () => {});
          const answers = await Promise.all(all.map((sender) => send(port, sender)));
          for (const answer of answers) {
            expect(answer).toMatch(/^(?:$|HTTP\/1\.1 (?:100|2|3|4)\d*)/);
            expect(answer).not.toContain('hostile'); // nothing of what came in is repeated
          }
          const shot =
            responseMode === 'query'
              ? { path: `/callback?${body('the-code', state)}` }
              : { path: '/callback', method: 'POST', headers: formHeaders, body: body('the-code', state) };
          const status = await shoot(port, shot);
          const { parameters } = await waiting;
          // A hostile one that was taken had our state, once, and a code or an error: it was the right one.
          expect(parameters.getAll('state')).toEqual([state]);
          expect(parameters.getAll('code').length + parameters.getAll('error').length).toBe(1);
          expect(status).toBe(parameters.get('code') === 'the-code' ? 200 : 409);
        } finally {
          await listener.close();
        }
      },
    ),
  );
});

describe('one listener under all of it', () => {
  let listener: RedirectListener;
  let waiting: Promise<RedirectResponse>;
  beforeAll(async () => {
    listener = await start('form_post');
    waiting = listener.waitForResponse(new AbortController().signal);
    waiting.catch(() => {});
  });
  afterAll(() => listener.close());

  const collect = (): number => {
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    return process.memoryUsage().heapUsed / 2 ** 20;
  };
  const strangers = senders.map(({ pieces, end }) => ({
    pieces: pieces.map((piece) => Buffer.from(piece.toString('latin1').replaceAll(state, 'another'), 'latin1')),
    end,
  }));
  let before = 0;

  itHolds(
    'answers or closes them all',
    80,
    fc.asyncProperty(fc.array(strangers, { minLength: 1, maxLength: 6 }), async (all) => {
      await Promise.all(all.map((sender) => send(portOf(listener), sender)));
      before ||= collect();
    }),
  );

  it('has grown by less than 16 MiB, and takes the right response', async () => {
    expect(collect() - before).toBeLessThan(16);
    void waiting.then(answerPage);
    const shot = { path: '/callback', method: 'POST', headers: formHeaders, body: body('the-code', state) };
    expect(await shoot(portOf(listener), shot)).toBe(200);
    expect((await waiting).parameters.get('code')).toBe('the-code');
  });
});
