import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndependentServer } from '../support/oidc-provider.ts';
import { independentAccount, startIndependentServer, walkThroughSignIn } from '../support/oidc-provider.ts';
import type { Machine } from '../support/program.ts';
import { authorizeUrl, startMachine } from '../support/program.ts';

let machine: Machine;
let server: IndependentServer;
beforeEach(async () => {
  server = await startIndependentServer();
  machine = await startMachine();
});
afterEach(async () => {
  for (const secret of server.secrets) machine.addSecret('token of oidc-provider', secret);
  await server.close();
  await machine.close();
  expect(machine.emulator.requests).toEqual([]);
});

describe('an authorization server that is not ours (oidc-provider)', () => {
  it.each(['form_post', 'query'] as const)('signs a person in by %s, renews and signs out', async (mode) => {
    const bare = {
      ENTRA_LOGIN_AUTHORITY_HOST: undefined,
      ENTRA_LOGIN_TENANT: undefined,
      ENTRA_LOGIN_CLIENT_ID: undefined,
      ENTRA_LOGIN_REDIRECT_URI: undefined,
    };
    const settings = ['--authority-host', server.origin, '--tenant', server.tenantId, '--client-id', server.clientId];
    // oidc-provider gives a refresh token only to whom the person has consented to it.
    const words = ['--port', '0', '--response-mode', mode, '--prompt', 'consent', '--no-browser', '--json'];
    const program = machine.start(['login', ...settings, ...words], { env: bare });
    const [url] = await program.hear(authorizeUrl);
    const walk = await walkThroughSignIn(url);
    machine.addSecret('code of oidc-provider', walk.parameters['code'] ?? '');
    expect(walk).toMatchObject({
      status: 200,
      body: expect.stringContaining('You are signed in') as string,
      parameters: { code: expect.stringMatching(/./) as string, iss: `${server.origin}/${server.tenantId}/v2.0` },
    });
    const login = await program.ended;
    expect(login).toMatchObject({ exitCode: 0 });
    const { oid, sub, name, preferred_username: username } = independentAccount;
    expect(JSON.parse(login.stdout)).toMatchObject({
      account: { username, name, objectId: oid, tenantId: server.tenantId },
      claims: { iss: `${server.origin}/${server.tenantId}/v2.0`, aud: server.clientId, tid: server.tenantId, sub },
    });

    const run = (...argv: string[]) => machine.run(argv, { env: bare });
    expect(await run('whoami', '--claim', 'oid')).toMatchObject({ exitCode: 0, stdout: `${oid}\n`, stderr: '' });
    const userInfo = await run('whoami', '--userinfo', '--json');
    expect(userInfo).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(userInfo.stdout)).toMatchObject({ sub, name });
    const kept = await run('token');
    // Twice: oidc-provider gives a new refresh token each time and voids everything when an old one comes back.
    const renewed = [await run('token', '--refresh'), await run('token', '--refresh')];
    const tokens = [kept, ...renewed].map(({ exitCode, stdout, stderr }) => ({ exitCode, stdout, stderr }));
    for (const token of tokens) {
      expect(token).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^\S+\n$/) as string, stderr: '' });
      expect(server.secrets).toContain(token.stdout.trim());
    }
    expect(new Set(tokens.map(({ stdout }) => stdout)).size).toBe(3);
    expect(await run('whoami', '--check', '--claim', 'name')).toMatchObject({ exitCode: 0, stdout: `${name}\n` });
    expect(server.requests.filter((request) => request === 'POST /token')).toHaveLength(4);
    expect(await run('logout')).toMatchObject({ exitCode: 0, stdout: `Signed out: ${username} (profile "default")\n` });
    expect(await run('token')).toMatchObject({ exitCode: 3, stdout: '' });
    expect(machine.files()).toEqual([]);
  });
});
