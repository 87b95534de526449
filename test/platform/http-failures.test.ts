import { describe, expect, it } from 'vitest';
import { EntraLoginError } from '../../src/errors.ts';
import { describeNetworkFailure, isCertificateFailure } from '../../src/platform/http-failures.ts';

const url = new URL('https://me:secret@login.example.com:8443/tenant/token?code=secret');
const coded = (code: unknown, message = 'secret detail'): Error => Object.assign(new Error(message), { code });
/** As fetch gives it: a TypeError around the system's error. */
const fetchFailed = (cause: unknown): Error => new TypeError('fetch failed', { cause });
const describeIt = (error: unknown, nodeVersion = '20.20.2'): EntraLoginError =>
  describeNetworkFailure(error, url, undefined, nodeVersion);

describe('a failed connection', () => {
  it.each([
    ['ENOTFOUND', 'its name cannot be resolved'],
    ['EAI_AGAIN', 'its name cannot be resolved'],
    ['ECONNREFUSED', 'the connection was refused'],
    ['ETIMEDOUT', 'it did not answer'],
    ['UND_ERR_CONNECT_TIMEOUT', 'it did not answer'],
    ['ENETUNREACH', 'there is no way there'],
    ['EHOSTUNREACH', 'there is no way there'],
    ['EACCES', 'this machine forbids the connection'],
    ['HPE_INVALID_CONSTANT', 'its answer is not HTTP'],
    ['ECONNRESET', 'the connection was broken off'],
    ['UND_ERR_SOCKET', 'the connection was broken off'],
    ['EPIPE', 'the connection was broken off'],
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is not trusted here'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is not trusted here'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted here'],
    ['UNABLE_TO_GET_ISSUER_CERT', 'its certificate is not trusted here'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate is not trusted here'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS could not be agreed on'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'TLS could not be agreed on'],
    ['ESOMETHING', 'ESOMETHING'],
    [undefined, 'the request failed'],
    [7, 'the request failed'],
  ])('by %s is "%s", with the host alone and what to do', (code, happened) => {
    const cause = fetchFailed(coded(code));
    const error = describeIt(cause);
    expect({ code: error.code, message: error.message, cause: error.cause }).toEqual({
      code: 'network',
      message: `login.example.com:8443 cannot be reached: ${happened}.`,
      cause,
    });
    expect(error.hint).toMatch(/^(?:Check|Try|A proxy) .+\.$/);
    expect(`${error.message} ${error.hint}`).not.toContain('secret');
  });

  it('names the reason however deep it lies, also one of several addresses tried', () => {
    const several = new AggregateError([coded('ECONNREFUSED'), 'no error', coded('ENETUNREACH')], 'all failed');
    expect(describeIt(fetchFailed(several)).message).toContain('the connection was refused');
    expect(describeIt(fetchFailed(fetchFailed(fetchFailed(coded('ENOTFOUND'))))).message).toContain('resolved');
    expect(describeIt('no error at all').message).toContain('the request failed');
  });

  it('ends with an error that is its own cause', () => {
    const error = new Error('circle');
    error.cause = error;
    expect(describeIt(error).message).toContain('the request failed');
  });

  it('that is told in our words already is left as it is', () => {
    const own = new EntraLoginError('configuration', 'ours');
    expect(describeIt(own)).toBe(own);
  });

  it.each([
    ['20.20.2', /^A proxy may inspect TLS: set NODE_EXTRA_CA_CERTS to a PEM file/],
    ['22.14.9', /^A proxy may inspect TLS: set NODE_EXTRA_CA_CERTS to a PEM file/],
    ['22.15.0', /add its certificate to the system's, or set NODE_EXTRA_CA_CERTS/],
    ['24.0.0', /add its certificate to the system's, or set NODE_EXTRA_CA_CERTS/],
    ['', /NODE_EXTRA_CA_CERTS/],
  ])('by a certificate names on Node %s what this Node reads', (version, hint) => {
    expect(describeIt(coded('SELF_SIGNED_CERT_IN_CHAIN'), version).hint).toMatch(hint);
  });
});

describe('through a proxy', () => {
  const proxy = { url: 'http://me:secret@proxy.example:8080', variable: 'https_proxy' };
  it('names the proxy and its variable, never the password', () => {
    const refused = coded('UND_ERR_ABORTED', 'Proxy response (407) !== 200 when HTTP Tunneling');
    const error = describeNetworkFailure(fetchFailed(refused), url, proxy, '20.20.2');
    expect([error.message, error.hint]).toEqual([
      'login.example.com:8443 cannot be reached through proxy.example:8080 (https_proxy): the proxy wants a name and password.',
      'Check https_proxy, or except the host with NO_PROXY.',
    ]);
  });

  it.each([
    ['ECONNREFUSED', 'the connection was refused'],
    ['ENOTFOUND', "the proxy's name cannot be resolved"],
    ['UND_ERR_CONNECT_TIMEOUT', 'it did not answer'],
  ])('that itself cannot be reached (%s) the mend is its variable', (code, happened) => {
    const error = describeNetworkFailure(fetchFailed(coded(code)), url, proxy, '20.20.2');
    expect([error.message, error.hint]).toEqual([
      `login.example.com:8443 cannot be reached through proxy.example:8080 (https_proxy): ${happened}.`,
      'Check https_proxy, or except the host with NO_PROXY.',
    ]);
  });

  it('tells the proxy’s own refusal from that of the host', () => {
    const words = (error: unknown): string => describeNetworkFailure(error, url, proxy, '20.20.2').message;
    expect(words(coded('UND_ERR_ABORTED', 'Proxy response (504) !== 200 when HTTP Tunneling'))).toMatch(
      /: the proxy refused \(HTTP 504\)\.$/,
    );
    expect(words(coded('ECONNRESET'))).toMatch(/: the connection was broken off\.$/);
    // Without a proxy nobody is to be blamed for one.
    expect(describeIt(coded('X', 'Proxy response (504)')).message).toMatch(/: X\.$/);
  });
});

describe('isCertificateFailure', () => {
  it('is true for a certificate that is not trusted, and for nothing else', () => {
    const answers = ['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'EPIPE'].map(
      (code) => isCertificateFailure(fetchFailed(coded(code))),
    );
    expect([...answers, isCertificateFailure(undefined)]).toEqual([true, true, false, false, false]);
  });
});
