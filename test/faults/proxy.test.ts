import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso } from '../../src/emulator/default-directory.ts';
import { createFetch } from '../../src/platform/http.ts';
import type { ForwardProxy } from '../support/forward-proxy.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import type { PrivateCa } from '../support/private-ca.ts';
import { hasOpenssl, makePrivateCa } from '../support/private-ca.ts';
import type { Machine, ProgramEnd } from '../support/program.ts';
import { startMachine, whyMissing } from '../support/program.ts';

const tinyproxyMissing = whyMissing(['tinyproxy'], 'tinyproxy') !== undefined;
const credentials = { name: 'me', password: 'Pa55.word-of_the.proxy' };

// Every address of the machine: loopback addresses, as 127.0.0.1 is, never go through a proxy.
const host = '0.0.0.0';

let ca: PrivateCa;
let machine: Machine;
let proxy: ForwardProxy;
let strict: ForwardProxy;

describe.skipIf(tinyproxyMissing || !hasOpenssl())(
  'behind a real forward proxy (tinyproxy), to an Entra with a private CA',
  () => {
    beforeAll(async () => {
      ca = makePrivateCa('A company');
      proxy = await startForwardProxy();
      strict = await startForwardProxy(credentials);
    });
    afterAll(async () => {
      await Promise.all([proxy.stop(), strict.stop()]);
      ca.remove();
    });
    beforeEach(async () => {
      machine = await startMachine({ emulator: { host, tls: ca.issue([host, 'localhost']) } });
      machine.addSecret('password of the proxy', credentials.password);
      machine.addSecret('credentials of the proxy', Buffer.from(`me:${credentials.password}`).toString('base64'));
    });
    // It fails if the password stands in any output, argument or file.
    afterEach(() => machine.close());

    const signIn = (env: Record<string, string>): Promise<ProgramEnd> => {
      const fetch = createFetch({ SSL_CERT_FILE: ca.file });
      return machine.signIn([], { env, person: { username: alice.username, fetch } });
    };
    const target = (): string => new URL(machine.emulator.origin).host;
    const errorOf = ({ stderr }: ProgramEnd): unknown =>
      (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: unknown }).error;

    it.each([
      ['HTTPS_PROXY', 'SSL_CERT_FILE'],
      ['https_proxy', 'NODE_EXTRA_CA_CERTS'],
    ])('a whole sign-in and a renewal pass through %s, the CA named by %s', async (variable, certificates) => {
      const env = { [variable]: `http://${proxy.host}`, [certificates]: ca.file };
      const before = proxy.connections().length;
      expect(await signIn(env)).toMatchObject({ exitCode: 0 });
      expect(await machine.run(['token', '--refresh'], { env })).toMatchObject({ exitCode: 0, stderr: '' });
      const asked = proxy.connections().slice(before);
      expect(asked.length).toBeGreaterThanOrEqual(2);
      expect(new Set(asked)).toEqual(new Set([`CONNECT ${target()} HTTP/1.1`]));
      // Nobody else stood between: Entra's own certificate was checked through the tunnel.
      const stranger = await machine.run(['token', '--refresh', '--json'], {
        env: { [variable]: `http://${proxy.host}` },
      });
      expect(stranger).toMatchObject({ exitCode: 5, stdout: '' });
      expect(errorOf(stranger)).toMatchObject({
        code: 'network',
        message: `${target()} cannot be reached through ${proxy.host} (${variable}): its certificate is not trusted here.`,
        hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
      });
    });

    it.each(['NO_PROXY', 'no_proxy'])('%s goes past a proxy that is not there', async (variable) => {
      const env = { HTTPS_PROXY: 'http://127.0.0.1:9', SSL_CERT_FILE: ca.file };
      const before = proxy.connections().length;
      expect(await machine.run(['login', '--no-browser', '--json'], { env })).toMatchObject({
        exitCode: 5,
        stdout: '',
      });
      expect(await signIn({ ...env, [variable]: `example.com,${host}` })).toMatchObject({ exitCode: 0 });
      expect(proxy.connections()).toHaveLength(before);
    });

    it('its name and password are given to it, and to nobody else', async () => {
      const env = { HTTPS_PROXY: `http://me:${credentials.password}@${strict.host}`, SSL_CERT_FILE: ca.file };
      expect(await signIn(env)).toMatchObject({ exitCode: 0 });
      expect(await machine.run(['token', '--refresh', '--verbose'], { env })).toMatchObject({ exitCode: 0 });
      for (const { headers } of machine.emulator.requests) expect(headers).not.toHaveProperty('proxy-authorization');
      expect(JSON.stringify(machine.emulator.requests)).not.toContain(credentials.password);
    });

    it.each([
      ['without', ''],
      ['with wrong', 'me:wrong-password@'],
    ])('%s credentials it is exit 5, naming the variable and no password', async (_title, userinfo) => {
      machine.addSecret('wrong password', 'wrong-password');
      const env = { HTTPS_PROXY: `http://${userinfo}${strict.host}`, SSL_CERT_FILE: ca.file };
      const end = await machine.run(['login', '--no-browser', '--json', '--verbose'], { env });
      expect(end).toMatchObject({ exitCode: 5, stdout: '' });
      expect(errorOf(end)).toMatchObject({
        message: expect.stringMatching(/through 127\.0\.0\.1:\d+ \(HTTPS_PROXY\): the proxy /) as string,
        hint: 'Check HTTPS_PROXY, or except the host with NO_PROXY.',
      });
      expect(machine.emulator.requests).toEqual([]);
    });

    it.each(['HTTP_PROXY', 'http_proxy'])('%s serves what is http: the endpoint of App Service', async (variable) => {
      const plain = await startMachine({ emulator: { host } });
      try {
        const env = { ...plain.emulator.hostEnvironments.appService, ENTRA_LOGIN_AUTHORITY_HOST: undefined };
        const before = proxy.connections().length;
        const argv = ['token', '--managed-identity', '--resource', 'https://management.azure.com', '--refresh'];
        const end = await plain.run(argv, { env: { ...env, [variable]: `http://${proxy.host}` } });
        expect(end).toMatchObject({ exitCode: 0, stderr: '' });
        expect(proxy.connections().length).toBe(before + 1);
      } finally {
        await plain.close();
      }
    });

    it('the CA is enough without a proxy too, and without it nothing is sent', async () => {
      const refused = await machine.run(['login', '--no-browser', '--json']);
      expect(refused).toMatchObject({ exitCode: 5, stdout: '' });
      expect(machine.emulator.requests).toEqual([]);
      expect(await signIn({ NODE_EXTRA_CA_CERTS: ca.file })).toMatchObject({ exitCode: 0 });
      const whoami = await machine.run(['whoami', '--check', '--claim', 'tid'], { env: { SSL_CERT_FILE: ca.file } });
      expect(whoami).toMatchObject({ exitCode: 0, stdout: `${contoso.id}\n`, stderr: '' });
    });
  },
);
