import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDeadline } from '../../src/auth/deadline.ts';
import type { DeviceCodeEvent } from '../../src/auth/device-code.ts';
import { signInWithDeviceCode } from '../../src/auth/device-code.ts';
import { discoverTenant } from '../../src/auth/discovery.ts';
import type { TokenSet } from '../../src/auth/token-set.ts';
import { alice, contoso, desktopApplication, webApplication } from '../../src/emulator/default-directory.ts';
import { webSecret } from '../../src/emulator/default-directory.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { AnswerFault, IdTokenDefect } from '../../src/emulator/faults.ts';
import type { ScriptedPersonOptions } from '../../src/emulator/scripted-person.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { EmulatedTime } from '../support/emulated-time.ts';
import { startEmulatedTime } from '../support/emulated-time.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:device_code';

let time: EmulatedTime;
let emulator: Emulator;
beforeEach(async () => {
  time = startEmulatedTime();
  emulator = await startEmulator();
});
afterEach(async () => {
  await emulator.close();
  time.end();
});

interface How {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly tenant?: string;
  readonly scopes?: readonly string[];
  readonly claims?: string;
  /** What the person does; `undefined` does nothing. */
  readonly person?: Partial<ScriptedPersonOptions> | undefined;
  /** When: once this many polls have failed. */
  readonly comesAfter?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly onEvent?: (event: DeviceCodeEvent) => void;
  readonly signal?: AbortSignal;
}

/** Signs in, while time passes; by default alice enters the code at once. */
async function signIn(how: How = {}): Promise<TokenSet> {
  const { clientId = desktopApplication.clientId, clientSecret, scopes = ['User.Read'], claims } = how;
  const person = 'person' in how ? how.person : {};
  const context = { fetch: time.fetch, now: () => new Date() };
  const parent = how.signal ?? new AbortController().signal;
  const limit = (how.timeout ?? 3600) * 1000;
  const personDeadline = startDeadline(parent, limit, () => new EntraLoginError('timeout', 'Nobody came.'));
  let codeEvent: (DeviceCodeEvent & { readonly type: 'code' }) | undefined;
  let failures = 0;
  const onEvent = (event: DeviceCodeEvent): void => {
    how.onEvent?.(event);
    if (event.type === 'code') codeEvent = event;
    if (event.type === 'poll_failed') failures += 1;
    const isTime = (event.type === 'code' || event.type === 'poll_failed') && failures === (how.comesAfter ?? 0);
    if (!isTime || person === undefined || codeEvent === undefined) return;
    const { verificationUri, userCode } = codeEvent.authorization;
    void signInAsScriptedPerson(verificationUri, { username: alice.username, userCode, ...person });
  };
  const run = async (): Promise<TokenSet> => {
    const authority = { host: emulator.origin, tenant: how.tenant ?? contoso.id };
    const metadata = await discoverTenant(context, authority, personDeadline);
    const client = { metadata, clientId, clientSecret };
    return await signInWithDeviceCode(context, client, { request: { scopes, claims }, onEvent, personDeadline });
  };
  try {
    return await time.passUntil(run());
  } finally {
    personDeadline.end();
  }
}

const failure = async (how: How = {}): Promise<EntraLoginError> => {
  const outcome = await signIn(how).catch((error: unknown) => error);
  if (outcome instanceof EntraLoginError) return outcome;
  throw new Error('The sign-in did not fail.', { cause: outcome });
};

const polls = (): typeof emulator.requests => emulator.requests.filter(({ form }) => form['grant_type'] === grantType);
/** Seconds before each poll, from the device authorization on; a step of the clock more at most. */
const waits = (): number[] => {
  const begin = emulator.requests.find(({ endpoint }) => endpoint === 'devicecode');
  const times = [begin, ...polls()].map((request) => request?.at.getTime() ?? 0);
  return times.slice(1).map((at, index) => Math.floor((at - (times[index] ?? 0)) / 1000));
};
const onToken = (fault: AnswerFault, times = 1): unknown =>
  emulator.injectFault({ endpoint: 'token', grantType, times, ...fault });
const onDeviceCode = (members: Record<string, unknown>): unknown =>
  emulator.injectFault({ endpoint: 'devicecode', kind: 'changed_members', members });
const refused = (error: string, aadsts = 999_999): AnswerFault => ({ kind: 'refused', error, aadsts });

