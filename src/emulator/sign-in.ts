import type { Application, User } from './directory.ts';
import { findUser, isPersonal } from './directory.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { parameter } from './exchange.ts';
import { isConsented, recordConsent } from './consent.ts';
import type { RedirectGoal } from './authorization-response.ts';
import { finishRedirect, refuseByRedirect } from './authorization-response.ts';
import { finishDevice, refuseDevice } from './device-response.ts';
import { checkAccount } from './grant-checks.ts';
import { Refusal, refusals } from './refusals.ts';
import type { RequestedScopes } from './scopes.ts';
import { sessionCookie, sessionOf } from './session.ts';
import { consentPage, mfaPage, passwordPage, pickerPage, usernamePage } from './sign-in-pages.ts';
import type { BrowserSession, DeviceGrant, EmulatorState } from './state.ts';
import { makeId, policyOf } from './state.ts';
import type { TenantSegment } from './tenant-segment.ts';
import { tenantOfUser } from './tenant-segment.ts';

/** What a sign-in at the pages is for. */
type SignInGoal = RedirectGoal | { readonly kind: 'device'; readonly grant: DeviceGrant };

/** What an application asks a person for. */
export interface SignInRequest {
  readonly application: Application;
  readonly segment: TenantSegment;
  readonly scopes: RequestedScopes;
  readonly prompt: 'login' | 'none' | 'consent' | 'select_account' | undefined;
  readonly loginHint: string | undefined;
  readonly domainHint: string | undefined;
  readonly claims: string | undefined;
  readonly goal: SignInGoal;
}

/** A sign-in on its way through the pages. */
export interface SignIn {
  readonly id: string;
  readonly request: SignInRequest;
  readonly correlationId: string;
  user: User | undefined;
  passwordGiven: boolean;
  mfaPassed: boolean;
  consentGiven: boolean;
}

/** Begins a sign-in: answers the first page it needs, or its end where the browser's session suffices. */
export function beginSignIn(state: EmulatorState, request: EmulatorRequest, signInRequest: SignInRequest): Reply {
  const signIn: SignIn = {
    id: makeId(),
    request: signInRequest,
    correlationId: request.correlationId,
    user: undefined,
    passwordGiven: false,
    mfaPassed: false,
    consentGiven: false,
  };
  state.signIns.set(signIn.id, signIn);
  return goOn(state, request, signIn);
}

/** Takes what a person did on one of the pages. */
export function answerSignInForm(state: EmulatorState, request: EmulatorRequest): Reply {
  if (request.method !== 'POST') throw refusals.postOnly(request.method);
  const signIn = state.signIns.get(parameter(request.form, 'ctx') ?? '');
  if (signIn === undefined) throw refusals.signInExpired();
  const username = parameter(request.form, 'username');
  const action = parameter(request.form, 'action');
  if (action === 'other') return usernamePage(signIn, undefined);
  if (action === 'cancel') return refuse(state, request, signIn, refusals.declined());
  if (action === 'accept') signIn.consentGiven = true;
  if (action === 'approve') signIn.mfaPassed = true;
  if (action === 'password') signIn.passwordGiven = true;
  if (username !== undefined) {
    signIn.user = findUser(state.directory, username);
    if (signIn.user === undefined) return usernamePage(signIn, username);
    // Typed, not picked: a password belongs to it.
    if (action === 'username') return passwordPage(signIn, signIn.user);
  }
  return goOn(state, request, signIn);
}

function goOn(state: EmulatorState, request: EmulatorRequest, signIn: SignIn): Reply {
  try {
    return nextStep(state, request, signIn);
  } catch (error) {
    if (error instanceof Refusal) return refuse(state, request, signIn, error);
    throw error;
  }
}

