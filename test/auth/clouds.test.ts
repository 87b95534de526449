import { describe, expect, it } from 'vitest';
import { authorityHostOf, cloudNames, findCloudOf, isGraphHost, isLoopbackHost } from '../../src/auth/clouds.ts';

describe('a cloud', () => {
  it('is found by its authority host, and each has one of its own', () => {
    const hosts = cloudNames.map((name) => new URL(authorityHostOf(name)));
    expect(new Set(hosts.map(({ href }) => href)).size).toBe(6);
    expect(
      hosts.map(({ hostname, protocol, pathname }) => [findCloudOf(hostname)?.loginHosts[0], protocol, pathname]),
    ).toEqual(hosts.map(({ hostname }) => [hostname, 'https:', '/']));
  });

  it('is found by any of its login hosts, and by no other name', () => {
    expect(findCloudOf('sts.windows.net')).toBe(findCloudOf('login.microsoftonline.com'));
    expect(findCloudOf('login.chinacloudapi.cn')).toBe(findCloudOf('login.partner.microsoftonline.cn'));
    expect(['contoso.ciamlogin.com', 'evil.login.microsoftonline.com', ''].map(findCloudOf)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it.each([
  ['graph.microsoft.com', true],
  ['graph.microsoft.us', true],
  ['dod-graph.microsoft.us', true],
  ['microsoftgraph.chinacloudapi.cn', true],
  ['login.microsoftonline.com', false],
  ['graph.microsoft.com.evil.example', false],
])('%s is Microsoft Graph’s: %s', (host, is) => {
  expect(isGraphHost(host)).toBe(is);
});

it.each([
  ['localhost', true],
  ['[::1]', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['127.example.com', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['0.0.0.0', false],
  ['128.0.0.1', false],
  ['::1', false],
])('%s is loopback: %s', (host, is) => {
  expect(isLoopbackHost(host)).toBe(is);
});
