import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob, contoso, fabrikam, webApplication, webSecret } from '../../src/emulator/default-directory.ts';
import type { World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const lines = (text: string): string[] => text.trim().split('\n');

describe('login by browser', () => {
  it('signs a person in, prints who it is and the claims on stdout, and words on stderr', async () => {
    const result = await world.run(['login']);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(lines(result.stdout).slice(0, 4)).toEqual([
      `Name       ${alice.name}`,
      `Username   ${alice.username}`,
      `Tenant     ${contoso.id}`,
      `Object ID  ${alice.objectId}`,
    ]);
    expect(result.stdout).toMatch(/^aud .*\n +whom the token is for/m);
    expect(result.stderr).toContain(`${world.emulator.origin}/${contoso.id}/oauth2/v2.0/authorize?`);
  });

  it('answers --json with the one document of the contract', async () => {
    const result = await world.run(['login', '--json']);
    const json = JSON.parse(result.stdout) as Record<string, unknown>;
    expect(json).toMatchObject({
      profile: 'default',
      account: { username: alice.username, name: alice.name, objectId: alice.objectId, tenantId: contoso.id },
      store: 'keychain',
      claims: { tid: contoso.id, oid: alice.objectId, aud: world.env['ENTRA_LOGIN_CLIENT_ID'] },
    });
    expect(Object.keys(json)).toEqual(['profile', 'account', 'scopes', 'expiresAt', 'store', 'claims']);
    expect(json['scopes']).toEqual(expect.arrayContaining(['openid', 'profile']));
    expect(Date.parse(String(json['expiresAt']))).toBeGreaterThan(Date.now() + 3_500_000);
    const event = JSON.parse(lines(result.stderr)[0] ?? '') as Record<string, string>;
    expect(event).toMatchObject({ event: 'browser', url: expect.stringContaining('/authorize?') as string });
    expect(Date.parse(event['expiresAt'] ?? '')).toBeGreaterThan(Date.now() + 290_000);
  });

  it('has the signing keys before it redeems the code, and asks for them once', async () => {
    expect(await world.run(['login'])).toMatchObject({ exitCode: 0 });
    const asked = world.emulator.requests.map(({ path }) => path.split('/').at(-1) ?? '');
    expect(asked.filter((name) => ['keys', 'token'].includes(name))).toEqual(['keys', 'token']);
  });

  it('asks for the signing keys again where they could not be had while the person signed in', async () => {
    world.emulator.injectFault({ endpoint: 'keys', times: 1, kind: 'server_error', status: 503 });
    expect(await world.run(['login'])).toMatchObject({ exitCode: 0 });
    const asked = world.emulator.requests.map(({ path }) => path.split('/').at(-1) ?? '');
    expect(asked.filter((name) => ['keys', 'token'].includes(name))).toEqual(['keys', 'token', 'keys']);
  });

  it('sends PKCE S256, state, nonce, form_post and the OpenID Connect scopes', async () => {
    await world.run([
      'login',
      '--prompt',
      'select_account',
      '--login-hint',
      alice.username,
      '--domain-hint',
      'contoso.com',
    ]);
    const authorize = world.emulator.requests.find(({ path }) => path.endsWith('/authorize'));
    expect(authorize?.query).toMatchObject({
      response_type: 'code',
      response_mode: 'form_post',
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      scope: 'openid profile email offline_access',
      prompt: 'select_account',
      login_hint: alice.username,
      domain_hint: 'contoso.com',
    });
  });

  it('redeems the code with the redirect URI of the authorization request, byte for byte, without a path too', async () => {
    const result = await world.run(['login', '--redirect-uri', 'http://localhost']);
    expect(result.exitCode).toBe(0);
    const authorize = world.emulator.requests.find(({ path }) => path.endsWith('/authorize'));
    const redeem = world.emulator.requests.find(({ path }) => path.endsWith('/token'));
    expect(redeem?.form?.['redirect_uri']).toBe(authorize?.query['redirect_uri']);
    expect(redeem?.form?.['redirect_uri']).toMatch(/^http:\/\/localhost:\d+$/);
  });

  it('takes the answer by query where that is asked for', async () => {
    const result = await world.run(['login', '--response-mode', 'query']);
    expect(result.exitCode).toBe(0);
    expect((await world.signIns())[0]?.url).toMatch(/^http:\/\/localhost:\d+\/callback\?code=/);
  });

  it('shows the page of success only after the tokens are kept', async () => {
    await world.run(['login']);
    expect((await world.signIns())[0]).toMatchObject({ delivered: true, status: 200 });
    expect((await world.signIns())[0]?.body).toContain('You can close this window');
    expect((await world.signIns())[0]?.body).toContain(alice.name);
  });

  it('signs in with a client secret from the environment ("Web" registration)', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
    const result = await world.run(['login'], { env });
    expect(result).toMatchObject({ exitCode: 0 });
    const redeem = world.emulator.requests.find(({ path }) => path.endsWith('/token'));
    expect(redeem?.form).toMatchObject({ client_id: webApplication.clientId, client_secret: webSecret });
    expect(await world.keychain.read('default')).not.toContain(webSecret);
  });

  it('says what to do when a "Web" registration is used without its secret', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId };
    const result = await world.run(['login', '--json'], { env });
    expect(result).toMatchObject({ exitCode: 4, stdout: '' });
    const { error } = JSON.parse(lines(result.stderr).at(-1) ?? '') as { error: Record<string, string> };
    expect(error).toMatchObject({ code: 'entra_refused', aadsts: 'AADSTS7000218' });
    expect(error['hint']).not.toBe('');
    expect((await world.signIns())[0]).toMatchObject({ delivered: true, status: 400 });
    expect((await world.signIns())[0]?.body).toContain('AADSTS7000218');
    expect(await world.keychain.read('default')).toBeUndefined();
  });

  it.each(['organizations', 'common', 'contoso.com'])('signs in at the tenant "%s"', async (tenant) => {
    const result = await world.run(['login', '--tenant', tenant]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(await world.run(['whoami', '--claim', 'tid'])).toMatchObject({ exitCode: 0, stdout: `${contoso.id}\n` });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('signs a guest in, whose identity is that of the resource tenant', async () => {
    const result = await world.run(['login', '--json'], { browser: world.browserOf({ username: bob.username }) });
    expect(result).toMatchObject({ exitCode: 0 });
    const { claims } = JSON.parse(result.stdout) as { claims: Record<string, string> };
    expect(claims).toMatchObject({ tid: contoso.id, idp: `https://sts.windows.net/${fabrikam.id}/` });
  });
});

describe('login without tokens to be had', () => {
  it('is access_denied when the person declines', async () => {
    const env = { ENTRA_LOGIN_CLIENT_ID: 'c0255e27-cccc-4ccc-8ccc-cccccccccccc' };
    const browser = world.browserOf({ consent: false });
    const result = await world.run(['login', '--json'], { env, browser });
    expect(result).toMatchObject({ exitCode: 4, stdout: '' });
    expect(lines(result.stderr).at(-1)).toContain('"code":"access_denied"');
    expect(await world.keychain.read('default')).toBeUndefined();
  });

  it('is exit 3 with --prompt none where a person is needed', async () => {
    const result = await world.run(['login', '--prompt', 'none', '--json']);
    expect(result).toMatchObject({ exitCode: 3, stdout: '' });
    expect(lines(result.stderr).at(-1)).toContain('"hint":"entra-login login"');
  });

  it('names a tenant that does not exist, with how to find the right one', async () => {
    const result = await world.run(['login', '--tenant', 'nowhere.example', '--json']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    const { error } = JSON.parse(lines(result.stderr).at(-1) ?? '') as { error: Record<string, string> };
    expect(error).toMatchObject({ code: 'configuration', aadsts: 'AADSTS90002' });
    expect(error['message']).toContain('nowhere.example');
    expect(error['hint']).toContain('--tenant');
  });

  it('ends with exit 7 when nobody comes in time', async () => {
    const browser = (): Promise<never> => new Promise(() => {});
    const never = await world.run(['login', '--timeout', '300ms', '--no-browser'], { browser });
    expect(never).toMatchObject({ exitCode: 7, stdout: '' });
    expect(never.stderr).toContain('Nobody signed in within 0.3 seconds');
  });

  it('ends with exit 130 on Ctrl-C', async () => {
    const controller = new AbortController();
    const { EntraLoginError } = await import('../../src/errors.ts');
    const onStderr = (text: string): void => {
      if (text.includes('authorize?')) controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
    };
    const result = await world.run(['login', '--no-browser'], { signal: controller.signal, onStderr });
    expect(result).toMatchObject({ exitCode: 130, stdout: '' });
  });

  it('goes on waiting with --no-fallback when the browser cannot be opened, and says so', async () => {
    const person = world.browserOf({});
    const browser = (url: string): Promise<{ outcome: 'failed'; reason: string }> => {
      void person(url, undefined);
      return Promise.resolve({ outcome: 'failed', reason: 'there is no xdg-open' });
    };
    const result = await world.run(['login', '--no-fallback'], { browser });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain('there is no xdg-open');
  });

  it.each([
    [['login', '--tenant', 'not a tenant'], '--tenant'],
    [['login', '--redirect-uri', 'https://localhost/cb'], '--redirect-uri'],
    [['login', '--redirect-uri', 'http://[::1]:5000/'], '--redirect-uri'],
    [['login', '--port', '70000'], '--port'],
    [['login', '--cloud', 'mars'], '--cloud'],
    [['login', '--authority-host', 'http://login.example.com'], '--authority-host'],
    [['login', '--profile', '../x'], '--profile'],
    [['login', '--store', 'cloud'], '--store'],
    [['login', '--claims', 'nonsense'], '--claims'],
    [['login', '--timeout', 'soon'], '--timeout'],
    [['login', '--prompt', 'please'], '--prompt'],
  ])('refuses %j before anything is sent, naming where the value came from', async (argv, place) => {
    const result = await world.run(argv);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(place);
    expect(world.emulator.requests).toEqual([]);
  });

  it('asks for tenant and client ID where none are set, naming the ways to set them', async () => {
    const env = { ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '' };
    const result = await world.run(['login'], { env });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain('ENTRA_LOGIN_TENANT');
    expect(result.stderr).toContain('entra-login demo');
  });
});

describe('login when somebody is signed in already', () => {
  it('proves it by a renewal, says so and asks nobody', async () => {
    await world.run(['login']);
    const before = world.emulator.requests.length;
    const again = await world.run(['login', '--json']);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(again.stdout)).toMatchObject({ account: { username: alice.username } });
    expect(world.emulator.requests.slice(before).map(({ path }) => path)).toEqual([`/${contoso.id}/oauth2/v2.0/token`]);
    expect((await world.run(['login'])).stderr).toContain(`Already signed in as ${alice.username}`);
  });

  it('proves one that was for several resources, as consent is, by the first of them', async () => {
    const scope = 'openid offline_access User.Read https://management.azure.com/user_impersonation';
    await world.run(['login', '--scope', scope]);
    for (const argv of [['login'], ['whoami', '--check'], ['status', '--check']]) {
      expect({ argv, ...(await world.run(argv)) }).toMatchObject({ exitCode: 0 });
    }
    expect(await world.signIns()).toHaveLength(1);
  });

  it('needs no settings the second time', async () => {
    await world.run(['login']);
    const env = { ENTRA_LOGIN_TENANT: '', ENTRA_LOGIN_CLIENT_ID: '', ENTRA_LOGIN_AUTHORITY_HOST: '' };
    expect(await world.run(['login'], { env })).toMatchObject({ exitCode: 0 });
    expect(await world.run(['token'], { env })).toMatchObject({ exitCode: 0 });
  });

  it.each([['--force'], ['--prompt', 'login'], ['--login-hint', 'dave@contoso.com'], ['--scope', 'openid Mail.Read']])(
    'asks the person again for %j %j',
    async (...option) => {
      await world.run(['login']);
      await world.run(['login', ...option]);
      expect(await world.signIns()).toHaveLength(2);
    },
  );

  it('goes on to the person when the renewal says that the sign-in no longer works', async () => {
    await world.run(['login']);
    world.emulator.revokeUser(alice.username);
    expect(await world.run(['login'])).toMatchObject({ exitCode: 0 });
    expect(await world.signIns()).toHaveLength(2);
  });

  it('never replaces an account of another client, unless forced', async () => {
    await world.run(['login']);
    const env = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId, ENTRA_LOGIN_CLIENT_SECRET: webSecret };
    const refused = await world.run(['login'], { env });
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('--profile NAME');
    expect(await world.run(['login', '--force'], { env })).toMatchObject({ exitCode: 0 });
    expect(await world.run(['login', '--profile', 'other'])).toMatchObject({ exitCode: 0 });
  });
});

