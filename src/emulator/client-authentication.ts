import { checkAssertion } from './client-assertion.ts';
import type { Application, Platform } from './directory.ts';
import type { EmulatorRequest } from './exchange.ts';
import { parameter } from './exchange.ts';
import { refusals } from './refusals.ts';
import type { EmulatorState } from './state.ts';
import { checkAudience } from './tenant-segment.ts';
import type { TenantSegment } from './tenant-segment.ts';

/** The application that made a token request, and how it proved who it is. */
export interface PresentedClient {
  readonly application: Application;
  /** A wrong secret or assertion never gets this far. */
  readonly credential: 'none' | 'secret' | 'certificate' | 'federated';
}

/**
 * Finds the application of a request and checks the secret or assertion presented, if there is one
 * (700016, 7000215, 7000222, 700025 and those of assertions).
 */
export function readClient(state: EmulatorState, request: EmulatorRequest, segment: TenantSegment): PresentedClient {
  const basic = readBasic(request.headers.authorization);
  const clientId = parameter(request.form, 'client_id') ?? basic?.name;
  const secret = parameter(request.form, 'client_secret') ?? basic?.secret;
  const assertion = parameter(request.form, 'client_assertion');
  if (clientId === undefined) throw refusals.parameterMissing('client_id');
  const application = state.directory.applications.get(clientId.toLowerCase());
  if (application === undefined) {
    throw refusals.applicationNotFound(clientId, segment.tenant?.name ?? segment.name);
  }
  checkAudience(application, segment);
  if (secret === undefined && assertion === undefined) return { application, credential: 'none' };
  if (!isConfidential(application)) throw refusals.clientIsPublic();
  if (assertion !== undefined) {
    state.issued.push({ kind: 'client_assertion', value: assertion });
    return { application, credential: checkAssertion(state, application, assertion, segment) };
  }
  const known = application.secrets?.find(({ value }) => value === secret);
  if (known === undefined) throw refusals.secretWrong(application);
  if (known.expiresAt !== undefined && known.expiresAt <= state.now()) throw refusals.secretExpired(application);
  return { application, credential: 'secret' };
}

/** Checks that the client proved itself as its kind must: web yes, the others not (7000218, 700025). */
export function checkClientType(client: PresentedClient, clientType: Platform | 'device'): void {
  const confidential =
    clientType === 'web' || (clientType === 'device' && client.application.allowPublicClientFlows !== true);
  if (confidential && client.credential === 'none') throw refusals.secretMissing();
  if (!confidential && client.credential !== 'none') throw refusals.clientIsPublic();
}

function isConfidential({ secrets, certificates, federatedCredentials }: Application): boolean {
  return [secrets, certificates, federatedCredentials].some((credentials) => (credentials?.length ?? 0) > 0);
}

// RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
function readBasic(header: string | undefined): { readonly name: string; readonly secret: string } | undefined {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  const [name = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  if (name === '') return undefined;
  const decode = (text: string): string => new URLSearchParams(`v=${text}`).get('v') ?? '';
  return { name: decode(name), secret: decode(rest.join(':')) };
}
