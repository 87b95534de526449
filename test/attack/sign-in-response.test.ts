import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob, contoso, desktopApplication } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { Target } from '../support/under-attack.ts';
import { formRequest, sendBytes, signInUnderAttack, startSignIn, urlOf } from '../support/under-attack.ts';
import type { RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const tokenRequests = (): number => world.emulator.requests.filter(({ path }) => path.endsWith('/token')).length;
const errorOf = ({ stderr }: RunResult): unknown => JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error;

/** Signs somebody in at Entra and catches the answer on its way back. */
async function catchAnswer(url: URL, username: string): Promise<Record<string, string>> {
  const caught = await signInAsScriptedPerson(url.href, {
    username,
    fetch: async (input, init) => {
      const isAnswer = urlOf(input).hostname === 'localhost';
      return isAnswer ? new Response('caught') : await globalThis.fetch(input, init);
    },
  });
  return { ...caught.parameters };
}

/** The authorize URL of a sign-in of the attacker's own, at the same redirect URI. */
function urlOfTheAttacker({ authorizeUrl }: Target, state: string): URL {
  const url = new URL(authorizeUrl);
  url.searchParams.set('state', state);
  url.searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
  return url;
}

const post = (port: number, parameters: Record<string, string>): Promise<string> =>
  sendBytes(port, formRequest(port, new URLSearchParams(parameters).toString()));

describe('login CSRF', () => {
  it('by the answer of a sign-in of the attacker’s own is refused, and the right person gets in', async () => {
    let answer = '';
    const { exitCode, stdout } = await signInUnderAttack(world, async (target) => {
      answer = await post(target.port, await catchAnswer(urlOfTheAttacker(target, 'own-state'), bob.username));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect({ exitCode, isAlice: stdout.includes(alice.objectId) }).toEqual({ exitCode: 0, isAlice: true });
  });

  it('by an error with a guessed state does not end the wait', async () => {
    let answer = '';
    const { exitCode } = await signInUnderAttack(world, async ({ port }) => {
      answer = await post(port, { error: 'access_denied', error_description: 'AADSTS65004', state: 'guessed' });
    });
    expect([answer.split('\r\n')[0], exitCode]).toEqual(['HTTP/1.1 400 Bad Request', 0]);
  });
});

describe('session fixation with a state that was stolen', () => {
  it('signs nobody in: the code of the attacker fits no verifier of ours (PKCE)', async () => {
    const { target, ended } = await startSignIn(world, ['--json']);
    const stolen = await catchAnswer(urlOfTheAttacker(target, target.state), bob.username);
    const page = await post(target.port, stolen);
    const result = await ended;
    expect(result).toMatchObject({ exitCode: 4, stdout: '' });
    expect(errorOf(result)).toMatchObject({ code: 'entra_refused', aadsts: 'AADSTS501481' });
    expect(page).toMatch(/^HTTP\/1\.1 400 /);
    expect(await world.keychain.list()).toEqual([]);
  });
});

describe('code injection', () => {
  it('of a code that the victim got in another sign-in is refused by Entra, and nothing is kept', async () => {
    const first = await startSignIn(world);
    const { code = '' } = await catchAnswer(first.target.authorizeUrl, alice.username);
    const second = await startSignIn(world, ['--json']);
    await post(second.target.port, { code, state: second.target.state });
    expect(errorOf(await second.ended)).toMatchObject({ code: 'entra_refused' });
    expect(await world.keychain.list()).toEqual([]);
    // The first still waits, with its own code unspent.
    await post(first.target.port, { code, state: first.target.state });
    expect(await first.ended).toMatchObject({ exitCode: 0 });
  });

  it('CVE-2026-84003: the ID token of another sign-in (nonce) is refused, and nothing is kept', async () => {
    for (const defect of ['wrong_nonce', 'missing_nonce'] as const) {
      world.emulator.injectFault({ kind: 'id_token', defect, times: 1 });
      const result = await world.run(['login', '--json']);
      expect(result).toMatchObject({ exitCode: 4, stdout: '' });
      expect(errorOf(result)).toMatchObject({ code: 'untrusted_response' });
    }
    expect(await world.keychain.list()).toEqual([]);
  });
});

describe('mix-up', () => {
  it.each([
    'https://evil.example/{tid}/v2.0',
    'ORIGIN/{other}/v2.0',
    'ORIGIN/{tid}/v2.0/',
    'ORIGIN.evil.example/{tid}/v2.0',
    'ORIGIN/{tenantid}/v2.0',
    '',
  ])('an answer whose "iss" is %j is not redeemed (RFC 9207)', async (iss) => {
    const { target, ended } = await startSignIn(world, ['--json']);
    const answer = await catchAnswer(target.authorizeUrl, alice.username);
    const named = iss
      .replace('ORIGIN', world.emulator.origin)
      .replace('{tid}', contoso.id)
      .replace('{other}', '00000000-dead-4bad-8bad-0000000000ad');
    await post(target.port, { ...answer, iss: named });
    expect(errorOf(await ended)).toMatchObject({ code: 'untrusted_response' });
    expect(tokenRequests()).toBe(0);
  });

  it('CVE-2026-109461: the front channel does not choose the token endpoint (cloud_instance_host_name)', async () => {
    const evil = await recorder();
    const { target, ended } = await startSignIn(world);
    const answer = await catchAnswer(target.authorizeUrl, alice.username);
    const chosen = {
      cloud_instance_host_name: evil.host,
      cloud_instance_name: evil.host,
      cloud_graph_host_name: evil.host,
      msgraph_host: evil.host,
      token_endpoint: `http://${evil.host}/token`,
      client_info: Buffer.from('{"uid":"evil","utid":"evil"}').toString('base64url'),
    };
    await post(target.port, { ...answer, ...chosen });
    expect(await ended).toMatchObject({ exitCode: 0 });
    expect([evil.requests, tokenRequests()]).toEqual([[], 1]);
    await evil.close();
  });
});

describe('an answer that comes after the wait', () => {
  it('is of no use to whoever has the port by then: the code wants its verifier', async () => {
    const { target, ended } = await startSignIn(world, ['--timeout', '300ms']);
    expect(await ended).toMatchObject({ exitCode: 7 });
    const thief = await recorder(target.port);
    const { parameters } = await signInAsScriptedPerson(target.authorizeUrl.href, { username: alice.username });
    expect(thief.requests).toHaveLength(1);
    for (const verifier of [undefined, 'x'.repeat(43)]) {
      const redeemed = await fetch(`${world.emulator.origin}/${contoso.id}/oauth2/v2.0/token`, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: desktopApplication.clientId,
          grant_type: 'authorization_code',
          code: parameters['code'] ?? '',
          redirect_uri: target.redirectUri.href,
          ...(verifier === undefined ? {} : { code_verifier: verifier }),
        }),
      });
      expect(redeemed.status).toBe(400);
    }
    await thief.close();
  });
});