describe('a sign-in by device code', () => {
  it('brings a token set whose ID token is verified, without a nonce', async () => {
    const tokenSet = await signIn();
    expect(tokenSet).toMatchObject({
      tokenType: 'Bearer',
      claims: { oid: alice.objectId, tid: contoso.id },
      refreshToken: expect.any(String) as string,
      scopes: expect.arrayContaining(['openid']) as string[],
    });
    expect(tokenSet.claims).not.toHaveProperty('nonce');
  });

  it('sends client ID and scope, then the grant type, client ID and device code (RFC 8628, 3.1 and 3.4)', async () => {
    await signIn({ scopes: ['User.Read', 'https://management.azure.com/user_impersonation'] });
    const begin = emulator.requests.find(({ endpoint }) => endpoint === 'devicecode');
    expect(begin).toMatchObject({ method: 'POST', path: `/${contoso.id}/oauth2/v2.0/devicecode` });
    const scope = 'User.Read openid profile offline_access';
    expect(begin?.form).toEqual({ client_id: desktopApplication.clientId, scope });
    expect(polls()[0]?.form).toEqual({
      client_id: desktopApplication.clientId,
      grant_type: grantType,
      device_code: expect.any(String) as string,
    });
  });

  it('sends a claims request with both', async () => {
    const claims = '{"id_token":{"auth_time":{"essential":true}}}';
    await signIn({ claims });
    const sent = emulator.requests.filter(({ form }) => form['claims'] !== undefined);
    expect(sent.map(({ endpoint, form }) => [endpoint, form['claims']])).toEqual([
      ['devicecode', claims],
      ['token', claims],
    ]);
  });

  it('sends the secret of a confidential client with the polls', async () => {
    await signIn({ clientId: webApplication.clientId, clientSecret: webSecret });
    expect(polls()[0]?.form).toMatchObject({ client_id: webApplication.clientId, client_secret: webSecret });
  });

  it.each(['organizations', 'common'])('works at the tenant "%s"', async (tenant) => {
    expect(await signIn({ tenant })).toMatchObject({ claims: { tid: contoso.id } });
  });

  it('fetches the signing keys before the person is asked, and nothing but the token answer afterwards', async () => {
    await signIn();
    const order = emulator.requests
      .map(({ endpoint }) => endpoint)
      .filter((one) => one !== 'device' && one !== 'sign_in');
    expect(order).toEqual(['discovery', 'keys', 'devicecode', 'token']);
  });

  it.each<IdTokenDefect>(['bad_signature', 'wrong_issuer', 'wrong_audience', 'expired', 'missing'])(
    'refuses an ID token that is %s',
    async (defect) => {
      emulator.injectFault({ kind: 'id_token', defect });
      expect(await failure()).toMatchObject({ code: 'untrusted_response' });
    },
  );
});

describe('the wait between polls', () => {
  const after = (count: number): How => {
    onToken(refused('authorization_pending', 70_016), count);
    return {};
  };

  it('is the interval that the server names, the first poll included', async () => {
    onDeviceCode({ interval: 7 });
    await signIn(after(2));
    expect(waits()).toEqual([7, 7, 7]);
  });

  it('is 5 seconds where the server names none (RFC 8628, 3.2)', async () => {
    onDeviceCode({ interval: undefined });
    await signIn(after(1));
    expect(waits()).toEqual([5, 5]);
  });

  it('takes numbers that are written as texts', async () => {
    onDeviceCode({ interval: '6', expires_in: '900' });
    await signIn(after(1));
    expect(waits()).toEqual([6, 6]);
  });

  it('is 5 seconds longer after each slow_down, for good (RFC 8628, 3.5)', async () => {
    onToken(refused('authorization_pending', 70_016));
    onToken(refused('slow_down'), 2);
    onToken(refused('authorization_pending', 70_016), 2);
    await signIn();
    expect(waits()).toEqual([5, 5, 10, 15, 15, 15]);
  });

  it('doubles while polls fail (RFC 8628, 3.5), twice at most, and is as before once one is answered', async () => {
    onToken({ kind: 'connection_dropped', when: 'before' }, 4);
    onToken(refused('authorization_pending', 70_016), 2);
    await signIn();
    expect(waits()).toEqual([5, 10, 20, 20, 20, 5, 5]);
  });

  it('is what Retry-After says, if that is longer', async () => {
    onToken({ kind: 'throttled', retryAfter: 60 });
    onToken({ kind: 'server_error', status: 503, retryAfter: 2 });
    await signIn();
    expect(waits()).toEqual([5, 60, 20]);
  });

  it('is not begun where Retry-After goes beyond the time left: the error says how long', async () => {
    onToken({ kind: 'throttled', retryAfter: 1000 });
    expect(await failure()).toMatchObject({
      code: 'throttled',
      hint: expect.stringContaining('1000 seconds') as string,
    });
    expect(polls()).toHaveLength(1);
  });
});

