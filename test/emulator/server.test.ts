import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { contoso } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator, EmulatorOptions } from '../../src/emulator/emulator.ts';
import { clientCertificate } from '../../src/emulator/test-keys.ts';
import { post, refusal, requestToken, send } from './support.ts';

const start = async (options: EmulatorOptions = {}): Promise<Emulator> => {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
};

describe('the server', () => {
  it('takes the port it is told, and says when it is taken', async () => {
    const { origin } = await start();
    const port = Number(new URL(origin).port);

    await expect(startEmulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('speaks https where it has a certificate', async () => {
    const { privateKey: key, certificate: cert } = clientCertificate;
    const { origin } = await start({ tls: { key, cert }, host: 'localhost' });
    const url = `${origin}/${contoso.id}/v2.0/.well-known/openid-configuration`;
    const body = await new Promise<string>((resolve, reject) => {
      requestHttps(url, { ca: cert, checkServerIdentity: () => undefined }, (response) => {
        response.on('data', (part: Buffer) => resolve(part.toString()));
      })
        .once('error', reject)
        .end();
    });

    expect(origin).toMatch(/^https:\/\/localhost:\d+$/);
    expect(JSON.parse(body)).toMatchObject({ issuer: `${origin}/${contoso.id}/v2.0` });
  });

  it('tells the emulated time in Date, and the headers of Entra everywhere', async () => {
    const { origin } = await start({ now: () => new Date('2031-05-06T07:08:09Z') });
    const { status, headers } = await send(`${origin}/nothing/here`);

    expect(status).toBe(404);
    expect(headers.get('date')).toBe('Tue, 06 May 2031 07:08:09 GMT');
    for (const name of [
      'x-ms-request-id',
      'x-ms-ests-server',
      'p3p',
      'strict-transport-security',
      'x-xss-protection',
    ]) {
      expect(headers.has(name)).toBe(true);
    }
  });

  it('refuses bodies over 64 KiB', async () => {
    const emulator = await start();
    const { status } = await requestToken(emulator, { grant_type: 'x', padding: 'a'.repeat(70_000) });

    expect(status).toBe(413);
    expect(emulator.requests.at(-1)).toMatchObject({ endpoint: 'token', status: 413 });
  });

  it('answers HEAD with the head of GET', async () => {
    const { origin } = await start();
    const url = `${origin}/common/v2.0/.well-known/openid-configuration`;
    const [head, get] = [await send(url, { method: 'HEAD' }), await send(url)];

    expect(head.text).toBe('');
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });

  it('closes connections that are kept alive and those that never said anything', async () => {
    const emulator = await startEmulator();
    const { port } = new URL(emulator.origin);
    await send(`${emulator.origin}/common/discovery/v2.0/keys`);
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    await emulator.close();

    await closed;
    await expect(fetch(emulator.origin)).rejects.toThrow(TypeError);
  });

  it('keeps a journal of everything it was asked', async () => {
    const emulator = await start();
    await post(`${emulator.origin}/a/b?c=d`, { e: 'f' }, { 'X-Test': 'g' });

    expect(emulator.requests).toEqual([
      {
        at: expect.any(Date),
        endpoint: 'other',
        method: 'POST',
        path: '/a/b',
        query: { c: 'd' },
        headers: expect.objectContaining({ 'x-test': 'g' }),
        form: { e: 'f' },
        body: 'e=f',
        status: 404,
      },
    ]);
  });

  it('tells a person who opens it what it is, and looks up errors', async () => {
    const { origin } = await start();

    expect((await send(`${origin}/`)).text).toContain('alice@contoso.com');
    expect((await send(`${origin}/error?code=50011<script>`)).text).toContain('<h1>AADSTS50011</h1>');
  });
});

describe('the directory', () => {
  it('takes more tenants, people, applications and APIs while it runs', async () => {
    const emulator = await start({ users: [], applications: [] });
    const tenantId = '77777777-7777-4777-8777-777777777777';
    emulator.addTenant({ id: tenantId, name: 'Woodgrove', domains: ['woodgrove.example'], region: 'AS' });
    emulator.addApplication({
      clientId: '99999999-9999-4999-8999-999999999999',
      name: 'Bank',
      tenantId,
      audience: 'single_tenant',
      redirectUris: {},
      secrets: [{ value: 'bank-secret' }],
      permissions: [],
      consent: 'granted',
    });
    emulator.addApiResource({
      appId: '88888888-8888-4888-8888-888888888888',
      name: 'Ledger',
      identifierUris: ['api://ledger'],
      scopes: [],
      tokenVersion: 2,
    });
    const form = { client_id: '99999999-9999-4999-8999-999999999999', grant_type: 'client_credentials' };
    const token = { ...form, client_secret: 'bank-secret', scope: 'api://ledger/.default' };

    expect((await requestToken(emulator, token, { tenant: 'woodgrove.example' })).status).toBe(200);
    expect(refusal(await requestToken(emulator, token))).toMatchObject({ aadsts: 700016 });
    expect(emulator.issued).toContainEqual({ kind: 'client_secret', value: 'bank-secret' });
    expect(() => emulator.revokeUser('nobody@nowhere.example')).toThrow('knows no user');
  });
});
