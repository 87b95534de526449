import { checkClientType } from './client-authentication.ts';
import { isConsented } from './consent.ts';
import { parameter } from './exchange.ts';
import { checkAccount } from './grant-checks.ts';
import { refusals } from './refusals.ts';
import { readScopes, singleResource } from './scopes.ts';
import type { DeviceGrant, EmulatorState } from './state.ts';
import type { TokenRequest } from './token-request.ts';
import { issueTokens } from './token-set.ts';

/** Answers one poll with a device code (RFC 8628, 3.4; entra.md 5.2). */
export function pollDevice(state: EmulatorState, request: TokenRequest): Record<string, unknown> {
  const { application } = request.client;
  checkClientType(request.client, 'device');
  const deviceCode = parameter(request.form, 'device_code');
  if (deviceCode === undefined) throw refusals.parameterMissing('device_code');
  const device = state.deviceGrants.get(deviceCode);
  if (device === undefined || device.clientId !== application.clientId) throw refusals.deviceCodeUnknown();
  checkPace(device, state.now());
  if (device.outcome === 'redeemed') throw refusals.codeRedeemed();
  if (device.outcome === 'declined') throw refusals.deviceDeclined();
  if (state.now() >= device.expiresAt) throw refusals.deviceCodeExpired();
  if (device.outcome === 'pending') throw refusals.devicePending();
  const grant = device.outcome;
  const user = checkAccount(state, grant.userId, application, grant.tenantId);
  const text = grant.scopes.join(' ');
  const scopes = readScopes(state.directory, application, text, '');
  if (!isConsented(state, application, user, grant.tenantId, scopes)) throw refusals.consentMissing(application);
  device.outcome = 'redeemed';
  return issueTokens(state, {
    application,
    user,
    grant,
    scopes,
    resource: singleResource(scopes, text),
    nonce: undefined,
    claims: request.claims ?? grant.claims,
    clientInfo: request.clientInfo,
    grantType: 'urn:ietf:params:oauth:grant-type:device_code',
    lineBeganAt: state.now(),
  });
}

// Entra notices loops by user after about two minutes (entra.md 5.2); at its own pace there are 24 polls in that time.
const loopWindow = 120_000;
const loopPolls = 60;

function checkPace({ polls }: DeviceGrant, now: Date): void {
  polls.push(now);
  const first = polls.at(-loopPolls);
  if (first !== undefined && now.getTime() - first.getTime() < loopWindow) throw refusals.loop();
}
