import { expect, it } from 'vitest';
import { claimMeanings, timeClaims } from '../../src/render/claim-meanings.ts';

it('has a meaning for every claim that Entra’s ID tokens hold, short enough for the line below the value', () => {
  const always = ['aud', 'iss', 'iat', 'nbf', 'exp', 'name', 'oid', 'preferred_username', 'rh', 'sub', 'tid', 'uti'];
  const sometimes = [
    'idp',
    'email',
    'groups',
    'roles',
    'nonce',
    'ver',
    'aio',
    'login_hint',
    'sid',
    'auth_time',
    'acct',
  ];
  const without = [...always, ...sometimes, ...timeClaims].filter((name) => !Object.hasOwn(claimMeanings, name));
  expect(without).toEqual([]);
  // A table of 80 columns leaves 58 beside the names.
  expect(Object.entries(claimMeanings).filter(([, meaning]) => meaning.length > 58)).toEqual([]);
});
