import { checkClientType } from './client-authentication.ts';
import { isConsented } from './consent.ts';
import { parameter } from './exchange.ts';
import { answersChallenge } from './claims-parameter.ts';
import { checkAccount, checkCrossOrigin } from './grant-checks.ts';
import { refusals } from './refusals.ts';
import { graphResourceId, readScopes, singleResource } from './scopes.ts';
import type { EmulatorState, RefreshGrant } from './state.ts';
import { policyOf } from './state.ts';
import type { TokenRequest } from './token-request.ts';
import { issueTokens } from './token-set.ts';

// entra.md 4.3.
const inactivityLimit = 90 * 86_400_000;
const spaLifetime = 86_400_000;

/** Redeems a refresh token: for any resource, in any tenant that knows the account (entra.md 4.3). */
export function refreshTokens(state: EmulatorState, request: TokenRequest): Record<string, unknown> {
  const { application } = request.client;
  // 1. The refresh token, and whether it is still good.
  const grant = findRefreshToken(state, request);
  checkClientType(request.client, grant.clientType);
  checkCrossOrigin(request, grant.clientType);
  checkAge(state, grant);
  // 2. The account, in the tenant asked for.
  const tenantId = request.segment.tenant?.id ?? grant.tenantId;
  const user = checkAccount(state, grant.userId, application, tenantId);
  // 3. What is asked for, and whether it is allowed.
  const text = parameter(request.form, 'scope');
  if (text === undefined && grant.resourceId !== graphResourceId) throw refusals.tokenForItself(application);
  const wanted = text ?? grant.scopes.filter((scope) => /^[^/]*$|graph\.microsoft\.com/.test(scope)).join(' ');
  const tenantName = state.directory.tenants.get(tenantId)?.name ?? '';
  const scopes = readScopes(state.directory, application, wanted, tenantName);
  const resource = singleResource(scopes, wanted);
  if (!isConsented(state, application, user, tenantId, scopes)) throw refusals.consentMissing(application);
  const { mfa } = policyOf(state, grant.userId);
  if (mfa !== undefined && !(grant.mfa && answersChallenge(mfa.claims, [grant.claims, request.claims]))) {
    throw refusals.mfaNeeded(resource.appId, 'invalid_grant', mfa.claims);
  }
  // 4. The tokens. The old refresh token stays good, unless told otherwise.
  grant.used = true;
  return issueTokens(state, {
    application,
    user,
    grant: { ...grant, tenantId },
    scopes,
    resource,
    nonce: undefined,
    claims: request.claims ?? grant.claims,
    clientInfo: request.clientInfo,
    grantType: 'refresh_token',
    lineBeganAt: grant.lineBeganAt,
  });
}

function findRefreshToken(state: EmulatorState, { form, client }: TokenRequest): RefreshGrant {
  const token = parameter(form, 'refresh_token');
  if (token === undefined) throw refusals.parameterMissing('refresh_token');
  const grant = state.refreshTokens.get(token);
  if (grant === undefined) throw refusals.malformed('invalid_grant');
  if (grant.clientId !== client.application.clientId) throw refusals.codeOfOtherClient();
  if (grant.used && state.refreshTokenReuse === 'refused') throw refusals.refreshTokenReused();
  return grant;
}

function checkAge(state: EmulatorState, grant: RefreshGrant): void {
  const { issuedAt, serial, lineBeganAt, clientType } = grant;
  const now = state.now().getTime();
  const { tokensValidFrom } = policyOf(state, grant.userId);
  if (tokensValidFrom !== undefined && serial <= tokensValidFrom.serial) {
    throw refusals.grantRevoked(issuedAt, tokensValidFrom.at);
  }
  if (clientType === 'device' && state.deviceCodeBlocked) throw refusals.deviceCodeBlocked();
  if (clientType === 'spa' && now - lineBeganAt.getTime() > spaLifetime) {
    throw refusals.spaRefreshTokenOver(lineBeganAt);
  }
  const { inactivity, signInFrequency } = state.refreshTokensVoid;
  if (inactivity !== undefined && serial <= inactivity.serial) throw refusals.refreshTokenInactive(issuedAt);
  if (now - issuedAt.getTime() > inactivityLimit) throw refusals.refreshTokenInactive(issuedAt);
  if (signInFrequency !== undefined && serial <= signInFrequency.serial) throw refusals.signInFrequency(issuedAt);
}
