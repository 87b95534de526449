import { readFileSync } from 'node:fs';
import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import process from 'node:process';
import tls from 'node:tls';
import type { Dispatcher } from 'undici';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { describeNetworkFailure, isCertificateFailure } from './http-failures.ts';
import { findProxy } from './http-proxy.ts';

type Fetch = Context['fetch'];

// Node gives each address of a host 250 ms to connect. On a slower link (another continent, a satellite) without IPv6
// all of them fail, one after the other (nodejs/node#54359); a dead address costs this much, once a run.
const attemptTimeout = 1_000;

/**
 * Makes the fetch of the context: Node's own where nothing is set, so that undici is loaded only for a proxy
 * (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) or certificates (`SSL_CERT_FILE`, from Node 22.15 on the system's).
 * Connection failures are `network` errors in plain words; an abort passes through as it is. Redirects are the
 * caller's business. Bodies must be texts, since a request may be made twice.
 */
export function createFetch(env: Readonly<Record<string, string | undefined>>): Fetch {
  const dispatchers = new Map<string, Promise<Dispatcher>>();
  const dispatcherFor = (proxy: string | undefined, certificates: readonly string[]): Promise<Dispatcher> => {
    const key = JSON.stringify([proxy, certificates.length]);
    const known = dispatchers.get(key) ?? makeDispatcher(proxy, certificates);
    dispatchers.set(key, known);
    return known;
  };

  // Set for other tools, it would hand tokens to whoever stands on the way. What we start gets our environment as it was.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  setDefaultAutoSelectFamilyAttemptTimeout(Math.max(attemptTimeout, getDefaultAutoSelectFamilyAttemptTimeout()));
  let system: readonly string[] = [];

  return async (input, init) => {
    const [url, options] = await replayable(input, init);
    const proxy = findProxy(url, env);
    const file = env['SSL_CERT_FILE'];
    const own = file === undefined || file === '' ? [] : [readCertificates(file)];
    const send = async (certificates: readonly string[]): Promise<Response> => {
      if (proxy === undefined && certificates.length === 0) return await globalThis.fetch(url, options);
      const undici = await import('undici');
      const dispatcher = await dispatcherFor(proxy?.url, certificates);
      const withDispatcher: object = { ...options, dispatcher };
      const response = await undici.fetch(url, withDispatcher);
      // undici's Response and the global one are alike, but not the same class.
      const isEmpty = [204, 205, 304].includes(response.status);
      const body = isEmpty ? null : ReadableStream.from<Uint8Array>(response.body ?? []);
      return new Response(body, { status: response.status, headers: [...response.headers] });
    };
    try {
      return await send([...own, ...system]).catch(async (error: unknown) => {
        if (system.length > 0 || !isCertificateFailure(error)) throw error;
        system = systemCertificates();
        if (system.length === 0) throw error;
        return await send([...own, ...system]);
      });
    } catch (error) {
      if (options?.signal?.aborted === true) throw options.signal.reason;
      throw describeNetworkFailure(error, url, proxy, process.versions.node);
    }
  };
}

// A Request can be sent once, and undici takes Node's own for a URL alone.
async function replayable(
  input: Parameters<Fetch>[0],
  init: RequestInit | undefined,
): Promise<[url: URL, options: RequestInit | undefined]> {
  if (!(input instanceof Request)) return [new URL(input), init];
  const request = new Request(input, init);
  const { method, headers, signal, redirect } = request;
  const body = request.body === null ? null : await request.text();
  return [new URL(request.url), { method, headers, signal, redirect, body }];
}

async function makeDispatcher(proxy: string | undefined, certificates: readonly string[]): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici');
  // Made once: with certificates of one's own every context reads the 150 of Node again.
  const ca = [...tls.rootCertificates, ...extraCertificates(), ...certificates];
  const connect = certificates.length === 0 ? {} : { secureContext: tls.createSecureContext({ ca }) };
  if (proxy === undefined) return new Agent({ connect });
  const url = new URL(proxy);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const credentials = `${decodeLeniently(username)}:${decodeLeniently(password)}`;
  const token = username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  return new ProxyAgent({ uri: url.href, token, requestTls: connect, proxyTls: connect, proxyTunnel: true });
}

// A password with a bare `%` in it is taken as it stands, as curl does.
function decodeLeniently(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString());
}

function readCertificates(path: string): string {
  const refuse = (happened: string, cause?: unknown): EntraLoginError =>
    new EntraLoginError('configuration', `The certificates of SSL_CERT_FILE ${happened} (${path}).`, {
      hint: 'Set SSL_CERT_FILE to a PEM file, or unset it.',
      cause,
    });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw refuse('cannot be read', error);
  }
  // TLS takes anything and trusts nothing for it.
  if (!/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(text)) throw refuse('are not PEM');
  return text;
}

// An explicit list replaces what Node loaded itself, NODE_EXTRA_CA_CERTS included.
function extraCertificates(): string[] {
  const path = process.env['NODE_EXTRA_CA_CERTS'];
  try {
    return path === undefined || path === '' ? [] : [readFileSync(path, 'utf8')];
  } catch {
    return []; // Node itself warns and goes on
  }
}

// From Node 22.15 on; reading them takes tens of milliseconds, so only once they are needed.
function systemCertificates(): string[] {
  const read: unknown = Reflect.get(tls, 'getCACertificates');
  const certificates: unknown = typeof read === 'function' ? Reflect.apply(read, tls, ['system']) : [];
  return Array.isArray(certificates) ? certificates.filter((certificate) => typeof certificate === 'string') : [];
}
