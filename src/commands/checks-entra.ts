import type { ClientProbe, ProbeAnswer } from '../auth/client-probe.ts';
import { aadstsOf, findAadsts } from '../auth/aadsts.ts';
import { portal } from '../auth/aadsts-entry.ts';
import type { Deadline } from '../auth/deadline.ts';
import type { TenantMetadata } from '../auth/discovery.ts';
import { discoverTenant } from '../auth/discovery.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { CheckName } from '../render/checks.ts';
import type { CheckOutcome } from './checks.ts';
import { failed, failedBy, passed, skipped, unknown } from './checks.ts';

/** What is asked about at Entra. */
export interface EntraCheckSubject {
  readonly authorityHost: string;
  /** Without one the host is asked all the same. */
  readonly tenant: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Whether signing in here takes a device code: then it must work. */
  readonly needsDeviceCode: boolean;
}

type EntraContext = Pick<Context, 'fetch' | 'now'>;

// Contract, section 4: ID tokens are taken with 5 minutes of tolerance; Entra has the same for assertions.
const clockLimit = 300;
const clockNotice = 60;

/**
 * Asks Entra about the tenant and the application, nobody signing in: discovery document, clock, application, redirect
 * URI, client secret, device code.
 */
export async function checkEntra(
  context: EntraContext,
  subject: EntraCheckSubject,
  deadline: Deadline,
): Promise<CheckOutcome[]> {
  const timed = watchClock(context);
  const { authority, metadata } = await checkAuthority(timed, subject, deadline);
  const checks = await checkApplication(timed, subject, metadata, deadline);
  return [authority, checkClock(timed.skew()), ...checks];
}

/** Remembers how far the server's clock is from ours, by the first answer that tells; errors tell it too. */
function watchClock(context: EntraContext): EntraContext & { readonly skew: () => number | undefined } {
  let skew: number | undefined;
  const fetch: Context['fetch'] = async (input, init) => {
    const response = await context.fetch(input, init);
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) skew ??= (date - context.now().getTime()) / 1000;
    return response;
  };
  return { fetch, now: context.now, skew: () => skew };
}

async function checkAuthority(
  context: EntraContext,
  { authorityHost, tenant }: EntraCheckSubject,
  deadline: Deadline,
): Promise<{ readonly authority: CheckOutcome; readonly metadata: TenantMetadata | undefined }> {
  const { host } = new URL(authorityHost);
  try {
    // "organizations" is there at every host of Entra.
    const metadata = await discoverTenant(
      context,
      { host: authorityHost, tenant: tenant ?? 'organizations' },
      deadline,
    );
    const tenantId = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(new URL(metadata.issuer).pathname)?.[0];
    const isNamedById = tenantId === undefined || tenantId === tenant;
    const known = `${host} knows "${tenant}"${isNamedById ? '' : `, tenant ID ${tenantId}`}`;
    const detail = tenant === undefined ? `${host} answers; no tenant is set` : known;
    return { authority: passed('authority', detail), metadata: tenant === undefined ? undefined : metadata };
  } catch (error) {
    const isTimeout = error instanceof EntraLoginError && error.code === 'timeout';
    const named = isTimeout ? new EntraLoginError('network', `${host}: ${error.message}`, { hint: error.hint }) : error;
    return { authority: failedBy('authority', named), metadata: undefined };
  }
}

function checkClock(skew: number | undefined): CheckOutcome {
  if (skew === undefined) return skipped('clock', 'no server told the time');
  const seconds = Math.round(Math.abs(skew));
  // The header has whole seconds, and the answer takes some time.
  if (seconds <= 2) return passed('clock', 'agrees with the server');
  const amount = seconds < 90 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  const detail = `${amount} ${skew > 0 ? 'behind' : 'ahead of'} the server`;
  if (seconds >= clockLimit) {
    return failed('clock', `${detail}; Entra and entra-login allow 5 minutes`, 'Set the clock of this machine.');
  }
  return seconds < clockNotice
    ? passed('clock', detail)
    : passed('clock', `${detail}; 5 minutes are allowed`, 'Set the clock of this machine before it matters.');
}

