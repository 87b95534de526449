import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../src/platform/http.ts';
import type { PrivateCa } from '../support/private-ca.ts';
import { hasOpenssl, makePrivateCa } from '../support/private-ca.ts';
import type { Machine } from '../support/program.ts';
import { startMachine } from '../support/program.ts';
import { startWorld } from '../support/world.ts';

// Somebody on the way to Entra, with a certificate of their own: the emulator stands for them.
describe.skipIf(!hasOpenssl())('somebody in the middle', () => {
  let ca: PrivateCa;
  let machine: Machine;
  beforeAll(() => {
    ca = makePrivateCa('Nobody trusts this');
  });
  afterAll(() => ca.remove());
  beforeEach(async () => {
    machine = await startMachine({ emulator: { tls: ca.issue(['127.0.0.1', 'localhost']) } });
  });
  afterEach(() => machine.close());

  it.each([
    ['with nothing set', {}],
    ['where other tools were told to accept any certificate', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ])('hears nothing %s', async (_what, env) => {
    const { exitCode, stdout, stderr } = await machine.run(['login', '--json'], { env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' });
    expect(stderr).toContain('its certificate is not trusted here');
    expect(machine.emulator.requests).toEqual([]);
  });

  it('leaves the variable to what exec runs, which is told what the person set', async () => {
    const env = { SSL_CERT_FILE: ca.file, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect(await machine.signIn([], { env, person: { fetch: trusting } })).toMatchObject({ exitCode: 0 });
    const words = ['exec', '--', 'sh', '-c', 'echo $NODE_TLS_REJECT_UNAUTHORIZED'];
    expect(await machine.run(words, { env })).toMatchObject({ exitCode: 0, stdout: '0\n' });
  });

  it('gets no request in the clear: an authority host, issuer or runner by http is refused', async () => {
    for (const host of ['http://login.example', 'http://localhost.login.example', 'http://127.0.0.1.login.example']) {
      const { exitCode, stderr } = await machine.run(['login'], { env: { ENTRA_LOGIN_AUTHORITY_HOST: host } });
      expect(exitCode).toBe(2);
      expect(stderr).toContain('The authority host is not valid');
    }
    const job = {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'http://runner.example/token',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'the-token-of-the-runner',
    };
    machine.addSecret('host_secret', job.ACTIONS_ID_TOKEN_REQUEST_TOKEN);
    const words = ['token', '--client-credentials', '--resource', 'https://graph.microsoft.com'];
    const { exitCode, stderr } = await machine.run(words, { env: { ...job, SSL_CERT_FILE: ca.file } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('There is no https address in ACTIONS_ID_TOKEN_REQUEST_URL');
  });

  // The person's browser is not what is tried here: it takes the answer of the emulator as it is.
  const trusting: typeof fetch = async (input, init) => {
    return await createFetch({ SSL_CERT_FILE: ca.file })(input, init);
  };
});

describe('a proxy that lies', () => {
  let proxy: Server;
  let answer = '';
  beforeEach(async () => {
    proxy = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer));
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => proxy.close());

  it.each([
    [
      'a page in place of the tunnel',
      'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>Sign in to the Wi-Fi</h1>',
    ],
    ['escape sequences in its refusal', 'HTTP/1.1 403 \u001b]0;owned\u0007\r\nX: \u001b[2J\r\n\r\n\u001b[2J'],
    ['a redirect', 'HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n'],
    ['nothing that is HTTP', '\u001b[2J\u0000\u0001\u0002'],
    ['a demand for a password', 'HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm="\u001b[2J"\r\n\r\n'],
  ])('by %s ends the sign-in with words, and the password of the proxy is not among them', async (_what, bytes) => {
    answer = bytes;
    const { port } = proxy.address() as AddressInfo;
    const world = await startWorld();
    const fetch = createFetch({ HTTPS_PROXY: `http://me:hunter2@127.0.0.1:${port}` });
    const env = { ENTRA_LOGIN_AUTHORITY_HOST: 'https://login.example' };
    try {
      for (const more of ['--json', '--verbose']) {
        const { exitCode, stdout, stderr } = await world.run(['login', more], { env, fetch });
        expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: '' });
        expect(stderr).not.toMatch(/[^\P{Cc}\n]|hunter2/u);
      }
    } finally {
      await world.close();
    }
  });
});
