import type { FederatedCredential } from './directory.ts';
import type { EmulatorRequest, Reply } from './exchange.ts';
import { jsonReply, parameter, redirectReply } from './exchange.ts';
import { signJwt } from './jws.ts';
import { readSigningKey } from './key-ring.ts';
import type { EmulatorState } from './state.ts';
import { makeId } from './state.ts';
import { workloadIssuerKey } from './test-keys.ts';

const exchangeAudience = 'api://AzureADTokenExchange';

/** The trust that lets the emulated GitHub Actions job sign in. */
export const githubTrust: FederatedCredential = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'repo:contoso/app:ref:refs/heads/main',
  audience: exchangeAudience,
  publicKey: readSigningKey(workloadIssuerKey).publicKeyPem,
};

/** The trust that lets the emulated Azure Pipelines job sign in. */
export const azurePipelinesTrust: FederatedCredential = {
  ...githubTrust,
  issuer: 'https://vstoken.dev.azure.com/3f1d2c4b-5a69-4788-9b0a-1c2d3e4f5a6b',
  subject: 'sc://contoso/app/production',
};

/** The service connection that Azure Pipelines gives tokens for. */
export const serviceConnectionId = '6b5a4f3e-2d1c-4a0b-8877-695a4b2c1d3f';

/** Where a GitHub Actions job asks for its token: the path of `ACTIONS_ID_TOKEN_REQUEST_URL`, query included. */
export const githubTokenPath = '/github-actions/oidc-token';

/** Where an Azure Pipelines job does: the path of `SYSTEM_OIDCREQUESTURI`. */
export const azurePipelinesTokenPath = '/azure-pipelines/oidctoken';

/** Answers a GitHub Actions job (entra.md 6.3): a token that lives five minutes, for the audience asked for. */
export function answerGithubToken(state: EmulatorState, request: EmulatorRequest): Reply {
  if (!hasBearer(request, state.workload.githubRequestToken)) return jsonReply(401, { message: 'Unauthorized' });
  const audience = parameter(request.query, 'audience') ?? 'https://github.com/contoso';
  return jsonReply(200, { value: makeToken(state, { ...githubTrust, audience }) });
}

/** Answers an Azure Pipelines job (entra.md 6.3); a caller it does not know is sent to a sign-in page. */
export function answerAzurePipelinesToken(state: EmulatorState, request: EmulatorRequest): Reply {
  if (!hasBearer(request, state.workload.systemAccessToken)) {
    const suppressed = request.headers['x-tfs-fedauthredirect'] === 'Suppress';
    return suppressed ? jsonReply(401, { message: 'Unauthorized' }) : redirectReply(`${state.origin}/`);
  }
  if (request.method !== 'POST') return jsonReply(405, { message: 'Method not allowed' }, { Allow: 'POST' });
  if (parameter(request.query, 'serviceConnectionId') !== serviceConnectionId) {
    return jsonReply(404, { message: 'No service connection with this ID.' });
  }
  return jsonReply(200, { oidcToken: makeToken(state, azurePipelinesTrust) });
}

function hasBearer(request: EmulatorRequest, token: string): boolean {
  return new RegExp(`^bearer ${token}$`, 'i').test(request.headers.authorization ?? '');
}

function makeToken(state: EmulatorState, { issuer, subject, audience }: FederatedCredential): string {
  const key = readSigningKey(workloadIssuerKey);
  const now = Math.floor(state.now().getTime() / 1000);
  const header = { typ: 'JWT', alg: 'RS256', kid: key.kid };
  const payload = { jti: makeId(), sub: subject, aud: audience, iss: issuer, nbf: now, iat: now, exp: now + 300 };
  const value = signJwt(header, payload, key.privateKey);
  state.issued.push({ kind: 'federated_token', value });
  return value;
}