describe('a poll that fails', () => {
  it.each<[string, AnswerFault]>([
    ['a connection dropped before', { kind: 'connection_dropped', when: 'before' }],
    ['a 429', { kind: 'throttled' }],
    ['a 500', { kind: 'server_error', status: 500 }],
    ['a 503', { kind: 'server_error', status: 503 }],
    ['a page of a captive portal', { kind: 'html_page' }],
    ['a redirect', { kind: 'redirect', location: 'https://portal.example/' }],
    ['silence', { kind: 'never_answers' }],
    ['server_error', refused('server_error')],
    ['temporarily_unavailable', refused('temporarily_unavailable')],
  ])('(%s) does not end the sign-in, and is told once it happens and once it is over', async (_what, fault) => {
    const events: string[] = [];
    onToken(fault, 2);
    const tokenSet = await signIn({ onEvent: ({ type }) => void events.push(type) });
    expect(tokenSet.claims).toMatchObject({ oid: alice.objectId });
    expect(events).toEqual(['code', 'poll_failed', 'poll_failed', 'poll_answered']);
  });
});

describe('a sign-in that is refused', () => {
  it.each([
    ['authorization_declined', 'access_denied'],
    ['access_denied', 'access_denied'],
    ['expired_token', 'timeout'],
    ['code_expired', 'timeout'],
    ['bad_verification_code', 'entra_refused'],
    ['invalid_grant', 'entra_refused'],
    ['invalid_client', 'entra_refused'],
    ['interaction_required', 'entra_refused'],
    ['something_new', 'entra_refused'],
  ])('with %s ends as %s at the first poll', async (error, code) => {
    onToken(refused(error));
    expect(await failure({ person: undefined })).toMatchObject({ code, aadsts: 'AADSTS999999' });
    expect(polls()).toHaveLength(1);
  });

  it('by the person is access_denied', async () => {
    expect(await failure({ person: { decline: true } })).toMatchObject({ code: 'access_denied' });
  });

  it('is explained with "Allow public client flows" where the registration has them off', async () => {
    emulator.updateApplication(desktopApplication.clientId, { allowPublicClientFlows: false });
    expect(await failure()).toMatchObject({
      code: 'entra_refused',
      aadsts: 'AADSTS7000218',
      hint: expect.stringContaining('Allow public client flows') as string,
    });
  });

  it.each([53_003, 530_033, 530_035, 530_036, 53_000, 50_097])(
    'by Conditional Access (AADSTS%i) names the ways that need no device code',
    async (aadsts) => {
      onToken(refused('invalid_grant', aadsts));
      const { code, hint } = await failure({ person: undefined });
      expect(code).toBe('entra_refused');
      expect(hint).toContain('entra-login login --no-browser with ssh -L');
      expect(hint).toContain('entra-login login --manual');
    },
  );

  it('names the way out where the policy acts when the code is asked for', async () => {
    emulator.injectFault({ endpoint: 'devicecode', ...refused('invalid_grant', 53_003) });
    expect(await failure()).toMatchObject({ hint: expect.stringContaining('--manual') as string });
  });

  it('is refused with 50059 where "common" does not say which tenant', async () => {
    emulator.updateApplication(desktopApplication.clientId, { audience: 'single_tenant' });
    expect(await failure({ tenant: 'common' })).toMatchObject({
      code: 'entra_refused',
      aadsts: 'AADSTS50059',
      hint: 'entra-login login --tenant TENANT-ID',
    });
  });

  it('with an error in an answer of status 200 is an error', async () => {
    const fault = { kind: 'refused', error: 'invalid_request', aadsts: 999_999, status: 200 } as const;
    emulator.injectFault({ endpoint: 'devicecode', ...fault });
    expect(await failure()).toMatchObject({ code: 'entra_refused' });
  });
});

describe('the end of the wait', () => {
  it('comes when the code expires', async () => {
    onDeviceCode({ expires_in: 60 });
    expect(await failure({ person: undefined })).toMatchObject({
      code: 'timeout',
      message: 'Nobody used the code within 60 seconds: it has expired.',
      hint: expect.stringContaining('--device-code') as string,
    });
    expect(waits()).toEqual(Array.from({ length: 11 }, () => 5));
  });

  it('comes when the time of the person is up, if that is sooner', async () => {
    let left = 0;
    const onEvent = (event: DeviceCodeEvent): void => {
      if (event.type === 'code') left = event.deadline.remaining();
    };
    expect(await failure({ person: undefined, timeout: 30, onEvent })).toMatchObject({ message: 'Nobody came.' });
    expect(Math.ceil(left / 1000)).toBeLessThanOrEqual(30);
  });

  it('comes at once on Ctrl-C', async () => {
    const controller = new AbortController();
    const onEvent = (): void => controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
    const error = await failure({ person: undefined, onEvent, signal: controller.signal });
    expect(error).toMatchObject({ code: 'cancelled' });
    expect(polls()).toEqual([]);
  });

  it('does not come sooner for a lifetime or an interval beyond what timers hold', async () => {
    onDeviceCode({ expires_in: 999_999_999, interval: 20 });
    onToken(refused('authorization_pending', 70_016), 3);
    await signIn();
    expect(waits()).toEqual([20, 20, 20, 20]);
  });
});

