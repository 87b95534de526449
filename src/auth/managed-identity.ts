import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { answerArcChallenge } from './arc-challenge.ts';
import type { Deadline } from './deadline.ts';
import { sleep, startDeadline } from './deadline.ts';
import { entraRefusal, readEntraError } from './entra-errors.ts';
import { decodeWithoutVerifying } from './jwt.ts';
import type { IdentityHost } from './managed-identity-host.ts';
import type { Answer, RequestContext } from './request.ts';
import { jsonOf, sendRequest, unexpectedAnswer } from './request.ts';
import { expiryAfter } from './token-set.ts';

/** Which token of which identity is wanted. */
export interface ManagedIdentityRequest {
  /** As the API names itself, without `/.default`. */
  readonly resource: string;
  /** Of a user-assigned identity; `undefined` for the host's own. */
  readonly clientId: string | undefined;
}

/** What the host answered. */
export interface ManagedIdentityToken {
  readonly accessToken: string;
  readonly expiresAt: Date;
  /** Whose the token is, as far as the answer and the token tell. */
  readonly tenantId: string | undefined;
  readonly clientId: string | undefined;
}

/** What asking a host needs of the world. */
export type ManagedIdentityContext = RequestContext & Pick<Context, 'files'>;

const what = 'the managed identity endpoint';
const server = 'The Azure host';

/**
 * Gets a token of the identity that Azure gives to the host this runs on (Entra: "How managed identities for Azure
 * resources work"). Errors: `network` within seconds where there is no such host, `entra_refused`, `configuration` for
 * what the host cannot do, those of `sendRequest`.
 */
export async function requestManagedIdentityToken(
  context: ManagedIdentityContext,
  host: IdentityHost,
  request: ManagedIdentityRequest,
  deadline: Deadline,
): Promise<ManagedIdentityToken> {
  const answer = await ask(context, host, request, deadline);
  const object = jsonOf(answer, what);
  if (answer.status !== 200) throw refusalOf(answer.status, object, request);
  return readToken(object, context.now());
}

async function ask(
  context: ManagedIdentityContext,
  host: IdentityHost,
  { resource, clientId }: ManagedIdentityRequest,
  deadline: Deadline,
): Promise<Answer> {
  const send = (apiVersion: string, headers: Record<string, string>): Promise<Answer> => {
    const url = new URL(host.endpoint);
    url.searchParams.set('api-version', apiVersion);
    url.searchParams.set('resource', resource);
    if (clientId !== undefined) url.searchParams.set('client_id', clientId);
    return sendRequest(context, url.href, { headers }, { what, server, retries: 2, deadline });
  };
  switch (host.kind) {
    case 'app_service':
      return await send('2019-08-01', { 'x-identity-header': host.header });
    case 'arc': {
      if (clientId !== undefined) throw arcHasOne();
      const challenged = await send('2020-06-01', { metadata: 'true' });
      if (challenged.status !== 401) return challenged;
      const key = await answerArcChallenge(context, challenged.challenge, host.keyDirectory, deadline.signal);
      return await send('2020-06-01', { metadata: 'true', authorization: `Basic ${key}` });
    }
    case 'imds': {
      await proveThereIsImds(context, host.endpoint, deadline);
      return await askImds(() => send('2018-02-01', { metadata: 'true' }), deadline);
    }
  }
}

function arcHasOne(): EntraLoginError {
  return new EntraLoginError('configuration', 'Azure Arc gives a machine one identity of its own and no other.', {
    hint: 'Leave --client-id out, and unset AZURE_CLIENT_ID.',
  });
}

// Elsewhere than in Azure nobody answers at 169.254.169.254, and a connection may hang; IMDS itself answers in 10 ms.
const probeLimit = 3_000;

// Without the Metadata header IMDS answers at once with an error, which is proof enough; the token may take seconds.
async function proveThereIsImds(context: RequestContext, endpoint: string, deadline: Deadline): Promise<void> {
  const { host } = new URL(endpoint);
  const nobody = (cause?: unknown): EntraLoginError =>
    new EntraLoginError('network', `This machine has no managed identity: nobody answers at ${host}.`, {
      hint: '--managed-identity works on Azure hosts alone; elsewhere: entra-login token --client-credentials',
      cause,
    });
  const probe = startDeadline(deadline.signal, probeLimit, nobody);
  try {
    await sendRequest(context, endpoint, {}, { what, server, retries: 0, deadline: probe });
  } catch (error) {
    if (!(error instanceof EntraLoginError)) throw error;
    // Throttled or out of order is there.
    if (error.code === 'throttled' || error.code === 'entra_unavailable') return;
    throw error.code === 'network' ? nobody(error) : error;
  } finally {
    probe.end();
  }
}

// Azure: "retry guidance": IMDS answers 404 and 410 while it is being updated.
const updatePauses = [500, 1_000, 2_000];

async function askImds(send: () => Promise<Answer>, deadline: Deadline): Promise<Answer> {
  for (const pause of updatePauses) {
    const answer = await send();
    if (answer.status !== 404 && answer.status !== 410) return answer;
    await sleep(pause, deadline.signal);
  }
  return await send();
}

function refusalOf(
  status: number,
  object: Record<string, unknown>,
  { clientId }: ManagedIdentityRequest,
): EntraLoginError {
  if (status === 404 || status === 410) return unexpectedAnswer(what, `answered HTTP ${status}`);
  const refusal = readEntraError(object);
  if (refusal?.aadsts !== undefined) return entraRefusal(refusal, 'application');
  const said = refusal?.description ?? object['message'];
  const reason = typeof said === 'string' && said !== '' ? said.slice(0, 300) : `HTTP ${status}`;
  const identity = clientId === undefined ? 'of its own' : `with the client ID ${clientId}`;
  const message = `The Azure host gives no token of an identity ${identity}: ${reason}`;
  return new EntraLoginError('entra_refused', message, {
    hint: 'Azure portal > the resource > Identity shows what is assigned; --client-id names a user-assigned identity.',
  });
}

function readToken(object: Record<string, unknown>, now: Date): ManagedIdentityToken {
  const { access_token: accessToken, client_id: clientId } = object;
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken)) {
    throw unexpectedAnswer(what, 'gave an answer without a token');
  }
  const expiresAt = readExpiry(object, now);
  if (expiresAt === undefined) throw unexpectedAnswer(what, 'does not say how long the access token lives');
  // Read for display alone; to us the token is opaque.
  const claims = decodeWithoutVerifying(accessToken)?.claims ?? {};
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  return {
    accessToken,
    expiresAt,
    tenantId: text(claims['tid']),
    clientId: text(clientId) ?? text(claims['appid']) ?? text(claims['azp']),
  };
}

// Seconds from now where there are any, since clocks differ; App Service gives seconds since 1970 alone. Both as texts.
function readExpiry(
  { expires_in: expiresIn, expires_on: expiresOn }: Record<string, unknown>,
  now: Date,
): Date | undefined {
  const lifetime = expiryAfter(readNumber(expiresIn), now);
  return lifetime ?? expiryAfter(readNumber(expiresOn) - now.getTime() / 1000, now);
}

function readNumber(value: unknown): number {
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
}
