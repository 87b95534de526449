import { describe, expect, it, test } from 'vitest';
import { findProxy } from '../../src/platform/http-proxy.ts';

const find = (url: string, env: Record<string, string>): unknown => findProxy(new URL(url), env);
const entra = 'https://login.microsoftonline.com/x';
const proxy = 'http://proxy.example:8080';

describe('the proxy', () => {
  it.each([
    ['HTTPS_PROXY', entra],
    ['https_proxy', entra],
    ['HTTP_PROXY', 'http://entra.test/'],
    ['http_proxy', 'http://entra.test/'],
  ])('is that of %s for %s', (variable, url) => {
    expect(find(url, { [variable]: proxy })).toEqual({ url: proxy, variable });
  });

  it('is not that of the other protocol', () => {
    expect(find(entra, { HTTP_PROXY: proxy, http_proxy: proxy })).toBeUndefined();
    expect(find('http://entra.test/', { HTTPS_PROXY: proxy })).toBeUndefined();
  });

  it('is the lower-case one of two, as curl has it; an empty variable counts as unset', () => {
    expect(find(entra, { https_proxy: 'http://lower:1', HTTPS_PROXY: proxy })).toEqual({
      url: 'http://lower:1',
      variable: 'https_proxy',
    });
    expect(find(entra, { https_proxy: '', HTTPS_PROXY: proxy })).toEqual({ url: proxy, variable: 'HTTPS_PROXY' });
    expect(find(entra, { https_proxy: '', HTTPS_PROXY: '' })).toBeUndefined();
  });

  it.each([
    ['proxy.example:8080', 'http://proxy.example:8080'],
    ['me:secret@proxy.example:8080', 'http://me:secret@proxy.example:8080'],
    ['HTTPS://proxy.example', 'HTTPS://proxy.example'],
  ])('may be given as %s', (value, url) => {
    expect(find(entra, { HTTPS_PROXY: value })).toEqual({ url, variable: 'HTTPS_PROXY' });
  });
});

describe('loopback', () => {
  const env = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
  it.each(['http://localhost:5000/', 'http://127.0.0.1/', 'https://127.1.2.3/', 'http://[::1]:5000/', 'http://127.1/'])(
    'never goes through a proxy: %s',
    (url) => {
      expect(find(url, env)).toBeUndefined();
    },
  );

  it('nor does the address where Azure’s machines ask for their identity', () => {
    expect(find('http://169.254.169.254/metadata/identity/oauth2/token', env)).toBeUndefined();
    expect(find('http://[fe80::1]/', env)).toBeUndefined();
  });

  it.each([
    'https://localhost.example.com/',
    'https://128.0.0.1/',
    'https://127.example.com/',
    'https://169.254.example.com/',
  ])('is not %s', (url) => {
    expect(find(url, env)).toEqual({ url: proxy, variable: 'HTTPS_PROXY' });
  });
});

describe('NO_PROXY', () => {
  test.each([
    ['*'],
    ['login.microsoftonline.com'],
    ['LOGIN.MicrosoftOnline.com'],
    ['microsoftonline.com'],
    ['.microsoftonline.com'],
    ['*.microsoftonline.com'],
    ['login.microsoftonline.com:443'],
    ['example.com, microsoftonline.com'],
    ['example.com microsoftonline.com'],
    ['example.com,,.microsoftonline.com,'],
  ])('"%s" excepts login.microsoftonline.com', (list) => {
    expect(find(entra, { HTTPS_PROXY: proxy, NO_PROXY: list })).toBeUndefined();
    expect(find(entra, { HTTPS_PROXY: proxy, no_proxy: list })).toBeUndefined();
  });

  test.each([
    [''],
    [','],
    ['example.com'],
    ['online.com'],
    ['oft.microsoftonline.com'],
    ['login.microsoftonline.com:8443'],
    ['login.microsoftonline.com.example.com'],
    ['.'],
    [':443'],
  ])('"%s" does not', (list) => {
    expect(find(entra, { HTTPS_PROXY: proxy, NO_PROXY: list })).toMatchObject({ url: proxy });
  });

  it('may name the port', () => {
    const env = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy };
    expect(find('https://entra.test:8443/', { ...env, NO_PROXY: 'entra.test:8443' })).toBeUndefined();
    expect(find('http://entra.test/', { ...env, NO_PROXY: 'entra.test:80' })).toBeUndefined();
    expect(find('https://entra.test/', { ...env, NO_PROXY: 'entra.test:80' })).toMatchObject({ url: proxy });
  });

  it('may name an IPv6 address', () => {
    const env = { HTTP_PROXY: proxy };
    const at = 'http://[fd00::1]:8080/';
    expect(find(at, { ...env, NO_PROXY: '[fd00::1]' })).toBeUndefined();
    expect(find(at, { ...env, NO_PROXY: '[fd00::1]:8080' })).toBeUndefined();
    expect(find(at, { ...env, NO_PROXY: '[fd00::1]:81' })).toMatchObject({ url: proxy });
    expect(find(at, { ...env, NO_PROXY: 'fd00::1' })).toBeUndefined();
  });

  it('counts as unset where it is empty, in either case of letters', () => {
    const env = { HTTPS_PROXY: proxy, no_proxy: '', NO_PROXY: 'microsoftonline.com' };
    expect(find(entra, env)).toBeUndefined();
  });

  it('in lower case comes first', () => {
    const env = { HTTPS_PROXY: proxy, no_proxy: 'example.com', NO_PROXY: 'microsoftonline.com' };
    expect(find(entra, env)).toMatchObject({ url: proxy });
  });
});
