import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice } from '../../src/emulator/default-directory.ts';
import type { FormChanges } from '../support/under-attack.ts';
import { formRequest, sendBytes, signInUnderAttack } from '../support/under-attack.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

// The worst case: the attacker has got hold of the state, and must still not get a code of theirs in by a request that
// is anything but the one Entra makes. What an honest request with a wrong state meets is in redirect/listener.test.ts.
let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

type Bytes = string | Buffer;
type Attack = (port: number, good: string, state: string) => Bytes;

async function withstands(attack: Attack): Promise<void> {
  const before = world.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;
  const answers: string[] = [];
  const { exitCode, stdout, page } = await signInUnderAttack(world, async ({ port, state }) => {
    const good = `code=code-of-the-attacker&state=${state}`;
    for (const host of ['127.0.0.1', '::1']) answers.push(await sendBytes(port, attack(port, good, state), host));
  });
  // 4xx, Node's own 503 for a second request, or no answer at all; never a redirect, a page of success or the state.
  const statuses = answers.flatMap((answer) => [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status));
  expect(statuses.filter((status) => !/^(?:4..|503)$/.test(status ?? ''))).toEqual([]);
  expect({ exitCode, isAlice: stdout.includes(alice.objectId), status: page.status }).toEqual({
    exitCode: 0,
    isAlice: true,
    status: 200,
  });
  expect(world.emulator.requests.filter(({ path }) => path.endsWith('/token'))).toHaveLength(before + 1);
}

describe('DNS rebinding: a Host that is not ours', () => {
  it.each([
    'evil.example',
    'evil.example:PORT',
    'localhost.:PORT',
    'localhost',
    'localhost:',
    'localhost:1',
    'localhost:0PORT',
    'localhost:PORT.evil.example',
    'localhost.evil.example:PORT',
    'user@localhost:PORT',
    'localhost:PORT@evil.example',
    'evil.example#localhost:PORT',
    'localhost:PORT, evil.example',
    '127.1:PORT',
    '127.0.0.2:PORT',
    '2130706433:PORT',
    '0x7f000001:PORT',
    '0177.0.0.1:PORT',
    '0.0.0.0:PORT',
    '[::]:PORT',
    '::1:PORT',
    '[::ffff:127.0.0.1]:PORT',
    '[0:0:0:0:0:0:0:1]:PORT',
    'localhost%00:PORT',
    '',
  ])('%s', async (host) => {
    await withstands((port, good) => formRequest(port, good, { host: host.replace('PORT', String(port)) }));
  });

  it('hidden behind headers of a reverse proxy', async () => {
    const headers = ['X-Forwarded-Host: localhost', 'Forwarded: host=localhost', 'X-Original-URL: /callback'];
    await withstands((port, good) => formRequest(port, good, { host: 'evil.example', headers }));
  });

  it('sent twice, once right', async () => {
    await withstands((port, good) => formRequest(port, good, { headers: ['Host: evil.example'] }));
  });
});

describe('path smuggling: a request target that is not the path', () => {
  it.each([
    'http://localhost:PORT/callback',
    'http://evil.example/callback',
    '//localhost:PORT/callback',
    '//callback',
    '/./callback',
    '/x/../callback',
    '/callback/',
    '/callback/.',
    '/callback;a=b',
    '/callback%3F',
    '/callback%00',
    '/%63allback',
    '/Callback',
    '\\callback',
    'callback',
    '*',
    'localhost:PORT',
  ])('%s', async (target) => {
    await withstands((port, good) => formRequest(port, good, { target: target.replace('PORT', String(port)) }));
  });
});

