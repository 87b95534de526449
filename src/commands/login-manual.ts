import type { AuthorizationRequest } from '../auth/authorization-code.ts';
import { redeemAuthorizationResponse } from '../auth/authorization-code.ts';
import { exchangeLimit, exchangeTimedOut } from '../auth/browser-sign-in.ts';
import type { Deadline } from '../auth/deadline.ts';
import { startDeadline } from '../auth/deadline.ts';
import { readPastedRedirect } from '../auth/redirect/pasted-url.ts';
import type { EntraClient } from '../auth/token-endpoint.ts';
import type { TokenSet } from '../auth/token-set.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { fitWidth } from '../render/fit-width.ts';
import { renderJson } from '../render/json.ts';
import { renderPastePrompt, renderPasteQuestion } from '../render/sign-in.ts';
import { colorsOf } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/** A sign-in by a URL that the person pastes back. */
export interface ManualSignIn {
  readonly authorization: AuthorizationRequest;
  readonly redirectUri: string;
  readonly tenant: string;
  readonly personDeadline: Deadline;
}

/** Times a person may paste; on a pipe there is one. */
const attempts = 3;

/**
 * Signs a person in where no browser reaches this machine: prints the authorize URL and reads the redirected URL back.
 * Errors: `usage` for a URL that does not belong to this sign-in, the deadline's reason, and those of the exchange.
 */
export async function signInByPaste(
  context: Pick<Context, 'stdin' | 'stderr' | 'fetch' | 'now' | 'signal'>,
  options: CommonOptions,
  client: EntraClient,
  { authorization, redirectUri, tenant, personDeadline }: ManualSignIn,
): Promise<TokenSet> {
  const { stderr } = context;
  const url = authorization.urlFor(redirectUri);
  if (options.json === true) {
    const expiresAt = new Date(context.now().getTime() + personDeadline.remaining()).toISOString();
    stderr.write(renderJson({ event: 'browser', url, expiresAt }));
  } else {
    stderr.write(fitWidth(renderPastePrompt(url, tenant, colorsOf(stderr)), stderr));
  }
  const parameters = await readRedirect(context, options, authorization.state, redirectUri, personDeadline);
  const deadline = startDeadline(context.signal, exchangeLimit, exchangeTimedOut);
  try {
    return await redeemAuthorizationResponse(context, client, authorization, { parameters, redirectUri }, deadline);
  } finally {
    deadline.end();
  }
}

async function readRedirect(
  context: Pick<Context, 'stdin' | 'stderr'>,
  options: CommonOptions,
  state: string,
  redirectUri: string,
  deadline: Deadline,
): Promise<URLSearchParams> {
  const { stdin, stderr } = context;
  let complaint: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    // Reading begins before the question is asked: what is pasted at once must not be shown either.
    const reading = stdin.readLine({ hidden: true, signal: deadline.signal });
    if (options.json !== true || complaint !== undefined)
      stderr.write(fitWidth(renderPasteQuestion(complaint), stderr));
    const pasted = await reading;
    const read = readPastedRedirect(pasted ?? '', redirectUri, state);
    if (read.kind === 'response') return read.parameters;
    const reason = pasted === undefined ? 'nothing was given' : read.reason;
    if (!stdin.isTerminal || pasted === undefined || attempt === attempts) {
      throw new EntraLoginError('usage', `The pasted address was not used: ${reason}.`, {
        hint: `Paste the whole address the browser went to; it begins with ${redirectUri}`,
      });
    }
    complaint = reason;
  }
}