async function checkApplication(
  context: EntraContext,
  subject: EntraCheckSubject,
  metadata: TenantMetadata | undefined,
  deadline: Deadline,
): Promise<CheckOutcome[]> {
  const { clientId, clientSecret } = subject;
  if (metadata === undefined || clientId === undefined) {
    const why = metadata === undefined ? 'the tenant could not be asked' : 'no client ID is set';
    return [skipped('application', why), checkShape(subject), skippedSecret(subject, why), skipped('device_code', why)];
  }
  // Loaded here: openid-client costs start-up time that an unreachable tenant need not pay.
  const { probeClient } = await import('../auth/client-probe.ts');
  const probe = await probeClient(context, { metadata, clientId, clientSecret }, subject, deadline);
  return [
    judge(
      'application',
      probe.application,
      `client ID ${clientId} is known in this tenant`,
      placeToMend(probe.application),
    ),
    checkRedirectUri(subject, probe.redirectUri),
    checkSecret(subject, probe),
    checkDeviceCode(subject, probe.deviceCode),
  ];
}

function judge(name: CheckName, answer: ProbeAnswer, detail: string, hint?: string): CheckOutcome {
  switch (answer.outcome) {
    case 'accepted':
      return passed(name, detail);
    case 'refused':
      return failedBy(name, answer.error, hint);
    case 'unknown':
      return unknown(name, answer.error);
  }
}

// Of the ways out the one that names a place: a login with other options is what comes after.
function placeToMend(answer: ProbeAnswer): string | undefined {
  const aadsts = answer.outcome === 'refused' ? aadstsOf(answer.error.aadsts ?? '') : undefined;
  const mends = aadsts === undefined ? [] : (findAadsts(aadsts)?.mend ?? []);
  return mends.find((mend) => mend.startsWith('Entra admin center'));
}

/** What must stand in the registration; the words of its Authentication page. */
function platformOf({ clientSecret }: EntraCheckSubject): string {
  return clientSecret === undefined ? 'Mobile and desktop applications' : 'Web';
}

function registeredForm(redirectUri: string): string {
  return redirectUri.replace(/:0(?=\/|$)/, '');
}

function checkRedirectUri(subject: EntraCheckSubject, answer: ProbeAnswer): CheckOutcome {
  const uri = registeredForm(subject.redirectUri);
  const platform = platformOf(subject);
  if (answer.outcome === 'accepted') {
    // Which of the two platforms it stands under shows only when a code is redeemed.
    const detail = `${uri} is registered; it must stand under ${platform}, and its port is ignored`;
    return passed('redirect_uri', detail);
  }
  if (answer.outcome === 'unknown') return checkShape(subject);
  const address = new URL(uri).hostname === '127.0.0.1' ? `${uri} in the Manifest (the page refuses 127.0.0.1)` : uri;
  const hint = `${portal.authentication}: add ${address} under ${platform}, and remove it from other platforms.`;
  return failedBy('redirect_uri', answer.error, hint);
}

/** Says what can be said of the redirect URI without asking anybody. */
function checkShape(subject: EntraCheckSubject): CheckOutcome {
  const uri = registeredForm(subject.redirectUri);
  const { hostname, pathname } = new URL(uri);
  const path = pathname === '/' ? 'no path' : `the path ${pathname}`;
  const detail = `${uri} must stand under ${platformOf(subject)}, with ${path}; its port is ignored (not checked)`;
  return passed(
    'redirect_uri',
    detail,
    hostname === 'localhost'
      ? undefined
      : `${portal.registration} > Manifest: only there ${hostname} can be entered; http://localhost can be everywhere.`,
  );
}

function skippedSecret({ clientSecret }: EntraCheckSubject, why: string): CheckOutcome {
  return skipped('client_secret', clientSecret === undefined ? 'none is set: a public client' : why);
}

function checkSecret(subject: EntraCheckSubject, { clientSecret }: ClientProbe): CheckOutcome {
  if (clientSecret === undefined) return skippedSecret(subject, '');
  return judge(
    'client_secret',
    clientSecret,
    'Entra accepts it',
    `${portal.secrets} > New client secret: copy the Value, not the Secret ID. Then: entra-login setup`,
  );
}

const allowFlows = `${portal.authentication} > Settings: Allow public client flows`;

function checkDeviceCode(subject: EntraCheckSubject, answer: ProbeAnswer): CheckOutcome {
  const { clientSecret, needsDeviceCode } = subject;
  if (answer.outcome !== 'refused') {
    const how = clientSecret === undefined ? 'the application allows public client flows' : 'works with the secret';
    return judge('device_code', answer, how);
  }
  if (clientSecret !== undefined) return skipped('device_code', 'not checked: the client secret is not accepted');
  if (needsDeviceCode) return failedBy('device_code', answer.error, `${allowFlows}, or sign in with --no-browser.`);
  // The same answer comes from a "Web" registration, whose first sign-in would end with AADSTS7000218.
  return skipped(
    'device_code',
    'not allowed for this application; a browser needs no such thing, unless the redirect URI stands under Web',
    `${allowFlows}. A Web registration needs its client secret: entra-login setup --platform web`,
  );
}
