import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { dirname, join } from 'node:path';
import process from 'node:process';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EntraLoginError } from '../../src/errors.ts';
import { createFetch } from '../../src/platform/http.ts';
import type { BuiltPrograms } from '../support/bundle-program.ts';
import { buildPrograms } from '../support/bundle-program.ts';
import type { PrivateCa } from '../support/private-ca.ts';
import { hasOpenssl, makePrivateCa } from '../support/private-ca.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function listen(server: Server | NetServer): Promise<number> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  server.on('connection', keep);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly host: string | undefined;
  readonly body: string;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** A server that answers like a token endpoint, and what it saw. */
async function startTarget(answer?: RequestListener): Promise<{ readonly port: number; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const port = await listen(createHttpServer(targetOf(seen, answer)));
  return { port, seen };
}

function targetOf(seen: Seen[], answer?: RequestListener): RequestListener {
  return async (request, response) => {
    const body = await readBody(request);
    seen.push({ method: request.method, url: request.url, host: request.headers.host, body });
    if (answer !== undefined) answer(request, response);
    else response.setHeader('x-trace', 'abc').end(`answer to ${body}`);
  };
}

interface TestProxy {
  readonly port: number;
  readonly tunnels: { readonly target: string | undefined; readonly authorization: string | undefined }[];
}

/** A real forward proxy: CONNECT, to this machine whatever the host's name, so that `entra.test` can be reached. */
async function startProxy(
  options: {
    readonly credentials?: string;
    readonly status?: number;
    readonly cert?: string;
    readonly key?: string;
  } = {},
): Promise<TestProxy> {
  const tunnels: { target: string | undefined; authorization: string | undefined }[] = [];
  const refuse: RequestListener = (_request, response) => void response.writeHead(501).end();
  const { cert, key } = options;
  const server = cert === undefined ? createHttpServer(refuse) : createHttpsServer({ cert, key }, refuse);
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const authorization = request.headers['proxy-authorization'];
    tunnels.push({ target: request.url, authorization });
    const wanted = options.credentials;
    const isKnown = wanted === undefined || authorization === `Basic ${Buffer.from(wanted).toString('base64')}`;
    const status = isKnown ? (options.status ?? 200) : 407;
    client.on('error', () => {});
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\nproxy-authenticate: Basic realm="company"\r\n\r\n`);
      return;
    }
    const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  return { port: await listen(server), tunnels };
}

async function closedPort(): Promise<number> {
  const server = createHttpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function failureOf(attempt: Promise<unknown>): Promise<EntraLoginError> {
  const reason: unknown = await attempt.then(
    () => new Error('It did not fail.'),
    (error: unknown) => error,
  );
  if (reason instanceof EntraLoginError) return reason;
  throw reason;
}
const wordsOf = async (attempt: Promise<unknown>): Promise<unknown> => {
  const { code, message, hint } = await failureOf(attempt);
  return { code, message, hint };
};

describe('without a proxy', () => {
  it('sends and answers as Node’s own fetch does', async () => {
    const { port, seen } = await startTarget();
    const url = `http://127.0.0.1:${port}/token?a=b`;
    const response = await createFetch({})(url, { method: 'POST', body: 'grant' });
    expect([response.status, response.headers.get('x-trace'), await response.text()]).toEqual([
      200,
      'abc',
      'answer to grant',
    ]);
    expect(await (await createFetch({})(new Request(url))).text()).toBe('answer to ');
    expect(seen).toEqual([
      { method: 'POST', url: '/token?a=b', host: `127.0.0.1:${port}`, body: 'grant' },
      { method: 'GET', url: '/token?a=b', host: `127.0.0.1:${port}`, body: '' },
    ]);
  });

  it('gives each address of a host a second: on slow links Node’s 250 ms fail them all, one after the other', () => {
    const before = getDefaultAutoSelectFamilyAttemptTimeout();
    try {
      setDefaultAutoSelectFamilyAttemptTimeout(250);
      createFetch({});
      expect(getDefaultAutoSelectFamilyAttemptTimeout()).toBe(1_000);
      setDefaultAutoSelectFamilyAttemptTimeout(5_000); // as the person may wish, with an option of Node
      createFetch({});
      expect(getDefaultAutoSelectFamilyAttemptTimeout()).toBe(5_000);
    } finally {
      setDefaultAutoSelectFamilyAttemptTimeout(before);
    }
  });

  it('never sends loopback through a proxy: that would be another machine’s loopback', async () => {
    const { port } = await startTarget();
    const proxy = await startProxy();
    const fetch = createFetch({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe('answer to ');
    }
    expect(proxy.tunnels).toEqual([]);
  });

  it('says that a connection was refused', async () => {
    const port = await closedPort();
    expect(await wordsOf(createFetch({})(`http://127.0.0.1:${port}/`))).toEqual({
      code: 'network',
      message: `127.0.0.1:${port} cannot be reached: the connection was refused.`,
      hint: 'Check the host, the port and the firewall.',
    });
  });

  it('says that a connection was broken off', async () => {
    const { port } = await startTarget((request) => request.socket.resetAndDestroy());
    expect(await wordsOf(createFetch({})(`http://127.0.0.1:${port}/`))).toEqual({
      code: 'network',
      message: `127.0.0.1:${port} cannot be reached: the connection was broken off.`,
      hint: 'Try again; a firewall or proxy may cut it.',
    });
  });

  it('says that a name cannot be resolved', async () => {
    expect(await wordsOf(createFetch({})('https://login.invalid/'))).toEqual({
      code: 'network',
      message: 'login.invalid cannot be reached: its name cannot be resolved.',
      hint: 'Check the network and DNS, and the host name.',
    });
  });

  it('says that TLS could not be agreed on where the port speaks something else', async () => {
    const { port } = await startTarget();
    expect(await wordsOf(createFetch({})(`https://127.0.0.1:${port}/`))).toEqual({
      code: 'network',
      message: `127.0.0.1:${port} cannot be reached: TLS could not be agreed on.`,
      hint: 'Check that the host speaks https on this port.',
    });
  });

  it.each([new EntraLoginError('cancelled', 'Cancelled.'), 'a text', new DOMException('late', 'TimeoutError')])(
    'lets an abort through as it is (%s)',
    async (reason) => {
      const arrived = new AbortController();
      const { port } = await startTarget(() => arrived.abort(reason));
      const attempt = createFetch({})(`http://127.0.0.1:${port}/`, { signal: arrived.signal });
      expect(await attempt.catch((error: unknown) => error)).toBe(reason);
      const already = createFetch({})(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort(reason) });
      expect(await already.catch((error: unknown) => error)).toBe(reason);
    },
  );
});

