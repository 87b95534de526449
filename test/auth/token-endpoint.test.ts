import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnswerFault } from '../../src/emulator/faults.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

const codeOf = (stderr: string): unknown =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: { code: string } }).error.code;

const malformed: readonly (readonly [string, AnswerFault])[] = [
  ['truncated', { kind: 'truncated_json' }],
  ['malformed', { kind: 'malformed_json' }],
  ['a page', { kind: 'html_page' }],
  ['empty', { kind: 'empty_body' }],
  ['a redirect', { kind: 'redirect', location: 'https://evil.example/' }],
  ['huge', { kind: 'huge_body', bytes: 4 * 1024 * 1024 }],
  ['without an access token', { kind: 'changed_members', members: { access_token: undefined } }],
  ['with a number for an access token', { kind: 'changed_members', members: { access_token: 7 } }],
  ['without a token type', { kind: 'changed_members', members: { token_type: undefined } }],
  ['of another token type', { kind: 'changed_members', members: { token_type: 'mac' } }],
  ['without a lifetime', { kind: 'changed_members', members: { expires_in: undefined } }],
  ['with a lifetime in the past', { kind: 'changed_members', members: { expires_in: -1 } }],
  ['with a list for a refresh token', { kind: 'changed_members', members: { refresh_token: [] } }],
];

describe('an answer of the token endpoint that is not what the protocol says', () => {
  it.each(malformed)('(%s) is exit 5 with what to check, and nothing is kept', async (_what, fault) => {
    world.emulator.injectFault({ endpoint: 'token', ...fault });
    const result = await world.run(['login', '--json']);
    expect(result).toMatchObject({ exitCode: 5, stdout: '' });
    expect(['entra_unavailable', 'network']).toContain(codeOf(result.stderr));
    expect(result.stderr).toContain('"hint":');
    expect(await world.keychain.list()).toEqual([]);
    expect((await world.signIns())[0]).toMatchObject({ status: 400 });
  });

  it('takes numbers given as texts, as v1.0 endpoints write them', async () => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'changed_members', members: { expires_in: '3600' } });
    expect(await world.run(['login'])).toMatchObject({ exitCode: 0 });
  });

  it('takes the scopes asked for where the answer names none', async () => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'changed_members', members: { scope: undefined } });
    const result = await world.run(['login', '--json']);
    expect(JSON.parse(result.stdout)).toMatchObject({ scopes: ['openid', 'profile', 'email', 'offline_access'] });
  });
});

describe('the code exchange', () => {
  it('is never tried twice: a code is good once', async () => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'connection_dropped', when: 'after' });
    expect(await world.run(['login'])).toMatchObject({ exitCode: 5 });
    expect(world.emulator.requests.filter(({ path }) => path.endsWith('/token'))).toHaveLength(1);
  });

  it.each([
    ['invalid_grant', undefined, 4, 'entra_refused'],
    ['interaction_required', undefined, 4, 'entra_refused'],
    ['access_denied', undefined, 4, 'access_denied'],
    ['temporarily_unavailable', undefined, 5, 'entra_unavailable'],
    ['server_error', undefined, 5, 'entra_unavailable'],
    ['something_new', undefined, 4, 'entra_refused'],
  ])('that Entra answers with %s is exit %4$d', async (error, suberror, exitCode, code) => {
    world.emulator.injectFault({ endpoint: 'token', kind: 'refused', error, suberror, aadsts: 999_999 });
    const result = await world.run(['login', '--json']);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(codeOf(result.stderr)).toBe(code);
    expect(result.stderr).toContain('"aadsts":"AADSTS999999"');
  });
});

describe('a renewal', () => {
  it.each([
    ['invalid_grant', undefined, 3],
    ['invalid_grant', 'bad_token', 3],
    ['invalid_grant', 'token_expired', 3],
    ['invalid_grant', 'basic_action', 3],
    ['invalid_grant', 'message_only', 4],
    ['invalid_grant', 'additional_action', 4],
    ['interaction_required', undefined, 3],
    ['login_required', undefined, 3],
    ['consent_required', undefined, 3],
    ['invalid_client', undefined, 4],
    ['unauthorized_client', undefined, 4],
    ['temporarily_unavailable', undefined, 5],
  ])('that Entra answers with %s (%s) is exit %d', async (error, suberror, exitCode) => {
    await world.run(['login']);
    world.emulator.injectFault({ endpoint: 'token', kind: 'refused', error, suberror, aadsts: 999_999 });
    expect(await world.run(['token', '--refresh'])).toMatchObject({ exitCode, stdout: '' });
  });

  it('is refused in a few lines, however much Entra says', async () => {
    await world.run(['login']);
    const refused = { endpoint: 'token', kind: 'refused', error: 'invalid_request', aadsts: 999_999 } as const;
    world.emulator.injectFault({ ...refused, description: `AADSTS999999: ${'very '.repeat(50_000)}long` });
    const result = await world.run(['token', '--refresh']);
    expect(result.stderr).toContain('very very');
    expect(result.stderr.length).toBeLessThan(1_500);
  });

  it('is refused by a 401 with a challenge as by its body', async () => {
    await world.run(['login']);
    const fault = {
      endpoint: 'token',
      kind: 'refused',
      error: 'invalid_client',
      aadsts: 7_000_215,
      status: 401,
    } as const;
    world.emulator.injectFault(fault);
    const result = await world.run(['token', '--refresh']);
    expect(result).toMatchObject({ exitCode: 4, stdout: '' });
    expect(result.stderr).toContain('AADSTS7000215');
  });
});