describe('an answer to the request for a code', () => {
  it.each<[string, Record<string, unknown>]>([
    ['without a device code', { device_code: undefined }],
    ['without a user code', { user_code: undefined }],
    ['with a number for a user code', { user_code: 7 }],
    ['without an address', { verification_uri: undefined }],
    ['without a lifetime', { expires_in: undefined }],
    ['with a negative lifetime', { expires_in: -1 }],
    ['with a text for a lifetime', { expires_in: 'soon' }],
    ['with an interval of nothing', { interval: 0 }],
  ])('%s is not what the protocol says', async (_what, members) => {
    onDeviceCode(members);
    expect(await failure()).toMatchObject({ code: 'entra_unavailable', message: /the device code endpoint gave/ });
  });

  it.each([
    'http://evil.example/device',
    'http://login.microsoft.com/device',
    'https://login.microsoft.com@evil.example/device',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'device',
  ])('that sends people to %s is not trusted', async (verification_uri) => {
    onDeviceCode({ verification_uri });
    expect(await failure()).toMatchObject({ code: 'untrusted_response' });
  });

  it('is asked for again after a dropped connection or a 503', async () => {
    emulator.injectFault({ endpoint: 'devicecode', kind: 'connection_dropped', when: 'before', times: 1 });
    emulator.injectFault({ endpoint: 'devicecode', kind: 'server_error', status: 503, times: 1 });
    expect(await signIn()).toMatchObject({ claims: { oid: alice.objectId } });
  });

  it('cannot be had where the authority names no endpoint for it', async () => {
    const members = { device_authorization_endpoint: undefined };
    emulator.injectFault({ endpoint: 'discovery', kind: 'changed_members', members });
    expect(await failure()).toMatchObject({
      code: 'configuration',
      hint: expect.stringContaining('--manual') as string,
    });
  });
});

it('passes 20 minutes with every fault, an expired code and a new one, in seconds', async () => {
  const began = process.hrtime.bigint();
  const beganAt = Date.now();
  const faults: readonly AnswerFault[] = [
    { kind: 'connection_dropped', when: 'before' },
    { kind: 'connection_dropped', when: 'after' },
    { kind: 'connection_dropped', when: 'in_body' },
    { kind: 'throttled' },
    { kind: 'throttled', retryAfter: 30 },
    { kind: 'server_error', status: 500 },
    { kind: 'server_error', status: 502 },
    { kind: 'server_error', status: 503, retryAfter: 'Mon, 23 Nov 2026 12:05:00 GMT' },
    { kind: 'server_error', status: 504 },
    { kind: 'never_answers' },
    { kind: 'latency', milliseconds: 3000 },
    { kind: 'truncated_json' },
    { kind: 'malformed_json' },
    { kind: 'html_page' },
    { kind: 'empty_body' },
    { kind: 'wrong_content_type', contentType: 'text/html' },
    { kind: 'redirect', location: 'https://portal.example/' },
    { kind: 'huge_body', bytes: 2 * 1024 * 1024 },
    { kind: 'changed_members', members: { error: 'server_error' } },
    { kind: 'changed_members', members: { error: 'slow_down' } },
    refused('temporarily_unavailable'),
  ];
  const failed: string[] = [];
  const onEvent = (event: DeviceCodeEvent): void => {
    if (event.type === 'poll_failed') failed.push(event.reason);
  };
  for (const fault of faults) onToken(fault);
  expect(await failure({ person: undefined, onEvent })).toMatchObject({ code: 'timeout' });
  expect(Date.now() - beganAt).toBeGreaterThanOrEqual(900_000);
  // All but lateness, another content type and slow_down, which are no failures.
  expect(failed).toHaveLength(faults.length - 3);

  for (const fault of faults) onToken(fault);
  const tokenSet = await signIn({ onEvent, comesAfter: faults.length - 3 });
  expect(tokenSet).toMatchObject({ claims: { oid: alice.objectId } });
  expect(Date.now() - beganAt).toBeGreaterThanOrEqual(1_200_000);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  process.stderr.write(
    `Device code: ${Math.round((Date.now() - beganAt) / 60_000)} emulated minutes, ${polls().length} polls, ` +
      `${failed.length} failed, in ${seconds.toFixed(1)} s\n`,
  );
  expect(seconds).toBeLessThan(20);
});
