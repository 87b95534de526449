import { describe, expect, it } from 'vitest';
import {
  coversScopes,
  parseScopes,
  resourceOf,
  resourceOfScope,
  resourcesOf,
  scopesOfFirstResource,
  withOpenIdScopes,
} from '../../src/auth/scopes.ts';
import { EntraLoginError } from '../../src/errors.ts';

it('takes scopes one by one or separated by spaces, each once, in order', () => {
  expect(parseScopes([' a  b', 'c\ta', ''])).toEqual(['a', 'b', 'c']);
});

it.each([
  ['User.Read', 'https://graph.microsoft.com'],
  ['.default', 'https://graph.microsoft.com'],
  ['https://graph.microsoft.com/User.Read', 'https://graph.microsoft.com'],
  ['https://management.azure.com/.default', 'https://management.azure.com'],
  ['https://management.core.windows.net//.default', 'https://management.core.windows.net/'],
  ['api://11111111-2222-3333-4444-555555555555/Tasks.Read', 'api://11111111-2222-3333-4444-555555555555'],
  ['499b84ac-1321-427f-aa17-267ca6975798/.default', '499b84ac-1321-427f-aa17-267ca6975798'],
  ['/x', 'https://graph.microsoft.com'],
  ['openid', undefined],
  ['Offline_Access', undefined],
])('the scope %s is of %s', (scope, resource) => {
  expect(resourceOfScope(scope)).toBe(resource);
});

describe('the resource of several scopes', () => {
  it('is the one they name, Graph if they name none', () => {
    expect(resourceOf(['openid', 'https://a.example/x', 'https://a.example/y'])).toBe('https://a.example');
    expect(resourceOf(['openid', 'profile'])).toBe('https://graph.microsoft.com');
    expect(resourceOf([])).toBe('https://graph.microsoft.com');
  });

  it('is exit 2 where they name two, which are told', () => {
    const attempt = (): string => resourceOf(['User.Read', 'https://a.example/x']);
    expect(attempt).toThrow(EntraLoginError);
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'The scopes name 2 resources: https://graph.microsoft.com, https://a.example.',
        hint: 'Ask for one resource at a time: an access token is good for one.',
      }) as Error,
    );
  });

  it('are told apart, and the first taken with the OpenID Connect scopes', () => {
    const scopes = ['openid', 'https://a.example/x', 'User.Read', 'email', 'https://a.example/y'];
    expect(resourcesOf(scopes)).toEqual(['https://a.example', 'https://graph.microsoft.com']);
    expect(scopesOfFirstResource(scopes)).toEqual(['openid', 'https://a.example/x', 'email', 'https://a.example/y']);
    expect(scopesOfFirstResource(['openid', 'email'])).toEqual(['openid', 'email']);
  });
});

it('adds to every request what brings an ID token and a refresh token', () => {
  expect(withOpenIdScopes(['User.Read', 'offline_access'])).toEqual([
    'User.Read',
    'offline_access',
    'openid',
    'profile',
  ]);
});

it.each([
  [['User.Read'], ['User.Read'], true],
  [['https://graph.microsoft.com/User.Read'], ['user.read'], true],
  [['User.Read'], ['openid', 'profile', 'Email', 'offline_access'], true],
  [['User.Read', 'Mail.Read'], ['Mail.Read', 'User.Read'], true],
  [['User.Read'], [], true],
  [['User.Read'], ['Mail.Read'], false],
  [['User.Read'], ['User.Read', 'Mail.Read'], false],
  [['User.ReadWrite'], ['User.Read'], false],
  [[], ['User.Read'], false],
  [['User.Read'], ['https://graph.microsoft.com/.default'], false],
])('a token with %j answers %j: %s', (had, wanted, does) => {
  expect(coversScopes(had, wanted)).toBe(does);
});