describe('where login keeps the tokens', () => {
  it.each(['keychain', 'file'])(
    'keeps them in the %s, where whoami, token and logout find them by themselves',
    async (store) => {
      expect(await world.run(['login', '--store', store])).toMatchObject({ exitCode: 0 });
      expect(await world.run(['whoami', '--claim', 'oid'])).toMatchObject({
        exitCode: 0,
        stdout: `${alice.objectId}\n`,
      });
      expect(await world.run(['token'])).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await world.run(['logout'])).toMatchObject({ exitCode: 0 });
      expect(await world.run(['whoami'])).toMatchObject({ exitCode: 3, stdout: '' });
    },
  );

  it('keeps nothing in memory once it ends', async () => {
    expect(await world.run(['login', '--store', 'memory'])).toMatchObject({ exitCode: 0 });
    expect(await world.run(['whoami'])).toMatchObject({ exitCode: 3 });
  });

  it('keeps them in one place: a sign-in to the file store empties the keychain item', async () => {
    await world.run(['login']);
    await world.run(['login', '--store', 'file']);
    expect(await world.keychain.read('default')).toBeUndefined();
  });

  it('says before the browser opens that nothing can be kept, with the setting to use', async () => {
    const result = await world.run(['login', '--json'], { keychain: missingKeychain() });
    expect(result).toMatchObject({ exitCode: 6, stdout: '' });
    expect(result.stderr).toContain('"code":"keychain_unavailable"');
    expect(result.stderr).toContain('ENTRA_LOGIN_STORE=file');
    expect(world.emulator.requests).toEqual([]);
  });

  it('offers the file store on a terminal, and says that it is not encrypted', async () => {
    const options = { keychain: missingKeychain(), terminal: true };
    const yes = await world.run(['login'], { ...options, stdin: ['y'] });
    expect(yes).toMatchObject({ exitCode: 0 });
    expect(yes.stderr).toContain('not encrypted');
    expect(await world.run(['whoami', '--claim', 'oid'])).toMatchObject({ stdout: `${alice.objectId}\n` });
    await world.run(['logout']);
    expect(await world.run(['login'], { ...options, stdin: ['n'] })).toMatchObject({ exitCode: 6, stdout: '' });
  });

  it('asks nothing where the keychain was chosen by name', async () => {
    const options = { keychain: missingKeychain(), terminal: true, stdin: ['y'] };
    expect(await world.run(['login', '--store', 'keychain'], options)).toMatchObject({ exitCode: 6 });
  });
});
