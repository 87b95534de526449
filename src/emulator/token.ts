import { redeemCode } from './authorization-code-grant.ts';
import { authenticateApplication } from './client-credentials-grant.ts';
import { readClient } from './client-authentication.ts';
import { pollDevice } from './device-code-grant.ts';
import { readClaims } from './claims-parameter.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { jsonReply, parameter, repeatedParameter } from './exchange.ts';
import { refreshTokens } from './refresh-token-grant.ts';
import { refusals } from './refusals.ts';
import type { EmulatorState } from './state.ts';
import { resolveSegment } from './tenant-segment.ts';
import { tokenHeaders } from './token-request.ts';
import type { TokenRequest } from './token-request.ts';

const deviceGrantType = 'urn:ietf:params:oauth:grant-type:device_code';

/** Answers the token endpoint. */
export function answerToken(state: EmulatorState, request: EmulatorRequest): Reply {
  const { form } = request;
  const { origin } = request.headers;
  if (request.method === 'OPTIONS') return preflight(origin);
  if (request.method !== 'POST') throw refusals.postOnly(request.method);
  const segment = resolveSegment(state.directory, request.tenantSegment);
  const repeated = repeatedParameter(form);
  if (repeated !== undefined) throw refusals.parameterRepeated(repeated);
  const grantType = parameter(form, 'grant_type');
  if (grantType === undefined) throw refusals.parameterMissing('grant_type');
  if (form.has('resource')) throw refusals.resourceParameter();
  const tokenRequest: TokenRequest = {
    client: readClient(state, request, segment),
    segment,
    form,
    origin,
    claims: readClaims(parameter(form, 'claims')),
    clientInfo: parameter(form, 'client_info') === '1',
  };
  const body = redeem(state, grantType, tokenRequest);
  return jsonReply(200, body, { ...tokenHeaders, 'x-ms-clitelem': '1,0,0,,', ...corsHeaders(origin) });
}

function redeem(state: EmulatorState, grantType: string, request: TokenRequest): Record<string, unknown> {
  switch (grantType) {
    case 'authorization_code':
      return redeemCode(state, request);
    case 'refresh_token':
      return refreshTokens(state, request);
    case deviceGrantType:
      return pollDevice(state, request);
    case 'client_credentials':
      return authenticateApplication(state, request);
    default:
      throw refusals.unsupportedGrant(grantType);
  }
}

function preflight(origin: string | undefined): Reply {
  const headers = { 'Access-Control-Allow-Methods': 'POST, OPTIONS', 'Access-Control-Allow-Headers': 'content-type' };
  return { status: 200, headers: { ...headers, ...corsHeaders(origin) }, body: '' };
}

function corsHeaders(origin: string | undefined): Reply['headers'] {
  return origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin };
}
