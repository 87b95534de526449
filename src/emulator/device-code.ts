import { randomInt } from 'node:crypto';
import { readClaims } from './claims-parameter.ts';
import { readClient } from './client-authentication.ts';
import { devicePath } from './device-response.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { jsonReply, parameter, repeatedParameter } from './exchange.ts';
import { refusals } from './refusals.ts';
import { readScopes } from './scopes.ts';
import type { EmulatorState } from './state.ts';
import { issueOpaque } from './state.ts';
import { resolveSegment } from './tenant-segment.ts';
import { tokenHeaders } from './token-request.ts';

// entra.md 5.1, in seconds.
const deviceCodeLifetime = 900;
const pollInterval = 5;

/** Answers the device authorization endpoint (RFC 8628, 3.2; entra.md 5.1). */
export function answerDeviceCode(state: EmulatorState, request: EmulatorRequest): Reply {
  if (request.method !== 'POST') throw refusals.postOnly(request.method);
  const { form } = request;
  const segment = resolveSegment(state.directory, request.tenantSegment);
  const repeated = repeatedParameter(form);
  if (repeated !== undefined) throw refusals.parameterRepeated(repeated);
  const clientId = parameter(form, 'client_id');
  if (segment.tenant === undefined && state.directory.applications.get(clientId ?? '')?.audience === 'single_tenant') {
    throw refusals.noTenant();
  }
  const { application } = readClient(state, request, segment);
  const text = parameter(form, 'scope');
  if (text === undefined) throw refusals.parameterMissing('scope');
  const scopes = readScopes(state.directory, application, text, segment.tenant?.name ?? segment.name);
  const userCode = makeUserCode();
  const deviceCode = issueOpaque(state, 'device_code', 150);
  state.deviceGrants.set(deviceCode, {
    deviceCode,
    userCode,
    clientId: application.clientId,
    segmentName: segment.name,
    scopes: [...scopes.openId, ...scopes.ofResources.map((scope) => scope.full)],
    claims: readClaims(parameter(form, 'claims')),
    expiresAt: new Date(state.now().getTime() + deviceCodeLifetime * 1000),
    outcome: 'pending',
    polls: [],
  });
  const uri = `${state.origin}${devicePath}`;
  const body = {
    user_code: userCode,
    device_code: deviceCode,
    verification_uri: uri,
    expires_in: deviceCodeLifetime,
    interval: pollInterval,
    message: `To sign in, use a web browser to open the page ${uri} and enter the code ${userCode} to authenticate.`,
  };
  return jsonReply(200, body, tokenHeaders);
}

// Nine characters, as Entra's; vowels and look-alikes are left out (RFC 8628, 6.1).
function makeUserCode(): string {
  const alphabet = 'BCDFGHJKLMNPQRSTVWXZ23456789';
  return Array.from({ length: 9 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