function nextStep(state: EmulatorState, request: EmulatorRequest, signIn: SignIn): Reply {
  const { application, scopes, prompt, claims } = signIn.request;
  const session = sessionOf(state, request);
  // 1. Who is it?
  signIn.user ??= knownUser(state, session, signIn.request);
  const { user } = signIn;
  if (user === undefined) {
    if (signIn.request.loginHint !== undefined && prompt !== 'select_account') {
      return usernamePage(signIn, signIn.request.loginHint);
    }
    return pickerPage(signIn, eligibleUsers(state, signIn.request), session);
  }
  // 2. May the account use this application here?
  const tenantId = checkAccess(state, signIn.request, user);
  // 3. Is it really that person?
  if (prompt === 'login' && !signIn.passwordGiven) return passwordPage(signIn, user);
  const before = signIn.passwordGiven ? undefined : session.accounts.get(user.objectId);
  const mfa = signIn.mfaPassed || before?.mfa === true;
  const policy = policyOf(state, user.objectId);
  if (policy.mfa !== undefined && !mfa) {
    if (prompt === 'none') throw refusals.mfaNeeded(resourceOf(scopes), 'interaction_required', policy.mfa.claims);
    return mfaPage(signIn, user);
  }
  // 4. Does the person agree?
  const consented = signIn.consentGiven || isConsented(state, application, user, tenantId, scopes);
  if (!consented || (prompt === 'consent' && !signIn.consentGiven)) {
    if (prompt === 'none') throw refusals.consentMissing(application, 'consent_required');
    if (application.consent === 'admin_only') throw refusals.adminConsentNeeded(application);
    return consentPage(signIn, user);
  }
  if (signIn.consentGiven) recordConsent(state, application, user, tenantId, scopes);
  // 5. Done.
  state.signIns.delete(signIn.id);
  const authenticatedAt = before?.authenticatedAt ?? state.now();
  session.accounts.set(user.objectId, { authenticatedAt, mfa });
  state.sessions.set(session.id, session);
  const { goal } = signIn.request;
  const grant = {
    clientId: application.clientId,
    userId: user.objectId,
    tenantId,
    clientType: goal.kind === 'device' ? ('device' as const) : goal.target.platform,
    scopes: [...scopes.openId, ...scopes.ofResources.map((scope) => scope.full)],
    authenticatedAt,
    mfa,
    claims,
  };
  const reply =
    goal.kind === 'device'
      ? finishDevice(goal.grant, grant, application)
      : finishRedirect(state, goal, grant, session.id);
  return { ...reply, headers: { ...reply.headers, 'Set-Cookie': sessionCookie(state, session) } };
}

function knownUser(state: EmulatorState, session: BrowserSession, request: SignInRequest): User | undefined {
  const { prompt, loginHint } = request;
  if (prompt === 'select_account') return undefined;
  const eligible = eligibleUsers(state, request).filter((user) => session.accounts.has(user.objectId));
  if (loginHint !== undefined) {
    const hinted = findUser(state.directory, loginHint);
    // Without a person at hand only an account of this browser's session will do.
    if (prompt === 'none' && (hinted === undefined || !eligible.includes(hinted))) throw refusals.noSession();
    return hinted;
  }
  if (prompt === 'none' && eligible.length === 0) throw refusals.noSession();
  if (prompt === 'none' && eligible.length > 1) throw refusals.severalSessions();
  return prompt === 'login' || eligible.length > 1 ? undefined : eligible[0];
}

function eligibleUsers(state: EmulatorState, { segment, application, domainHint }: SignInRequest): User[] {
  return [...state.directory.users.values()].filter((user) => {
    if (policyOf(state, user.objectId).deleted === true) return false;
    if (tenantOfUser(segment, application, user) === undefined) return false;
    if (domainHint === undefined) return true;
    if (domainHint === 'consumers') return isPersonal(user);
    if (domainHint === 'organizations') return !isPersonal(user);
    return user.tenantId === domainHint || user.username.toLowerCase().endsWith(`@${domainHint.toLowerCase()}`);
  });
}

function checkAccess(state: EmulatorState, { application, segment }: SignInRequest, user: User): string {
  const tenantId = tenantOfUser(segment, application, user) ?? segment.tenant?.id ?? segment.name;
  checkAccount(state, user.objectId, application, tenantId);
  return tenantId;
}

// What the person did goes back to the application; what the tenant forbids stays on a page, unless nobody is there.
function refuse(state: EmulatorState, request: EmulatorRequest, signIn: SignIn, refusal: Refusal): Reply {
  const { goal, prompt } = signIn.request;
  if (goal.kind === 'device') return refuseDevice(goal.grant, refusal, signIn.request.application);
  if (prompt === 'none' || refusal.details.subcode !== undefined) {
    state.signIns.delete(signIn.id);
    // `invalid_grant` is for the token endpoint; here what is missing is a person (OpenID Connect Core, 3.1.2.6).
    const error = refusal.error === 'invalid_grant' ? 'interaction_required' : refusal.error;
    const translated = new Refusal(refusal.number, error, refusal.message, refusal.details);
    return refuseByRedirect(state, goal, translated, request.traceId, signIn.correlationId);
  }
  throw refusal;
}

function resourceOf(scopes: RequestedScopes): string {
  return scopes.resources[0]?.appId ?? '';
}
