import type { RedirectGoal } from './authorization-response.ts';
import { refuseByRedirect } from './authorization-response.ts';
import type { Application } from './directory.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { parameter, repeatedParameter } from './exchange.ts';
import { matchRedirectUri } from './redirect-uris.ts';
import { Refusal, refusals } from './refusals.ts';
import { readScopes } from './scopes.ts';
import { readClaims } from './claims-parameter.ts';
import { beginSignIn } from './sign-in.ts';
import type { SignInRequest } from './sign-in.ts';
import type { EmulatorState } from './state.ts';
import { checkAudience, resolveSegment } from './tenant-segment.ts';
import type { TenantSegment } from './tenant-segment.ts';

/**
 * Answers the authorization endpoint (entra.md 3). What is wrong with tenant, application or redirect URI is told to
 * the person on a page; what is wrong with the rest goes back to the application.
 */
export function answerAuthorize(state: EmulatorState, request: EmulatorRequest): Reply {
  const parameters = request.method === 'POST' ? request.form : request.query;
  const segment = resolveSegment(state.directory, request.tenantSegment);
  const repeated = repeatedParameter(parameters);
  if (repeated !== undefined) throw refusals.parameterRepeated(repeated);
  const clientId = required(parameters, 'client_id');
  const application = state.directory.applications.get(clientId.toLowerCase());
  if (application === undefined) {
    throw refusals.applicationNotFound(clientId, segment.tenant?.name ?? segment.name);
  }
  checkAudience(application, segment);
  const goal: RedirectGoal = {
    kind: 'redirect',
    target: matchRedirectUri(application, parameter(parameters, 'redirect_uri')),
    responseMode: knownResponseMode(parameters) ?? 'query',
    state: parameters.get('state') ?? undefined,
    nonce: parameter(parameters, 'nonce'),
    challenge: undefined,
    clientInfo: parameter(parameters, 'client_info') === '1',
  };
  let signInRequest: SignInRequest;
  try {
    signInRequest = readSignInRequest(state, parameters, application, segment, goal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuseByRedirect(state, goal, error, request.traceId, request.correlationId);
  }
  return beginSignIn(state, request, signInRequest);
}

function readSignInRequest(
  state: EmulatorState,
  parameters: URLSearchParams,
  application: Application,
  segment: TenantSegment,
  goal: RedirectGoal,
): SignInRequest {
  checkResponseType(required(parameters, 'response_type'));
  const mode = parameter(parameters, 'response_mode');
  if (mode !== undefined && knownResponseMode(parameters) === undefined) throw refusals.unsupportedResponseMode(mode);
  if (parameters.has('resource')) throw refusals.resourceParameter();
  const tenantName = segment.tenant?.name ?? segment.name;
  const scopes = readScopes(state.directory, application, required(parameters, 'scope'), tenantName);
  const challenge = readChallenge(parameters);
  if (goal.target.platform === 'spa' && challenge === undefined) throw refusals.pkceNeeded();
  return {
    application,
    segment,
    scopes,
    prompt: readPrompt(parameter(parameters, 'prompt')),
    loginHint: parameter(parameters, 'login_hint'),
    domainHint: parameter(parameters, 'domain_hint'),
    claims: readClaims(parameter(parameters, 'claims')),
    goal: { ...goal, challenge },
  };
}

function required(parameters: URLSearchParams, name: string): string {
  const value = parameter(parameters, name);
  if (value === undefined) throw refusals.parameterMissing(name);
  return value;
}

function knownResponseMode(parameters: URLSearchParams): RedirectGoal['responseMode'] | undefined {
  const modes = ['query', 'fragment', 'form_post'] as const;
  return modes.find((mode) => mode === parameters.get('response_mode'));
}

function checkResponseType(type: string): void {
  if (type === 'code') return;
  if (/\b(id_)?token\b/.test(type)) throw refusals.idTokenNotEnabled();
  throw refusals.unsupportedResponseType(type);
}

// RFC 7636, 4.2 and 4.3: 43 to 128 characters; `plain` where no method is given.
function readChallenge(parameters: URLSearchParams): RedirectGoal['challenge'] {
  const value = parameter(parameters, 'code_challenge');
  const method = parameter(parameters, 'code_challenge_method') ?? 'plain';
  if (value === undefined) {
    if (parameters.has('code_challenge') || parameters.has('code_challenge_method')) throw refusals.challengeMissing();
    return undefined;
  }
  if (method !== 'S256' && method !== 'plain') throw refusals.unsupportedValue('code_challenge_method', method);
  if (!/^[\w.~-]{43,128}$/.test(value) || (method === 'S256' && value.length !== 43)) throw refusals.challengeSize();
  return { value, method };
}

function readPrompt(prompt: string | undefined): SignInRequest['prompt'] {
  switch (prompt) {
    case undefined:
    case 'login':
    case 'none':
    case 'consent':
    case 'select_account':
      return prompt;
    case 'create':
      return 'login';
    default:
      throw refusals.unsupportedValue('prompt', prompt);
  }
}