describe('through a proxy', () => {
  it('makes a tunnel to the host, for http too, and answers what comes back', async () => {
    const { port, seen } = await startTarget();
    const proxy = await startProxy();
    const fetch = createFetch({ HTTP_PROXY: `127.0.0.1:${proxy.port}` });
    const init = { method: 'POST', body: 'grant', headers: { 'content-type': 'text/plain' } };
    const response = await fetch(`http://entra.test:${port}/token`, init);
    expect([response.status, response.headers.get('x-trace'), await response.text()]).toEqual([
      200,
      'abc',
      'answer to grant',
    ]);
    expect(proxy.tunnels).toEqual([{ target: `entra.test:${port}`, authorization: undefined }]);
    expect(seen).toEqual([{ method: 'POST', url: '/token', host: `entra.test:${port}`, body: 'grant' }]);
  });

  it('takes a Request as Node’s own fetch does, with what overrides it', async () => {
    const { port, seen } = await startTarget();
    const proxy = await startProxy();
    const fetch = createFetch({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
    const request = new Request(`http://entra.test:${port}/`, { method: 'POST', body: 'grant' });
    expect(await (await fetch(request, { method: 'PUT' })).text()).toBe('answer to grant');
    expect(seen).toEqual([{ method: 'PUT', url: '/', host: `entra.test:${port}`, body: 'grant' }]);
  });

  it('heeds NO_PROXY', async () => {
    const proxy = await startProxy();
    const fetch = createFetch({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '.invalid' });
    expect((await failureOf(fetch('http://entra.invalid/'))).message).toBe(
      'entra.invalid cannot be reached: its name cannot be resolved.',
    );
    expect(proxy.tunnels).toEqual([]);
  });

  it('follows no redirect by itself, and answers one as it is, with its body and without', async () => {
    const { port } = await startTarget((request, response) => {
      if (request.url === '/empty') response.writeHead(204).end();
      else response.writeHead(302, { location: 'https://evil.example/' }).end('elsewhere');
    });
    const proxy = await startProxy();
    const fetch = createFetch({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
    const redirect = await fetch(`http://entra.test:${port}/`, { redirect: 'manual' });
    expect([redirect.status, redirect.headers.get('location'), await redirect.text()]).toEqual([
      302,
      'https://evil.example/',
      'elsewhere',
    ]);
    const empty = await fetch(`http://entra.test:${port}/empty`);
    expect([empty.status, empty.body]).toEqual([204, null]);
  });

  it('streams a huge body: what nobody reads is not taken from the server', async () => {
    const total = 256 * 1024 * 1024;
    let sent = 0;
    let ended: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => (ended = resolve));
    const { port } = await startTarget((_request, response) => {
      const part = Buffer.alloc(64 * 1024, 'x');
      const more = (): void => {
        while (sent < total && !response.destroyed) {
          sent += part.length;
          if (!response.write(part)) return;
        }
        response.end();
      };
      response.on('drain', more).on('close', () => ended?.());
      more();
    });
    const proxy = await startProxy();
    const response = await createFetch({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}` })(`http://entra.test:${port}/`);
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    expect((await reader.read()).value?.byteLength).toBeGreaterThan(0);
    await reader.cancel();
    await closed;
    expect(sent).toBeLessThan(total / 4);
  });

  it.each([
    ['me:p%40ss%3Aword', 'me:p@ss:word'],
    ['me:', 'me:'],
    ['me:100%sure', 'me:100%sure'],
  ])('proves itself with name and password (%s)', async (typed, credentials) => {
    const { port } = await startTarget();
    const proxy = await startProxy({ credentials });
    const fetch = createFetch({ HTTP_PROXY: `http://${typed}@127.0.0.1:${proxy.port}` });
    expect(await (await fetch(`http://entra.test:${port}/`)).text()).toBe('answer to ');
  });

  it.each([
    ['', 407, 'the proxy wants a name and password'],
    ['me:hunter2@', 407, 'the proxy wants a name and password'],
    ['me:hunter2@', 403, 'the proxy refused (HTTP 403)'],
    ['me:hunter2@', 502, 'the proxy refused (HTTP 502)'],
  ])('that refuses (%s) says so with HTTP %i, never with the password', async (typed, status, happened) => {
    const proxy = await startProxy(status === 407 ? { credentials: 'me:other' } : { status });
    const fetch = createFetch({ HTTP_PROXY: `http://${typed}127.0.0.1:${proxy.port}` });
    const error = await failureOf(fetch('http://entra.test:8080/'));
    expect({ code: error.code, message: error.message, hint: error.hint }).toEqual({
      code: 'network',
      message: `entra.test:8080 cannot be reached through 127.0.0.1:${proxy.port} (HTTP_PROXY): ${happened}.`,
      hint: 'Check HTTP_PROXY, or except the host with NO_PROXY.',
    });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/hunter2|aHVudGVyMg|Basic /);
  });

  it('that cannot be reached is said to be so', async () => {
    const port = await closedPort();
    const fetch = createFetch({ HTTP_PROXY: `http://me:hunter2@127.0.0.1:${port}` });
    const error = await failureOf(fetch('http://entra.test/'));
    expect({ code: error.code, message: error.message }).toEqual({
      code: 'network',
      message: `entra.test cannot be reached through 127.0.0.1:${port} (HTTP_PROXY): the connection was refused.`,
    });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hunter2');
  });

  it('whose name cannot be resolved is said to be so, even if it is called "proxy"', async () => {
    const fetch = createFetch({ HTTPS_PROXY: 'http://proxy.invalid:8080' });
    expect(await wordsOf(fetch('https://entra.test/'))).toEqual({
      code: 'network',
      message:
        "entra.test cannot be reached through proxy.invalid:8080 (HTTPS_PROXY): the proxy's name cannot be resolved.",
      hint: 'Check HTTPS_PROXY, or except the host with NO_PROXY.',
    });
  });

  it.each([
    'http://me:hunter2@',
    'http://me:hunter2@proxy:port',
    'ftp://me:hunter2@proxy',
    'socks5://me:hunter2@proxy',
  ])('that is no proxy’s address is a fault of the configuration, which is not repeated', async (value) => {
    const error = await failureOf(createFetch({ HTTPS_PROXY: value })('https://entra.test/'));
    expect({ code: error.code, message: error.message, hint: error.hint }).toEqual({
      code: 'configuration',
      message: 'The proxy is not valid (HTTPS_PROXY).',
      hint: 'Allowed: http://HOST:PORT or https://HOST:PORT, with NAME:PASSWORD@ before the host if it wants them.',
    });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hunter2');
  });

  it('that never answers is left at an abort, whose reason comes through as it is', async () => {
    const reason = new EntraLoginError('timeout', 'Nobody answered.');
    const controller = new AbortController();
    const proxy = createHttpServer().on('connect', () => controller.abort(reason));
    const fetch = createFetch({ HTTP_PROXY: `http://127.0.0.1:${await listen(proxy)}` });
    const attempt = fetch('http://entra.test/', { signal: controller.signal });
    expect(await attempt.catch((error: unknown) => error)).toBe(reason);
  });
});

describe.runIf(hasOpenssl())('certificates', () => {
  let ca: PrivateCa;
  let programs: BuiltPrograms;
  beforeAll(async () => {
    ca = makePrivateCa('Test CA');
    programs = await buildPrograms({ fetch: 'test/support/fetch-program.ts' });
  });
  afterAll(() => {
    ca.remove();
    programs.remove();
  });

  async function startTlsTarget(hosts: readonly string[], validity?: 'expired' | 'not_yet'): Promise<number> {
    return await listen(createHttpsServer(ca.issue(hosts, validity), targetOf([])));
  }

  it('of a private authority are trusted with SSL_CERT_FILE, directly and through a proxy', async () => {
    const port = await startTlsTarget(['localhost', 'entra.test']);
    const proxy = await startProxy();
    const fetch = createFetch({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, SSL_CERT_FILE: ca.file });
    expect(await (await fetch(`https://localhost:${port}/`)).text()).toBe('answer to ');
    expect(proxy.tunnels).toEqual([]);
    expect(await (await fetch(`https://entra.test:${port}/`)).text()).toBe('answer to ');
    expect(proxy.tunnels).toEqual([{ target: `entra.test:${port}`, authorization: undefined }]);
  });

  it('of the proxy itself are checked too, where it is an https one', async () => {
    const port = await startTlsTarget(['entra.test']);
    const proxy = await startProxy(ca.issue(['localhost']));
    const env = { HTTPS_PROXY: `https://localhost:${proxy.port}` };
    expect(await failureOf(createFetch(env)(`https://entra.test:${port}/`))).toMatchObject({
      code: 'network',
      message: `entra.test:${port} cannot be reached through localhost:${proxy.port} (HTTPS_PROXY): its certificate is not trusted here.`,
    });
    const trusting = createFetch({ ...env, SSL_CERT_FILE: ca.file });
    expect(await (await trusting(`https://entra.test:${port}/`)).text()).toBe('answer to ');
  });

  it('of a proxy that are for another host are said to be the proxy’s', async () => {
    const proxy = await startProxy(ca.issue(['other.test']));
    const env = { HTTPS_PROXY: `https://localhost:${proxy.port}`, SSL_CERT_FILE: ca.file };
    expect(await wordsOf(createFetch(env)('https://entra.test/'))).toEqual({
      code: 'network',
      message: `entra.test cannot be reached through localhost:${proxy.port} (HTTPS_PROXY): the proxy's certificate is for another host.`,
      hint: 'Check HTTPS_PROXY, or except the host with NO_PROXY.',
    });
  });

  it('that nobody here trusts are refused, naming NODE_EXTRA_CA_CERTS, directly and through a proxy', async () => {
    const port = await startTlsTarget(['localhost', 'entra.test']);
    const proxy = await startProxy();
    const fetch = createFetch({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, SSL_CERT_FILE: '' });
    expect(await failureOf(fetch(`https://localhost:${port}/`))).toMatchObject({
      code: 'network',
      message: `localhost:${port} cannot be reached: its certificate is not trusted here.`,
      hint: expect.stringContaining('set NODE_EXTRA_CA_CERTS to a PEM file') as string,
    });
    expect(await failureOf(fetch(`https://entra.test:${port}/`))).toMatchObject({
      message: `entra.test:${port} cannot be reached through 127.0.0.1:${proxy.port} (HTTPS_PROXY): its certificate is not trusted here.`,
    });
  });

  it.each([
    [
      ['localhost', 'entra.test'],
      'expired',
      'its certificate has expired',
      'Check the clock of this machine, and the host.',
    ],
    [['localhost', 'entra.test'], 'not_yet', 'its certificate is not valid yet', 'Check the clock of this machine.'],
    [['other.test'], undefined, 'its certificate is for another host', 'Check the authority host.'],
  ] as const)('for %j (%s) are refused: %s', async (hosts, validity, happened, hint) => {
    const port = await startTlsTarget(hosts, validity);
    const proxy = await startProxy();
    const fetch = createFetch({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, SSL_CERT_FILE: ca.file });
    expect(await wordsOf(fetch(`https://localhost:${port}/`))).toEqual({
      code: 'network',
      message: `localhost:${port} cannot be reached: ${happened}.`,
      hint,
    });
    expect(await wordsOf(fetch(`https://entra.test:${port}/`))).toEqual({
      code: 'network',
      message: `entra.test:${port} cannot be reached through 127.0.0.1:${proxy.port} (HTTPS_PROXY): ${happened}.`,
      hint,
    });
  });

  it('that cannot be read from SSL_CERT_FILE are a fault of the configuration', async () => {
    const file = join(dirname(ca.file), 'nothing.pem');
    expect(await wordsOf(createFetch({ SSL_CERT_FILE: file })('https://localhost:1/'))).toEqual({
      code: 'configuration',
      message: `The certificates of SSL_CERT_FILE cannot be read (${file}).`,
      hint: 'Set SSL_CERT_FILE to a PEM file, or unset it.',
    });
  });

  it('that are not PEM in SSL_CERT_FILE are a fault of the configuration, since TLS would take them for none', async () => {
    const file = join(dirname(ca.file), 'ca.der');
    writeFileSync(file, 'not PEM');
    expect(await wordsOf(createFetch({ SSL_CERT_FILE: file })('https://localhost:1/'))).toEqual({
      code: 'configuration',
      message: `The certificates of SSL_CERT_FILE are not PEM (${file}).`,
      hint: 'Set SSL_CERT_FILE to a PEM file, or unset it.',
    });
  });

  it('of the system are tried once a certificate is not trusted, where Node can tell them, and then kept', async () => {
    const port = await startTlsTarget(['localhost']);
    const asked: unknown[] = [];
    // Node's own function from 22.15 on; the system's store is nothing that a test may change.
    const original: unknown = Reflect.get(tls, 'getCACertificates');
    Reflect.set(tls, 'getCACertificates', (kind: unknown) => {
      asked.push(kind);
      return [readFileSync(ca.file, 'utf8')];
    });
    try {
      const fetch = createFetch({});
      for (const input of [`https://localhost:${port}/`, new Request(`https://localhost:${port}/`)]) {
        const init = { method: 'POST', body: 'grant' };
        expect(await (await fetch(input, init)).text()).toBe('answer to grant');
      }
    } finally {
      if (original === undefined) Reflect.deleteProperty(tls, 'getCACertificates');
      else Reflect.set(tls, 'getCACertificates', original);
    }
    expect(asked).toEqual(['system']);
  });

  describe('of NODE_EXTRA_CA_CERTS', () => {
    /** Runs the bundled program, since Node reads the variable when it starts; answers what it printed. */
    async function fetchInProcess(url: string, env: Record<string, string>): Promise<string> {
      const program = join(programs.directory, 'fetch.cjs');
      const child = spawn(process.execPath, [program, url], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let printed = '';
      child.stdout.on('data', (part) => (printed += String(part)));
      child.stderr.on('data', (part) => (printed += String(part)));
      await once(child, 'close');
      return printed;
    }

    it('are trusted directly, through a proxy, and beside those of SSL_CERT_FILE', async () => {
      const port = await startTlsTarget(['localhost', 'entra.test']);
      const proxy = await startProxy();
      const other = makePrivateCa('Other CA');
      try {
        const extra = { NODE_EXTRA_CA_CERTS: ca.file };
        const through = { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` };
        const [direct, proxied] = [`https://localhost:${port}/`, `https://entra.test:${port}/`];
        const printed = await Promise.all([
          fetchInProcess(direct, extra),
          fetchInProcess(proxied, { ...extra, ...through }),
          fetchInProcess(direct, { ...extra, SSL_CERT_FILE: other.file }),
          fetchInProcess(proxied, { ...extra, ...through, SSL_CERT_FILE: other.file }),
          fetchInProcess(direct, { SSL_CERT_FILE: other.file }),
        ]);
        expect(printed).toEqual([
          '200 answer to \n',
          '200 answer to \n',
          '200 answer to \n',
          '200 answer to \n',
          `network localhost:${port} cannot be reached: its certificate is not trusted here.\n`,
        ]);
      } finally {
        other.remove();
      }
    });

    it('that are not there leave the others in force, as Node has it', async () => {
      const port = await startTlsTarget(['localhost']);
      const missing = join(dirname(ca.file), 'nothing.pem');
      const env = { NODE_EXTRA_CA_CERTS: missing, SSL_CERT_FILE: ca.file, NODE_NO_WARNINGS: '1' };
      expect(await fetchInProcess(`https://localhost:${port}/`, env)).toMatch(/200 answer to \n$/);
    });
  });
});
