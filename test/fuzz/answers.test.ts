import { Chalk } from 'chalk';
import * as fc from 'fast-check';
import * as openid from 'openid-client';
import { describe, expect } from 'vitest';
import { requestDeviceAuthorization } from '../../src/auth/device-authorization.ts';
import { startDeadline } from '../../src/auth/deadline.ts';
import type { Deadline } from '../../src/auth/deadline.ts';
import { discoverTenant } from '../../src/auth/discovery.ts';
import { redeemAuthorizationResponse } from '../../src/auth/authorization-code.ts';
import { requestManagedIdentityToken } from '../../src/auth/managed-identity.ts';
import { refreshTokens } from '../../src/auth/refresh-token.ts';
import type { RequestContext } from '../../src/auth/request.ts';
import { sendRequest } from '../../src/auth/request.ts';
import { fetchSigningKeys } from '../../src/auth/signing-keys.ts';
import type { EntraClient } from '../../src/auth/token-endpoint.ts';
import { requestTokenSet } from '../../src/auth/token-endpoint.ts';
import { requestRunnerToken } from '../../src/auth/workload-identity.ts';
import { fetchUserInfo } from '../../src/auth/user-info.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { renderError, renderErrorJson } from '../../src/render/error.ts';
import { serializeProfile, parseProfile } from '../../src/tokens/kept-profile.ts';
import { keepAccessToken } from '../../src/tokens/token-store.ts';
import { signIn } from '../tokens/kept.ts';
import { itHolds } from '../support/fuzz.ts';
import { anyCuts, anyJsonText, anyText, applyCuts, controls, damaged, foreseen } from '../support/hostile-values.ts';

const now = new Date('2026-11-23T12:00:00Z');
const host = 'https://entra.test';
const colors = new Chalk({ level: 0 });
const client: EntraClient = { metadata: { ...signIn.metadata, issuer: `${host}/{tenantid}/v2.0` }, clientId: 'C' };

interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

const headerText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom(
    '0',
    '1',
    '-1',
    '99999999999',
    '1e9',
    'NaN',
    'Wed, 21 Oct 2015 07:28:00 GMT',
    'Fri, 31 Dec 9999 23:59:59 GMT',
    'text/html',
    'Bearer error="invalid_token"',
    'Basic realm=/etc/passwd',
  ),
);
const headers = fc.dictionary(
  fc.constantFrom('content-type', 'retry-after', 'date', 'www-authenticate', 'location', 'x-ms-request-id'),
  headerText,
);
const statuses = fc.oneof(
  { weight: 6, arbitrary: fc.constant(200) },
  { weight: 3, arbitrary: fc.constant(400) },
  { weight: 3, arbitrary: fc.integer({ min: 200, max: 599 }) },
);

/** An answer whose body is the sound document, damaged, cut, or anything at all. */
function answers(document: Readonly<Record<string, unknown>>): fc.Arbitrary<WireAnswer> {
  const body = fc.oneof(
    { weight: 6, arbitrary: damaged(document).map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: damaged(entraError).map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: anyCuts.map((cuts) => applyCuts(JSON.stringify(document), cuts)) },
    { weight: 2, arbitrary: anyJsonText },
    { weight: 1, arbitrary: anyText },
    { weight: 1, arbitrary: fc.uint8Array() },
    { weight: 1, arbitrary: anyText.map((text) => `<html>${text}`) },
  );
  return fc.record({ status: statuses, headers, body });
}

const entraError = {
  error: 'invalid_grant',
  error_description:
    'AADSTS50173: The provided grant has expired. Trace ID: 0a1b2c3d-0000-4000-8000-000000000000 Correlation ID: 0a1b2c3d-0000-4000-8000-000000000001 Timestamp: 2026-11-23 12:00:00Z',
  error_codes: [50173],
  suberror: 'bad_token',
  correlation_id: '0a1b2c3d-0000-4000-8000-000000000001',
  claims: '{"access_token":{}}',
};

/** Sends answers in turn; the last one again and again. */
function contextOf(all: readonly WireAnswer[]): RequestContext {
  let sent = 0;
  const fetch: typeof globalThis.fetch = () => {
    const { status, headers: fields, body } = all[Math.min(sent, all.length - 1)] as WireAnswer;
    sent += 1;
    const isEmpty = [204, 205, 304].includes(status);
    return Promise.resolve(new Response(isEmpty ? null : body, { status, headers: fields }));
  };
  return { fetch, now: () => now };
}

