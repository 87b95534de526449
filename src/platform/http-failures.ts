import { EntraLoginError } from '../errors.ts';
import type { Proxy } from './http-proxy.ts';

const certificateFailures = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
];

const lastingFailures = [
  ...certificateFailures,
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
];

/** Tells whether the server's certificate was not trusted. */
export function isCertificateFailure(error: unknown): boolean {
  return codesOf(error).some((code) => certificateFailures.includes(code));
}

/** Translates a failed connection: the host, what happened in plain words, what to do; never proxy credentials. */
export function describeNetworkFailure(
  error: unknown,
  url: URL,
  proxy: Proxy | undefined,
  nodeVersion: string,
): EntraLoginError {
  if (error instanceof EntraLoginError) return error;
  const codes = codesOf(error);
  const through = proxy === undefined ? '' : ` through ${new URL(proxy.url).host} (${proxy.variable})`;
  const messages = messagesOf(error);
  const [happened, hint] = explain(codes, messages, proxy, nodeVersion);
  return new EntraLoginError('network', `${url.host} cannot be reached${through}: ${happened}.`, {
    hint,
    isLasting: lastingFailures.some((code) => codes.includes(code)) || /Proxy response \(407\)/.test(messages),
    cause: error,
  });
}

function explain(
  codes: readonly string[],
  messages: string,
  proxy: Proxy | undefined,
  nodeVersion: string,
): readonly [string, string] {
  const has = (...wanted: string[]): boolean => codes.some((code) => wanted.includes(code));
  const status = /Proxy response \((\d+)\)/.exec(messages)?.[1];
  const ofProxy = proxy === undefined ? undefined : `Check ${proxy.variable}, or except the host with NO_PROXY.`;
  if (ofProxy !== undefined && (status !== undefined || has('UND_ERR_PRX_TLS'))) {
    const refused = status === '407' ? 'the proxy wants a name and password' : `the proxy refused (HTTP ${status})`;
    return [status === undefined ? "the proxy's certificate is for another host" : refused, ofProxy];
  }
  if (has(...certificateFailures)) {
    const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
    const usesSystem = major > 22 || (major === 22 && minor >= 15);
    return [
      'its certificate is not trusted here',
      usesSystem
        ? "A proxy may inspect TLS: add its certificate to the system's, or set NODE_EXTRA_CA_CERTS to a PEM file of it."
        : 'A proxy may inspect TLS: set NODE_EXTRA_CA_CERTS to a PEM file with its certificate.',
    ];
  }
  if (has('CERT_HAS_EXPIRED')) return ['its certificate has expired', 'Check the clock of this machine, and the host.'];
  if (has('CERT_NOT_YET_VALID')) return ['its certificate is not valid yet', 'Check the clock of this machine.'];
  if (has('ERR_TLS_CERT_ALTNAME_INVALID')) return ['its certificate is for another host', 'Check the authority host.'];
  if (has('ENOTFOUND', 'EAI_AGAIN'))
    return ofProxy === undefined
      ? ['its name cannot be resolved', 'Check the network and DNS, and the host name.']
      : ["the proxy's name cannot be resolved", ofProxy];
  if (has('ECONNREFUSED'))
    // Behind a proxy only the proxy itself can refuse: what the host does it tells by a status.
    return ['the connection was refused', ofProxy ?? 'Check the host, the port and the firewall.'];
  if (has('ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'))
    return ['it did not answer', ofProxy ?? 'Check the network and the firewall.'];
  if (has('ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'ENETDOWN'))
    return ['there is no way there', 'Check that this machine is online.'];
  if (has('EACCES', 'EPERM'))
    return ['this machine forbids the connection', 'Check the firewall and the sandbox that it runs in.'];
  if (has('ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'))
    return ['the connection was broken off', 'Try again; a firewall or proxy may cut it.'];
  if (codes.some((code) => code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS'))) {
    return ['TLS could not be agreed on', 'Check that the host speaks https on this port.'];
  }
  if (codes.some((code) => code.startsWith('HPE_')))
    return ['its answer is not HTTP', 'Check the host and the port, and that they speak http, not https.'];
  return [codes[0] ?? 'the request failed', 'Check the network and try again.'];
}

// fetch wraps the system's error one to three levels deep, several in an AggregateError.
function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let cause = error; cause instanceof Error && chain.length < 8; cause = cause.cause) {
    chain.push(cause);
    if (cause instanceof AggregateError) chain.push(...cause.errors.filter((inner) => inner instanceof Error));
  }
  return chain;
}

function codesOf(error: unknown): string[] {
  return chainOf(error)
    .map((cause) => ('code' in cause ? cause.code : undefined))
    .filter((code): code is string => typeof code === 'string');
}

function messagesOf(error: unknown): string {
  return chainOf(error)
    .map(({ message }) => message)
    .join('; ');
}
