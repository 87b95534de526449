import { EntraLoginError } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import { unexpectedAnswer, jsonOf, sendRequest } from './request.ts';
import type { RequestContext } from './request.ts';

const what = 'the UserInfo endpoint';

/**
 * Asks the UserInfo endpoint (OpenID Connect Core, 5.3; Entra's is Microsoft Graph's) with a Graph access token.
 * The answer must name the subject of the ID token: `untrusted_response` otherwise.
 */
export async function fetchUserInfo(
  context: RequestContext,
  request: { readonly endpoint: string; readonly accessToken: string; readonly subject: string },
  deadline: Deadline,
): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${request.accessToken}`, accept: 'application/json' };
  const answer = await sendRequest(context, request.endpoint, { headers }, { what, retries: 2, deadline });
  if (answer.status === 401 || answer.status === 403) {
    throw new EntraLoginError(
      'entra_refused',
      `The UserInfo endpoint refused the access token (HTTP ${answer.status}).`,
      {
        hint: 'It takes a Microsoft Graph token with the scope "openid": entra-login login --scope "openid profile email"',
      },
    );
  }
  if (answer.status !== 200) throw unexpectedAnswer(what, `answered HTTP ${answer.status}`);
  const claims = jsonOf(answer, what);
  if (claims['sub'] !== request.subject) {
    throw new EntraLoginError('untrusted_response', 'The UserInfo endpoint answered for another account ("sub").', {
      hint: 'Nothing of the answer is shown. Sign in again: entra-login login --force',
    });
  }
  return claims;
}
