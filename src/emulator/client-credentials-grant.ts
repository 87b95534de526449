import { signAppToken } from './access-token.ts';
import { parameter } from './exchange.ts';
import { refusals } from './refusals.ts';
import { findResource } from './scopes.ts';
import type { EmulatorState } from './state.ts';
import type { TokenRequest } from './token-request.ts';

// entra.md 12.2: application tokens without continuous access evaluation live an hour.
const appTokenLifetime = 3599;

/** Issues a token to an application itself (RFC 6749, 4.4; entra.md 6.1). */
export function authenticateApplication(state: EmulatorState, request: TokenRequest): Record<string, unknown> {
  const { client, segment } = request;
  const { tenant } = segment;
  if (tenant === undefined || segment.name === 'consumers') throw refusals.grantNeedsTenant(segment.name);
  if (client.credential === 'none') throw refusals.secretMissing();
  const text = parameter(request.form, 'scope');
  if (text === undefined) throw refusals.parameterMissing('scope');
  const [, identifier] = /^(\S+)\/\.default$/.exec(text) ?? [];
  if (identifier === undefined) throw refusals.appScopeInvalid(text);
  const resource = findResource(state.directory, identifier);
  if (resource === undefined) throw refusals.resourceNotFound(identifier, tenant.name);
  const credential = client.credential === 'secret' ? 'secret' : 'certificate';
  return {
    token_type: 'Bearer',
    expires_in: appTokenLifetime,
    ext_expires_in: appTokenLifetime,
    access_token: signAppToken(state, client.application, resource, identifier, tenant.id, credential),
  };
}
