import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientProbe, ProbeAnswer } from '../../src/auth/client-probe.ts';
import { probeClient } from '../../src/auth/client-probe.ts';
import { startDeadline } from '../../src/auth/deadline.ts';
import { discoverTenant } from '../../src/auth/discovery.ts';
import {
  contoso,
  desktopApplication,
  singleTenantApplication,
  unconsentedApplication,
  webApplication,
  webSecret,
} from '../../src/emulator/default-directory.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { EntraLoginError } from '../../src/errors.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await startEmulator();
});
afterEach(() => emulator.close());

interface Asked {
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly redirectUri?: string;
  readonly tenant?: string;
  /** Answers the authorization request in the emulator's place. */
  readonly authorize?: (url: URL) => Response;
}

async function probe({ tenant = contoso.id, redirectUri, authorize, ...client }: Asked): Promise<ClientProbe> {
  const deadline = startDeadline(new AbortController().signal, 10_000, () => new EntraLoginError('timeout', 'late'));
  const fetchOrAnswer: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return authorize !== undefined && url.pathname.endsWith('/authorize') ? authorize(url) : await fetch(input, init);
  };
  const context = { fetch: fetchOrAnswer, now: () => new Date() };
  try {
    const metadata = await discoverTenant(context, { host: emulator.origin, tenant }, deadline);
    const signIn = { redirectUri: redirectUri ?? 'http://localhost:5000/callback', scopes: ['openid'] };
    return await probeClient(context, { metadata, ...client }, signIn, deadline);
  } finally {
    deadline.end();
  }
}

const brief = (answer: ProbeAnswer | undefined): string =>
  answer === undefined
    ? 'nothing'
    : answer.outcome === 'accepted'
      ? 'accepted'
      : `${answer.outcome} ${answer.error.aadsts ?? answer.error.code}`;

const briefly = ({ application, redirectUri, deviceCode, clientSecret }: ClientProbe): readonly string[] =>
  [application, redirectUri, deviceCode, clientSecret].map(brief);

describe('asking about an application without a sign-in', () => {
  it.each<[string, Asked, readonly string[]]>([
    [
      'a desktop registration',
      { clientId: desktopApplication.clientId },
      ['accepted', 'accepted', 'accepted', 'nothing'],
    ],
    [
      'one that allows no public client flows',
      { clientId: unconsentedApplication.clientId },
      ['accepted', 'accepted', 'refused AADSTS7000218', 'nothing'],
    ],
    [
      'an unknown client ID',
      { clientId: contoso.id },
      ['refused AADSTS700016', 'unknown AADSTS700016', 'unknown AADSTS700016', 'nothing'],
    ],
    [
      'a redirect URI with another path',
      { clientId: desktopApplication.clientId, redirectUri: 'http://localhost/other' },
      ['accepted', 'refused AADSTS50011', 'accepted', 'nothing'],
    ],
    [
      'a Web registration with its secret',
      { clientId: webApplication.clientId, clientSecret: webSecret },
      ['accepted', 'accepted', 'accepted', 'accepted'],
    ],
    [
      'a Web registration with a wrong secret',
      { clientId: webApplication.clientId, clientSecret: 'wrong' },
      ['accepted', 'accepted', 'refused AADSTS7000215', 'refused AADSTS7000215'],
    ],
    [
      'a secret that is not wanted',
      { clientId: desktopApplication.clientId, clientSecret: 'unwanted' },
      ['accepted', 'accepted', 'accepted', 'unknown AADSTS700025'],
    ],
    [
      'a single-tenant application at "common"',
      { clientId: singleTenantApplication.clientId, tenant: 'common' },
      ['refused AADSTS50194', 'unknown AADSTS50194', 'unknown AADSTS50059', 'nothing'],
    ],
  ])('tells %s', async (_what, asked, expected) => {
    expect(briefly(await probe(asked))).toEqual(expected);
  });

  it('sends the redirect URI with a port and without a slash, as a sign-in does, and follows nothing', async () => {
    await probe({ clientId: desktopApplication.clientId, redirectUri: 'http://localhost' });
    const authorize = emulator.requests.find(({ path }) => path.endsWith('/authorize'));
    expect(authorize?.query).toEqual({
      client_id: desktopApplication.clientId,
      response_type: 'code',
      response_mode: 'query',
      redirect_uri: 'http://localhost:50000',
      scope: 'openid profile offline_access',
      prompt: 'none',
    });
  });

  it("finds the code in the JSON of Entra's page", async () => {
    const page =
      '<html><script>$Config={"strServiceExceptionMessage":"AADSTS50011: The redirect URI"};</script></html>';
    const answers = await probe({
      clientId: desktopApplication.clientId,
      authorize: () => new Response(page, { status: 200, headers: { 'content-type': 'text/html' } }),
    });
    expect(brief(answers.redirectUri)).toBe('refused AADSTS50011');
  });

  it('takes an error in the fragment of the redirect too', async () => {
    const location = 'http://localhost:5000/callback#error=login_required&error_description=AADSTS50058%3a+no+session';
    const answers = await probe({
      clientId: desktopApplication.clientId,
      authorize: () => new Response(null, { status: 302, headers: { location } }),
    });
    expect(brief(answers.redirectUri)).toBe('accepted');
  });

  it.each<[string, () => Response]>([
    ['a sign-in page', () => new Response('<html>Sign in</html>', { status: 200 })],
    ['a redirect elsewhere', () => Response.redirect('https://login.live.com/oauth20_authorize.srf', 302)],
    ['an outage', () => new Response('', { status: 503 })],
  ])('says nothing for certain where the answer is %s', async (_what, authorize) => {
    const answers = await probe({ clientId: unconsentedApplication.clientId, authorize });
    expect(answers.redirectUri.outcome).toBe('unknown');
    expect(answers.application.outcome).toBe('accepted'); // the device code endpoint knows it
  });

  it('reports a scope that is not valid at the application, the redirect URI being right', async () => {
    const location = 'http://localhost:5000/callback?error=invalid_scope&error_description=AADSTS70011%3a+wrong';
    const answers = await probe({
      clientId: desktopApplication.clientId,
      authorize: () => new Response(null, { status: 302, headers: { location } }),
    });
    expect(briefly(answers).slice(0, 2)).toEqual(['refused AADSTS70011', 'accepted']);
  });
});