describe('request smuggling', () => {
  const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const attacks: Readonly<Record<string, Attack>> = {
    'a length beside chunks': (port, good) =>
      formRequest(port, chunked(good), { headers: ['Transfer-Encoding: chunked'] }),
    'chunks that are not the last encoding': (port, good) =>
      formRequest(port, chunked(good), { length: null, headers: ['Transfer-Encoding: chunked, identity'] }),
    'an encoding that nobody knows': (port, good) =>
      formRequest(port, good, { length: null, headers: ['Transfer-Encoding: xchunked'] }),
    'a space before the colon': (port, good) =>
      formRequest(port, chunked(good), { headers: ['Transfer-Encoding : chunked'] }),
    'a folded header (obs-fold)': (port, good) =>
      formRequest(port, chunked(good), { length: null, headers: ['Transfer-Encoding:\r\n chunked'] }),
    'lines that end with a line feed alone': (port, good) => String(formRequest(port, good)).replaceAll('\r\n', '\n'),
    'a carriage return alone in a header': (port, good) => formRequest(port, good, { headers: ['X: a\rHost: evil'] }),
    'a NUL in a header': (port, good) => formRequest(port, good, { headers: ['X: a\0b'] }),
    'two lengths': (port, good) => formRequest(port, good, { headers: ['Content-Length: 5'] }),
    'a length with a sign': (port, good) => formRequest(port, good, { length: `+${good.length}` }),
    'a length in hexadecimal': (port, good) => formRequest(port, good, { length: `0x${good.length.toString(16)}` }),
    'a negative length': (port, good) => formRequest(port, good, { length: -1 }),
    'a length beyond all numbers': (port, good) => formRequest(port, good, { length: '9'.repeat(40) }),
    'a chunk size beyond all numbers': (port, good) =>
      formRequest(port, `${'f'.repeat(20)}\r\n${good}`, { length: null, headers: ['Transfer-Encoding: chunked'] }),
    'the code in the trailers of a body in chunks': (port, _good, state) =>
      formRequest(port, `${chunked(`state=${state}`).slice(0, -2)}code: code-of-the-attacker\r\n\r\n`, {
        length: null,
        headers: ['Transfer-Encoding: chunked', 'Trailer: code'],
      }),
    'a second request in the body of the first': (port, good) =>
      formRequest(port, formRequest(port, good), { target: '/favicon.ico' }),
    'a second request behind the first (pipelining)': (port, good) =>
      Buffer.concat([formRequest(port, 'code=1&state=wrong'), formRequest(port, good)]),
    'a second request behind one without a body': (port, good) =>
      Buffer.concat([
        Buffer.from(`GET /favicon.ico HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`),
        formRequest(port, good),
      ]),
  };
  it.each(Object.entries(attacks))('%s', async (_name, attack) => {
    await withstands(attack);
  });
});