/** Runs work whose requests may wait for nothing: a time limit that lets no retry begin. */
async function settle<T>(work: (deadline: Deadline) => Promise<T>): Promise<T | EntraLoginError> {
  const parent = new AbortController();
  const deadline = startDeadline(parent.signal, 30_000, () => new EntraLoginError('timeout', 'late'));
  try {
    return await foreseen(() => work({ ...deadline, remaining: () => 0 }));
  } finally {
    deadline.end();
  }
}

const common: readonly ErrorCode[] = ['entra_unavailable', 'throttled', 'entra_refused', 'access_denied', 'timeout'];

/** The error, if it is one, is of the codes that may be, and can be shown: short, without control characters. */
function checkError(outcome: unknown, more: readonly ErrorCode[]): void {
  if (!(outcome instanceof EntraLoginError)) return;
  expect([...common, ...more]).toContain(outcome.code);
  const shown = renderError(outcome, colors, undefined);
  expect(shown).not.toMatch(controls);
  expect(renderErrorJson(outcome)).not.toMatch(controls);
  expect(shown.split('\n').length).toBeLessThanOrEqual(5);
  expect(shown.length).toBeLessThan(4_000);
  if (outcome.aadsts !== undefined) expect(outcome.aadsts).toMatch(/^AADSTS\d{1,9}$/);
}

describe('a token answer', () => {
  const token = {
    access_token: 'NEW',
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'User.Read',
    refresh_token: 'R2',
    id_token: signIn.idToken,
  };
  const identity = { oid: signIn.account.objectId, tid: signIn.account.tenantId, sub: signIn.subject };

  itHolds(
    'of any bytes gives tokens that can be kept and read again, or a foreseen error',
    300,
    fc.asyncProperty(fc.oneof(answers(token), answers({ ...token, id_token: undefined })), async (answer) => {
      const renewal = { refreshToken: 'R', scopes: ['User.Read'], identity, mend: () => 'entra-login login' };
      const outcome = await settle((deadline) => refreshTokens(contextOf([answer]), client, renewal, deadline));
      checkError(outcome, ['sign_in_required', 'untrusted_response']);
      if (outcome instanceof EntraLoginError) return;
      expect(outcome.claims).toBeUndefined(); // the ID token there is signed by nobody
      expect(outcome.expiresAt > now).toBe(true);
      const kept = {
        signIn: { ...signIn, refreshToken: outcome.refreshToken },
        accessTokens: [keepAccessToken(signIn, outcome, ['User.Read'], now)],
      };
      expect(parseProfile(serializeProfile(kept))).toEqual(kept);
    }),
  );

  itHolds(
    'to a code never signs anybody in without an ID token of the tenant',
    200,
    fc.asyncProperty(answers(token), answers({ keys: [] }), async (answer, keys) => {
      const request = {
        ...{ state: 'S', nonce: 'N', codeVerifier: 'V'.repeat(43), urlFor: (uri: string) => uri },
        options: { scopes: ['User.Read'], responseMode: 'form_post' as const },
      };
      const response = {
        parameters: new URLSearchParams({ code: 'X', state: 'S' }),
        redirectUri: 'http://localhost:5000/callback',
      };
      const outcome = await settle((deadline) =>
        redeemAuthorizationResponse(contextOf([answer, keys]), client, request, response, deadline),
      );
      expect(outcome).toBeInstanceOf(EntraLoginError);
      checkError(outcome, ['untrusted_response']);
    }),
  );

  itHolds(
    'to an application of any bytes is a token or a foreseen error',
    300,
    fc.asyncProperty(answers({ ...token, id_token: undefined, refresh_token: undefined }), async (answer) => {
      const outcome = await settle((deadline) =>
        requestTokenSet(
          contextOf([answer]),
          { ...client, clientSecret: 'the-secret' },
          {
            grant: (configuration) => openid.clientCredentialsGrant(configuration, { scope: 'x/.default' }),
            ...{
              scopes: ['x/.default'],
              expected: {},
              needsIdToken: false,
              moment: 'application',
              retries: 2,
              deadline,
            },
          },
        ),
      );
      checkError(outcome, ['untrusted_response']);
      if (outcome instanceof EntraLoginError)
        expect(`${outcome.message}${outcome.hint ?? ''}`).not.toContain('the-secret');
    }),
  );
});

