import type { AuthorizationOptions } from '../auth/authorization-code.ts';
import { prepareAuthorization } from '../auth/authorization-code.ts';
import { signInWithBrowser } from '../auth/browser-sign-in.ts';
import type { Deadline } from '../auth/deadline.ts';
import type { EntraClient } from '../auth/token-endpoint.ts';
import type { TokenSet } from '../auth/token-set.ts';
import type { Context } from '../context.ts';
import { plainText } from '../render/plain-text.ts';
import type { KeptSignIn } from '../tokens/kept-profile.ts';
import type { FlowChoice } from './flow-choice.ts';
import { signInByDeviceCode } from './login-device-code.ts';
import { signInByPaste } from './login-manual.ts';
import { startLoginProgress } from './login-progress.ts';
import { say, tell, warn } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/** What the person said about the authorization request. */
export type FlowOptions = CommonOptions &
  Pick<AuthorizationOptions, 'prompt' | 'loginHint' | 'domainHint'> &
  Partial<Pick<AuthorizationOptions, 'responseMode'>>;

/** One sign-in of a person, whatever the flow. */
export interface PersonSignIn {
  readonly client: EntraClient;
  readonly scopes: readonly string[];
  /** A claims request, JSON as text. */
  readonly claims: string | undefined;
  readonly keep: (tokenSet: TokenSet) => Promise<KeptSignIn>;
  readonly personDeadline: Deadline;
  readonly redirectUri: string;
  readonly tenant: string;
}

/** Signs a person in the way that was chosen, and keeps the tokens; a browser may give way to a device code. */
export async function runFlow(
  context: Context,
  options: FlowOptions,
  choice: FlowChoice,
  sign: PersonSignIn,
): Promise<void> {
  tell(context, options, `Sign-in by ${flowNames[choice.flow]} (${choice.why}).`);
  switch (choice.flow) {
    case 'manual': {
      const authorization = await prepareAuthorization(context, sign.client, requestOf(options, sign, 'query'));
      await sign.keep(await signInByPaste(context, options, sign.client, { ...sign, authorization }));
      return;
    }
    case 'device_code':
      if (choice.isFallback) sayFallback(context, options, choice.why);
      await runDeviceCode(context, options, sign);
      return;
    case 'no_browser':
      await runBrowser(context, options, sign, { openBrowser: undefined, needsBrowser: false });
      return;
    case 'browser': {
      const openBrowser = (url: string): ReturnType<Context['openBrowser']> => context.openBrowser(url, choice.command);
      const reason = await runBrowser(context, options, sign, { openBrowser, needsBrowser: choice.fallsBack });
      if (reason === undefined) return;
      sayFallback(context, options, reason);
      await runDeviceCode(context, options, sign);
    }
  }
}

const flowNames = {
  manual: 'pasted URL',
  device_code: 'device code',
  no_browser: 'printed URL',
  browser: 'browser',
} as const;

function requestOf(
  { prompt, loginHint, domainHint }: FlowOptions,
  { scopes, claims }: PersonSignIn,
  responseMode: AuthorizationOptions['responseMode'],
): AuthorizationOptions {
  return { scopes, responseMode, prompt, loginHint, domainHint, claims };
}

/** Answers why no browser could be opened, if that ended it. */
async function runBrowser(
  context: Context,
  options: FlowOptions,
  sign: PersonSignIn,
  how: Pick<Parameters<typeof signInWithBrowser>[2], 'openBrowser' | 'needsBrowser'>,
): Promise<string | undefined> {
  const { client, redirectUri, personDeadline, tenant } = sign;
  const responseMode = options.responseMode ?? 'form_post';
  const authorization = await prepareAuthorization(context, client, requestOf(options, sign, responseMode));
  const opensItself = how.openBrowser !== undefined;
  const progress = startLoginProgress(context, options, { tenant, opensItself, deadline: personDeadline });
  const { onEvent } = progress;
  const keep = async (tokenSet: TokenSet): Promise<KeptSignIn['account']> => (await sign.keep(tokenSet)).account;
  try {
    const browser = { authorization, redirectUri, keep, onEvent, personDeadline, ...how };
    const outcome = await signInWithBrowser(context, client, browser);
    return outcome.kind === 'no_browser' ? outcome.reason : undefined;
  } finally {
    progress.end();
  }
}

async function runDeviceCode(context: Context, options: FlowOptions, sign: PersonSignIn): Promise<void> {
  const { client, scopes, claims, personDeadline, tenant } = sign;
  if (options.prompt !== undefined) warn(context, options, 'A device code has no place for --prompt; its page asks.');
  const flow = { request: { scopes, claims }, personDeadline, tenant };
  await sign.keep(await signInByDeviceCode(context, options, client, flow));
}

function sayFallback(context: Context, options: FlowOptions, why: string): void {
  say(
    context,
    options,
    `No browser can be had here (${plainText(why)}): a device code is used. --no-fallback prints the URL.\n`,
  );
}