describe('other protocols on the port', () => {
  const attacks: Readonly<Record<string, Attack>> = {
    'HTTP/0.9': (_port, good) => `GET /callback?${good}\r\n\r\n`,
    'HTTP/1.0 without a Host': (port, good) => formRequest(port, good, { version: '1.0', host: null }),
    'HTTP/2 with prior knowledge': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0',
    'HTTP/3.0, which is no HTTP/1': (port, good) => formRequest(port, good, { version: '3.0' }),
    'an upgrade to HTTP/2 of a request by GET': (port, good) =>
      `GET /callback?${good} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    'a WebSocket': (port, good) =>
      `GET /callback?${good} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    CONNECT: (port) => `CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
    TRACE: (port, good) => `TRACE /callback?${good} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`,
    'TLS on the http port': () => Buffer.from('1603010100010000fc0303', 'hex'),
    SMTP: () => 'EHLO localhost\r\n',
    'nothing but zeros': () => Buffer.alloc(4_096),
  };
  it.each(Object.entries(attacks))('%s', async (_name, attack) => {
    await withstands(attack);
  });
});

describe('a body that another parser would read as an answer', () => {
  type Change = readonly [body: (good: string, state: string) => Bytes, changes?: FormChanges];
  const boundary = 'multipart/form-data; boundary=b';
  const part = (name: string, value: string): string =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const bodies: Readonly<Record<string, Change>> = {
    'names of arrays': [(good) => good.replaceAll('=', '[]=')],
    'a state in the query, a code in the body': [
      (): string => 'code=code-of-the-attacker',
      { target: '/callback?STATE' },
    ],
    'a code in the query, a state in the body': [
      (_good, state): string => `state=${state}`,
      { target: '/callback?code=code-of-the-attacker' },
    ],
    'two states, the right one first': [(good) => `${good}&state=wrong`],
    'two states, the right one last': [(good) => `state=wrong&${good}`],
    'two codes': [(good) => `${good}&code=2`],
    'a code and an error': [(good) => `${good}&error=access_denied`],
    'two of any other name': [(good) => `${good}&iss=1&iss=2`],
    'semicolons between the parameters': [(good) => good.replace('&', ';')],
    'names in capitals': [(good) => good.replace('state', 'STATE')],
    'a state with a space behind it': [(good) => `${good}+`],
    'a state with a line break behind it': [(good) => `${good}%0A`],
    'a state with a NUL behind it': [(good) => `${good}%00`],
    'the beginning of the state': [(good) => good.slice(0, -1)],
    'the state without regard to case': [(good) => good.replace(/state=.*/, (state) => state.toUpperCase())],
    'a byte order mark': [
      (good) => Buffer.concat([Buffer.from('\ufeff'), Buffer.from(good.split('&').toReversed().join('&'))]),
    ],
    'UTF-16': [(good) => Buffer.from(good, 'utf16le'), { type: 'application/x-www-form-urlencoded; charset=utf-16le' }],
    'a multipart form': [
      (_good, state) => `${part('state', state)}${part('code', 'code-of-the-attacker')}--b--\r\n`,
      { type: boundary },
    ],
    'a form as plain text, as a page may send it': [(good) => good, { type: 'text/plain' }],
    JSON: [(_good, state) => JSON.stringify({ state, code: 'code-of-the-attacker' }), { type: 'application/json' }],
    'no content type': [(good) => good, { type: null }],
    'two content types in one header': [(good) => good, { type: 'application/x-www-form-urlencoded, text/plain' }],
    'a content type that only begins right': [(good) => good, { type: 'application/x-www-form-urlencoded2' }],
    'a packed body': [(good) => good, { headers: ['Content-Encoding: deflate'] }],
    'thousands of parameters': [(good) => `${'a=&'.repeat(9_000)}${good}`],
  };
  it.each(Object.entries(bodies))('%s', async (_name, [body, changes = {}]) => {
    await withstands((port, good, state) =>
      formRequest(port, body(good, state), {
        ...changes,
        ...(changes.target === undefined ? {} : { target: changes.target.replace('STATE', `state=${state}`) }),
      }),
    );
  });
});

describe('cross-site requests of a page in the same browser', () => {
  it('a form that posts a guessed state is told nothing that the page could read', async () => {
    let answer = '';
    await signInUnderAttack(world, async ({ port }) => {
      const headers = ['Origin: https://evil.example', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'];
      answer = await sendBytes(port, formRequest(port, 'code=1&state=guessed', { headers }));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toMatch(/^Access-Control-/im);
    expect(answer).toMatch(/^Cross-Origin-Resource-Policy: same-origin\r$/m);
  });

  it('two hundred guesses of the state are refused alike, and the person still gets in', async () => {
    const answers = new Set<string>();
    const { exitCode } = await signInUnderAttack(world, async ({ port, state }) => {
      for (let guess = 0; guess < 200; guess += 1) {
        const guessed = `${String(guess).padStart(6, 'A')}${state.slice(6)}`;
        const answer = await sendBytes(port, formRequest(port, `code=1&state=${guessed}`));
        answers.add(answer.replace(/^Date: .*$/m, ''));
      }
    });
    expect({ exitCode, answers: answers.size }).toEqual({ exitCode: 0, answers: 1 });
  });
});
