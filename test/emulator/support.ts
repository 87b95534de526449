import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { alice, contoso, desktopApplication } from '../../src/emulator/default-directory.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { ScriptedPersonOptions, ScriptedSignIn } from '../../src/emulator/scripted-person.ts';

/** What came to the redirect URI. */
interface Delivery {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A stand-in for the redirect listener of an application. */
export interface TestListener {
  readonly redirectUri: string;
  readonly origin: string;
  readonly deliveries: readonly Delivery[];
  close(): Promise<void>;
}

/** Starts a listener on any port of localhost that takes everything and answers "received". */
export async function startRedirectListener(path = '/callback'): Promise<TestListener> {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      deliveries.push({ method, url, headers, body: Buffer.concat(parts).toString() });
      response.end('received');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    redirectUri: `${origin}${path}`,
    deliveries,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** An answer read to its end; `json` is empty for anything but JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** Sends a request, without following redirects. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

/** Parameters; `undefined` leaves one out. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** Posts a form. */
export async function post(url: string, form: Parameters, headers: Record<string, string> = {}): Promise<Answer> {
  return await send(url, { method: 'POST', body: query(form), headers });
}

/** Sends a token request of the desktop application. */
export async function requestToken(
  emulator: Emulator,
  form: Parameters,
  { tenant = contoso.id, headers = {} }: { tenant?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const url = `${emulator.origin}/${tenant}/oauth2/v2.0/token`;
  return await post(url, { client_id: desktopApplication.clientId, ...form }, headers);
}

/** Sends a renewal of the desktop application, for Graph. */
export async function renew(
  emulator: Emulator,
  refreshToken: unknown,
  form: Parameters = {},
  options: { tenant?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const grant = { grant_type: 'refresh_token', refresh_token: String(refreshToken), scope: 'openid profile User.Read' };
  return await requestToken(emulator, { ...grant, ...form }, options);
}

/** Answers an authorization URL of the desktop application. */
export function authorizeUrl(emulator: Emulator, parameters: Parameters, tenant: string = contoso.id): string {
  const usual: Parameters = {
    client_id: desktopApplication.clientId,
    response_type: 'code',
    response_mode: 'form_post',
    scope: 'openid profile email offline_access',
    state: 'a-state',
  };
  return `${emulator.origin}/${tenant}/oauth2/v2.0/authorize?${query({ ...usual, ...parameters }).toString()}`;
}

/** What a sign-in of a test may vary. */
export interface SignInOptions {
  readonly tenant?: string;
  readonly parameters?: Parameters;
  readonly person?: Partial<ScriptedPersonOptions>;
}

/** Walks through the pages as Alice. */
export async function walk(
  emulator: Emulator,
  listener: TestListener,
  { tenant, parameters = {}, person = {} }: SignInOptions = {},
): Promise<ScriptedSignIn> {
  const url = authorizeUrl(emulator, { redirect_uri: listener.redirectUri, ...parameters }, tenant);
  return await signInAsScriptedPerson(url, { username: alice.username, ...person });
}

/** Signs in as Alice and redeems the code. */
export async function signIn(
  emulator: Emulator,
  listener: TestListener,
  options: SignInOptions & { readonly form?: Parameters; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { tenant, parameters = {}, form = {}, headers = {} } = options;
  const pkce = makePkce();
  const walked = await walk(emulator, listener, {
    ...options,
    parameters: { code_challenge: pkce.challenge, code_challenge_method: 'S256', ...parameters },
  });
  const { code } = walked.parameters;
  if (code === undefined) throw new Error(`No code came: ${walked.status} ${walked.body}`);
  const redeemed = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: listener.redirectUri,
    code_verifier: pkce.verifier,
    ...(parameters['client_id'] === undefined ? {} : { client_id: parameters['client_id'] }),
    ...form,
  };
  return await requestToken(emulator, redeemed, { ...(tenant === undefined ? {} : { tenant }), headers });
}

/** Makes a code verifier and its S256 challenge (RFC 7636, 4). */
export function makePkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** Reads header and claims of a JWT. */
export function decode(jwt: unknown): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = String(jwt)
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  return { header: header ?? {}, claims: claims ?? {} };
}

/** Builds parameters, without those that are `undefined`. */
function query(parameters: Parameters): URLSearchParams {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(given);
}

/** Picks what tells one error answer from another. */
export function refusal({ status, json }: Answer): unknown {
  const { error, suberror, error_codes: codes } = json;
  return {
    status,
    error,
    aadsts: (codes as number[] | undefined)?.[0],
    ...(suberror === undefined ? {} : { suberror }),
  };
}
