import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { isLoopbackHost } from './clouds.ts';
import type { CredentialFile } from './credential-file.ts';
import { credentialFileError, readCredentialFile } from './credential-file.ts';
import type { Deadline } from './deadline.ts';
import { decodeWithoutVerifying } from './jwt.ts';
import type { Answer, RequestContext } from './request.ts';
import { jsonOf, sendRequest, unexpectedAnswer } from './request.ts';

/** The identity that a CI job has from its runner; the job's environment says where to ask and with what. */
export type RunnerIdentity =
  | { readonly kind: 'github_actions'; readonly requestUrl: string; readonly requestToken: string }
  | {
      readonly kind: 'azure_pipelines';
      readonly requestUri: string;
      readonly accessToken: string;
      readonly serviceConnectionId: string;
    };

/** Reads the assertion that a cluster or runner keeps in a file and replaces from time to time: anew at each call. */
export async function readFederatedToken(
  context: Pick<Context, 'files'>,
  file: CredentialFile,
  signal: AbortSignal,
): Promise<string> {
  const what = 'federated token file';
  const token = (await readCredentialFile(context, file, what, signal)).trim();
  if (token === '') throw credentialFileError(file, what, 'is empty', 'Check what writes the file.');
  if (decodeWithoutVerifying(token) !== undefined) return token;
  throw credentialFileError(file, what, 'holds no JWT', 'It must hold the token alone, as the issuer gave it.');
}

/**
 * Asks the runner for the job's own token. Errors: `access_denied` where the runner says no, `configuration` for what
 * the job's settings got wrong, those of `sendRequest`.
 */
export async function requestRunnerToken(
  context: RequestContext,
  identity: RunnerIdentity,
  deadline: Deadline,
): Promise<string> {
  switch (identity.kind) {
    case 'github_actions':
      return await requestGithubToken(context, identity, deadline);
    case 'azure_pipelines':
      return await requestPipelinesToken(context, identity, deadline);
  }
}

const githubHint = 'Give the job "permissions: id-token: write"; a pull request from a fork never has it.';

// GitHub: "OpenID Connect reference"; the audience is Entra's for workload identity federation.
async function requestGithubToken(
  context: RequestContext,
  { requestUrl, requestToken }: RunnerIdentity & { readonly kind: 'github_actions' },
  deadline: Deadline,
): Promise<string> {
  const server = 'GitHub Actions';
  const url = readUrl(requestUrl, 'ACTIONS_ID_TOKEN_REQUEST_URL');
  url.searchParams.set('audience', 'api://AzureADTokenExchange');
  const headers = { accept: 'application/json', authorization: `bearer ${requestToken}` };
  const policy = { what: runnerEndpoint, server, retries: 2, deadline } as const;
  const answer = await sendRequest(context, url.href, { headers }, policy);
  refuseUnlessOk(answer, server, githubHint);
  return tokenOf(answer, server, 'value');
}

const pipelinesHint =
  'Map it into the step: "env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)"; and let the pipeline use the service connection.';

// Azure DevOps REST API 7.1, "Oidctoken - Create".
async function requestPipelinesToken(
  context: RequestContext,
  { requestUri, accessToken, serviceConnectionId }: RunnerIdentity & { readonly kind: 'azure_pipelines' },
  deadline: Deadline,
): Promise<string> {
  const server = 'Azure Pipelines';
  const url = readUrl(requestUri, 'SYSTEM_OIDCREQUESTURI');
  url.searchParams.set('api-version', '7.1');
  url.searchParams.set('serviceConnectionId', serviceConnectionId);
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${accessToken}`,
    'content-type': 'application/json',
    // Without it a refusal is a redirect to a page for people.
    'x-tfs-fedauthredirect': 'Suppress',
  };
  const policy = { what: runnerEndpoint, server, retries: 2, deadline } as const;
  const answer = await sendRequest(context, url.href, { method: 'POST', headers, body: '' }, policy);
  if (answer.status === 404 || answer.status === 400) {
    throw new EntraLoginError('configuration', 'Azure Pipelines knows no such service connection.', {
      hint: 'Check --service-connection-id (or AZURESUBSCRIPTION_SERVICE_CONNECTION_ID): the ID in its address.',
    });
  }
  refuseUnlessOk(answer, server, pipelinesHint);
  return tokenOf(answer, server, 'oidcToken');
}

const runnerEndpoint = "the runner's token endpoint";

function readUrl(text: string, variable: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A token goes there: in the clear only where it does not leave the machine.
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (url !== undefined && isSafe) return url;
  throw new EntraLoginError('configuration', `There is no https address in ${variable}.`, {
    hint: 'The runner sets it; leave it as it is.',
  });
}

function refuseUnlessOk({ status }: Answer, server: string, hint: string): void {
  if (status === 200) return;
  if (status !== 401 && status !== 403) throw unexpectedAnswer(runnerEndpoint, `answered HTTP ${status}`);
  throw new EntraLoginError('access_denied', `${server} gives this job no token (HTTP ${status}).`, { hint });
}

function tokenOf(answer: Answer, server: string, member: string): string {
  const token = jsonOf(answer, runnerEndpoint)[member];
  if (typeof token === 'string' && decodeWithoutVerifying(token) !== undefined) return token;
  throw unexpectedAnswer(runnerEndpoint, `(${server}) gave an answer without a token`);
}