describe('a discovery document', () => {
  const document = {
    issuer: `${host}/{tenantid}/v2.0`,
    ...{ authorization_endpoint: `${host}/authorize`, token_endpoint: `${host}/token`, jwks_uri: `${host}/keys` },
    ...{ device_authorization_endpoint: `${host}/devicecode`, end_session_endpoint: `${host}/logout` },
    ...{
      userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
      id_token_signing_alg_values_supported: ['RS256'],
    },
  };
  const hostile = fc.dictionary(
    fc.constantFrom(...Object.keys(document)),
    fc.oneof(
      fc.webUrl(),
      fc.constantFrom(
        'https://evil.test/x',
        'https://entra.test@evil.test/',
        'https://entra.test.evil.test/',
        'http://entra.test/',
        'https://entra.test:444/',
        'javascript:alert(1)',
        '//entra.test/x',
        'https://x.ciamlogin.com/',
      ),
    ),
    { maxKeys: 3 },
  );

  itHolds(
    "of any bytes names no endpoint that is not Entra's own, or is a foreseen error",
    300,
    fc.asyncProperty(
      fc.oneof(
        answers(document),
        hostile.map((members) => ({ status: 200, headers: {}, body: JSON.stringify({ ...document, ...members }) })),
      ),
      async (answer) => {
        const outcome = await settle((deadline) =>
          discoverTenant(contextOf([answer]), { host, tenant: 'contoso.com' }, deadline),
        );
        checkError(outcome, ['configuration', 'untrusted_response']);
        if (outcome instanceof EntraLoginError) return;
        const {
          authorizationEndpoint,
          tokenEndpoint,
          jwksUri,
          deviceAuthorizationEndpoint,
          endSessionEndpoint,
          userInfoEndpoint,
          signingAlgorithms,
        } = outcome;
        for (const endpoint of [
          authorizationEndpoint,
          tokenEndpoint,
          jwksUri,
          deviceAuthorizationEndpoint,
          endSessionEndpoint,
        ]) {
          if (endpoint !== undefined) expect(new URL(endpoint).host).toMatch(/^entra\.test$|\.ciamlogin\.com$/);
        }
        if (userInfoEndpoint !== undefined)
          expect(new URL(userInfoEndpoint).host).toMatch(/^entra\.test$|\.ciamlogin\.com$|graph\.microsoft\.com$/);
        expect(signingAlgorithms.every((name) => ['RS256', 'RS384', 'RS512', 'PS256'].includes(name))).toBe(true);
      },
    ),
  );
});

describe('signing keys', () => {
  itHolds(
    'of any bytes are RSA keys or a foreseen error',
    200,
    fc.asyncProperty(
      fc
        .array(damaged({ kty: 'RSA', use: 'sig', kid: 'K', n: 'AQAB', e: 'AQAB', issuer: host }))
        .chain((keys) => answers({ keys })),
      async (answer) => {
        const outcome = await settle((deadline) =>
          fetchSigningKeys(contextOf([answer]), `${host}/keys`, 'C', deadline),
        );
        checkError(outcome, []);
        if (!(outcome instanceof EntraLoginError))
          expect(
            outcome.every(({ kid, modulus, exponent }) =>
              [kid, modulus, exponent].every((text) => typeof text === 'string'),
            ),
          ).toBe(true);
      },
    ),
  );
});

describe('a device code answer', () => {
  const document = {
    device_code: 'D',
    user_code: 'ABC-DEF',
    verification_uri: 'https://microsoft.com/devicelogin',
    expires_in: 900,
    interval: 5,
    message: 'Go there.',
  };

  itHolds(
    'of any bytes gives a code to enter at an https page within a day, or a foreseen error',
    250,
    fc.asyncProperty(answers(document), async (answer) => {
      const outcome = await settle((deadline) =>
        requestDeviceAuthorization(contextOf([answer]), client, { scopes: ['User.Read'] }, deadline),
      );
      checkError(outcome, ['untrusted_response']);
      if (outcome instanceof EntraLoginError) return;
      expect(new URL(outcome.verificationUri).protocol).toBe('https:');
      expect(outcome.lifetime > 0 && outcome.lifetime <= 86_400_000 && outcome.interval > 0).toBe(true);
    }),
  );
});

