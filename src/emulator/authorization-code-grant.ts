import { createHash } from 'node:crypto';
import { checkClientType } from './client-authentication.ts';
import { isConsented } from './consent.ts';
import { parameter } from './exchange.ts';
import { checkAccount, checkCrossOrigin } from './grant-checks.ts';
import { refusals } from './refusals.ts';
import { readScopes, singleResource } from './scopes.ts';
import type { CodeGrant, EmulatorState } from './state.ts';
import type { TokenRequest } from './token-request.ts';
import { issueTokens } from './token-set.ts';

// entra.md 3.3.
const codeLifetime = 10 * 60_000;

/** Redeems an authorization code (RFC 6749, 4.1.3; RFC 7636, 4.6). */
export function redeemCode(state: EmulatorState, request: TokenRequest): Record<string, unknown> {
  const { application } = request.client;
  // 1. The code, and everything it is bound to.
  const grant = findCode(state, request);
  checkClientType(request.client, grant.clientType);
  checkCrossOrigin(request, grant.clientType);
  checkRedirectUri(grant, parameter(request.form, 'redirect_uri'));
  checkVerifier(state, grant, parameter(request.form, 'code_verifier'));
  // 2. What is asked for.
  const text = parameter(request.form, 'scope') ?? scopesOfFirstResource(grant);
  const tenantName = state.directory.tenants.get(grant.tenantId)?.name ?? '';
  const scopes = readScopes(state.directory, application, text, tenantName);
  const resource = singleResource(scopes, text);
  const user = checkAccount(state, grant.userId, application, grant.tenantId);
  if (!isConsented(state, application, user, grant.tenantId, scopes)) throw refusals.consentMissing(application);
  // 3. The tokens. Only now is the code used up: Entra lets a wrong request be repeated.
  grant.redeemed = true;
  return issueTokens(state, {
    application,
    user,
    grant,
    scopes,
    resource,
    nonce: grant.nonce,
    claims: request.claims ?? grant.claims,
    clientInfo: request.clientInfo,
    grantType: 'authorization_code',
    lineBeganAt: state.now(),
  });
}

function findCode(state: EmulatorState, { form, client, segment }: TokenRequest): CodeGrant {
  const code = parameter(form, 'code');
  if (code === undefined) throw refusals.parameterMissing('code');
  const grant = state.codes.get(code);
  if (grant === undefined) throw refusals.malformed('invalid_grant');
  if (grant.clientId !== client.application.clientId) throw refusals.codeOfOtherClient();
  if (segment.tenant !== undefined && segment.tenant.id !== grant.tenantId) throw refusals.codeOfOtherTenant();
  if (grant.redeemed) throw refusals.codeRedeemed();
  if (state.now().getTime() - grant.issuedAt.getTime() > codeLifetime) throw refusals.grantExpired();
  return grant;
}

// Byte for byte: even a slash at the end counts.
function checkRedirectUri(grant: CodeGrant, redirectUri: string | undefined): void {
  if (redirectUri === undefined) throw refusals.parameterMissing('redirect_uri');
  if (redirectUri !== grant.redirectUri) throw refusals.redirectUriChanged(redirectUri, grant.redirectUri);
}

function checkVerifier(state: EmulatorState, { challenge }: CodeGrant, verifier: string | undefined): void {
  if (verifier !== undefined) state.issued.push({ kind: 'code_verifier', value: verifier });
  if (challenge === undefined) {
    if (verifier !== undefined) throw refusals.challengeSize();
    return;
  }
  const hashed = createHash('sha256')
    .update(verifier ?? '')
    .digest('base64url');
  if (challenge.value !== (challenge.method === 'S256' ? hashed : verifier)) throw refusals.verifierMismatch();
}

// Without `scope` the code is good for the first resource it was asked for (entra.md 3.2).
function scopesOfFirstResource(grant: CodeGrant): string {
  const prefix = (scope: string): string => scope.slice(0, scope.lastIndexOf('/') + 1);
  const first = grant.scopes.map(prefix).find((text) => text !== '');
  return grant.scopes.filter((scope) => ['', first].includes(prefix(scope))).join(' ');
}
