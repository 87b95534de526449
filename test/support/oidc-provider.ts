import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import { readForm } from '../../src/emulator/html-forms.ts';

/** An authorization server that is not ours: panva's oidc-provider, which is certified for OpenID Connect. */
export interface IndependentServer {
  /** `http://127.0.0.1:PORT`: the authority host. */
  readonly origin: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** Tokens and codes it gave out. */
  readonly secrets: readonly string[];
  /** The requests so far: method and path. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Who signs in there. */
export const independentAccount = {
  sub: 'a-subject-of-its-own',
  oid: '11111111-2222-4333-8444-555555555555',
  name: 'Ada Independent',
  preferred_username: 'ada@independent.example',
  email: 'ada@independent.example',
} as const;

// Named, because it complains of its defaults.
const hour = 3_600;

/** Starts it with the issuer of an Entra tenant, `{origin}/{GUID}/v2.0`, and one public client that must use PKCE. */
export async function startIndependentServer(): Promise<IndependentServer> {
  const tenantId = randomUUID();
  const clientId = randomUUID();
  const secrets: string[] = [];
  const requests: string[] = [];
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const mountedAt = `/${tenantId}/v2.0`;

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(`${origin}${mountedAt}`, {
    clients: [
      {
        client_id: clientId,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: ['http://localhost/callback'],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'independent', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: [randomUUID()] },
    claims: { openid: ['sub', 'tid', 'oid'], profile: ['name', 'preferred_username'], email: ['email'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    ttl: { AccessToken: hour, IdToken: hour, RefreshToken: hour, Interaction: hour, Session: hour, Grant: hour },
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ ...independentAccount, tid: tenantId }),
    }),
  });
  provider.use(async (context, next) => {
    await next();
    if (context.oidc?.route === 'token') secrets.push(...tokensIn(context.body));
  });
  const answer = provider.callback();
  server.on('request', (request: IncomingMessage & { originalUrl?: string }, response) => {
    const { url = '', method } = request;
    requests.push(`${method} ${url.split('?')[0]?.replace(mountedAt, '')}`);
    if (!url.startsWith(`${mountedAt}/`)) {
      response.writeHead(404).end();
      return;
    }
    request.originalUrl = url;
    request.url = url.slice(mountedAt.length);
    answer(request, response).catch(() => response.destroy());
  });
  return {
    ...{ origin, tenantId, clientId, secrets, requests },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Where a walk through its pages ended. */
export interface IndependentWalk {
  readonly parameters: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body: string;
}

/** Signs in on its own development pages: login, consent, and then the redirect URI, which is not at its origin. */
export async function walkThroughSignIn(authorizeUrl: string): Promise<IndependentWalk> {
  const { origin } = new URL(authorizeUrl);
  const cookies = new Map<string, string>();
  let url = authorizeUrl;
  let form: Record<string, string> | undefined;
  // Authorize, login, authorize again, consent, authorize again, redirect URI: a redirect or two before each.
  for (let step = 0; step < 16; step += 1) {
    const response = await fetch(url, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { Cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const body = await response.text();
    if (new URL(url).origin !== origin) {
      const parameters = form ?? Object.fromEntries(new URL(url).searchParams);
      return { parameters, status: response.status, body };
    }
    const location = response.headers.get('location');
    if (location === null) {
      const page = readForm(body);
      if (page === undefined) throw new Error(`oidc-provider shows no form: ${body}`);
      const typed = Object.fromEntries(page.typed.map((name) => [name, independentAccount.sub]));
      form = { ...page.fields, ...typed };
      url = new URL(page.action, url).href;
    } else {
      form = undefined;
      url = new URL(location, url).href;
    }
  }
  throw new Error('oidc-provider never came to the redirect URI.');
}

function tokensIn(body: unknown): string[] {
  const { access_token, refresh_token, id_token } = body as Record<string, unknown>;
  return [access_token, refresh_token, id_token].filter((token) => typeof token === 'string');
}