describe('the start page', () => {
  const onTerminal = async (attack: (startUrl: URL) => Promise<void>): Promise<RunResult> =>
    world.run(['login'], {
      terminal: true,
      browser: async (url) => {
        await attack(new URL(url));
        return await world.browserOf({})(url, undefined);
      },
    });

  it('is no open redirect: whatever is added to it, it leads to Entra or nowhere', async () => {
    const locations: (string | undefined)[] = [];
    await onTerminal(async ({ port, pathname }) => {
      const targets = [
        `${pathname}?url=https://evil.example`,
        `${pathname}?redirect_uri=https://evil.example&state=x`,
        `${pathname}//evil.example`,
        `/${pathname}`,
        `${pathname}/..//evil.example`,
        `${pathname}%0d%0aLocation:%20https://evil.example`,
        `http://evil.example${pathname}`,
      ];
      for (const target of targets) {
        const request = `GET ${target} HTTP/1.1\r\nHost: localhost:${port}\r\nX-Forwarded-Host: evil.example\r\n\r\n`;
        const answer = await sendBytes(Number(port), request);
        locations.push(/^Location: (.*)\r$/m.exec(answer)?.[1]);
      }
    });
    const led = locations.filter((location) => location !== undefined);
    expect(led.map((location) => new URL(location).origin)).toEqual([world.emulator.origin, world.emulator.origin]);
    expect(led.join()).not.toContain('evil.example');
  });

  it('gives the state away to no page that reads, embeds or preflights it', async () => {
    const answers: string[] = [];
    await onTerminal(async ({ port, pathname }) => {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
        const origin = 'Origin: https://evil.example\r\nSec-Fetch-Mode: cors\r\nContent-Length: 0';
        answers.push(
          await sendBytes(
            Number(port),
            `${method} ${pathname} HTTP/1.1\r\nHost: localhost:${port}\r\n${origin}\r\n\r\n`,
          ),
        );
      }
    });
    const [byGet = '', ...others] = answers;
    expect(byGet).toMatch(/^HTTP\/1\.1 302 /);
    expect(byGet).toMatch(/^Cross-Origin-Resource-Policy: same-origin\r$/m);
    expect(byGet).toMatch(/^Referrer-Policy: no-referrer\r$/m);
    expect(answers.join()).not.toMatch(/^Access-Control-/im);
    expect(others.join()).not.toContain('state=');
  });
});

/** Records what is sent to it; answers 404. */
async function recorder(port = 0): Promise<{ host: string; requests: string[]; close: () => Promise<void> }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}