describe('a UserInfo answer', () => {
  itHolds(
    'of any bytes is that of the subject, or a foreseen error',
    200,
    fc.asyncProperty(answers({ sub: 'S', name: 'Ada', email: 'ada@contoso.com' }), async (answer) => {
      const request = { endpoint: `${host}/userinfo`, accessToken: 'the-access-token', subject: 'S' };
      const outcome = await settle((deadline) => fetchUserInfo(contextOf([answer]), request, deadline));
      checkError(outcome, ['untrusted_response']);
      if (!(outcome instanceof EntraLoginError)) {
        expect(outcome['sub']).toBe('S');
        expect(JSON.stringify(outcome)).toBeTypeOf('string');
      }
    }),
  );
});

describe('the answer of a host', () => {
  const directory = '/var/opt/azcmagent/tokens';
  const endpoint = 'http://127.0.0.1:1/token';
  const hosts = fc.constantFrom<Parameters<typeof requestManagedIdentityToken>[1][]>(
    { kind: 'app_service', endpoint, header: 'the-header-of-the-host' },
    { kind: 'arc', endpoint, keyDirectory: directory },
  );

  itHolds(
    'to its machine of any bytes is a token with a date that can be written, or a foreseen error, and reads no other file',
    200,
    fc.asyncProperty(
      hosts,
      answers({ access_token: 'A', expires_in: '3600', expires_on: '1795435200', client_id: 'C' }),
      async (machine, answer) => {
        const files = {
          readLimited: (path: string) => {
            expect(path.startsWith(`${directory}/`)).toBe(true);
            return Promise.resolve({ outcome: 'read' as const, text: 'the-key-of-the-agent' });
          },
        };
        const context = { ...contextOf([answer]), files } as unknown as Parameters<
          typeof requestManagedIdentityToken
        >[0];
        const request = { resource: 'https://graph.microsoft.com', clientId: undefined };
        const outcome = await settle((deadline) => requestManagedIdentityToken(context, machine, request, deadline));
        checkError(outcome, ['configuration', 'untrusted_response', 'network']);
        if (!(outcome instanceof EntraLoginError))
          expect(outcome.expiresAt.toISOString() > now.toISOString()).toBe(true);
        else
          expect(`${outcome.message}${outcome.hint ?? ''}`).not.toMatch(/the-header-of-the-host|the-key-of-the-agent/);
      },
    ),
  );

  itHolds(
    'to its job of any bytes is a JWT or a foreseen error',
    300,
    fc.asyncProperty(
      fc.constantFrom('value', 'oidcToken').chain((member) => answers({ [member]: signIn.idToken })),
      fc.boolean(),
      async (answer, isGithub) => {
        const identity = isGithub
          ? ({ kind: 'github_actions', requestUrl: endpoint, requestToken: 'the-secret' } as const)
          : ({
              kind: 'azure_pipelines',
              requestUri: endpoint,
              accessToken: 'the-secret',
              serviceConnectionId: 'S',
            } as const);
        const outcome = await settle((deadline) => requestRunnerToken(contextOf([answer]), identity, deadline));
        checkError(outcome, ['configuration']);
        if (outcome instanceof EntraLoginError)
          expect(`${outcome.message}${outcome.hint ?? ''}`).not.toContain('the-secret');
        else expect(outcome.split('.')).toHaveLength(3);
      },
    ),
  );
});

describe('the wait that an answer asks for', () => {
  itHolds(
    'is a number of seconds, and longer than the time left is an error at once',
    200,
    fc.asyncProperty(fc.constantFrom(429, 500, 503), headerText, anyText, async (status, retryAfter, body) => {
      const answer = { status, headers: { 'retry-after': retryAfter }, body };
      const outcome = await settle((deadline) =>
        sendRequest(contextOf([answer]), `${host}/x`, {}, { what: 'it', retries: 2, deadline }),
      );
      checkError(outcome, []);
      const { retryAfter: seconds, hint } = outcome as EntraLoginError;
      if (seconds !== undefined) expect(Number.isFinite(seconds) && seconds >= 0).toBe(true);
      expect(hint).toMatch(/^Try again in (?:a minute|\d+ seconds);?/);
    }),
  );
});
