import type { BrowserSignInEvent } from '../auth/browser-sign-in.ts';
import type { Deadline } from '../auth/deadline.ts';
import type { Context } from '../context.ts';
import { fitWidth } from '../render/fit-width.ts';
import { renderJson } from '../render/json.ts';
import {
  bareRedirect,
  httpsForced,
  renderBrowserPrompt,
  renderHttpsMend,
  renderNothingYet,
} from '../render/sign-in.ts';
import type { Countdown } from './countdown.ts';
import { startCountdown } from './countdown.ts';
import { colorsOf, say, tell, warn } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/** Words on stderr while a browser sign-in is under way. */
export interface LoginProgress {
  readonly onEvent: (event: BrowserSignInEvent) => void;
  /** Ends the countdown. */
  end(): void;
}

type Listening = Extract<BrowserSignInEvent, { type: 'listening' }>;

// Long enough to type a password, short enough that somebody in front of an error page is still there.
const silenceBeforeHelp = 30_000;

/** Starts the words: URL, countdown, and help after 30 seconds of silence. */
export function startLoginProgress(
  context: Pick<Context, 'stderr' | 'now' | 'surroundings'>,
  options: CommonOptions,
  sign: { readonly tenant: string; readonly opensItself: boolean; readonly deadline: Deadline },
): LoginProgress {
  const { stderr, surroundings } = context;
  const colors = colorsOf(stderr);
  let arrived = false;
  let hasEnded = false;
  let help: NodeJS.Timeout | undefined;
  let countdown: Countdown | undefined;
  let listening: Listening | undefined;

  const sayAbove = (speak: () => void): void => (countdown === undefined ? speak() : countdown.sayAbove(speak));
  const end = (): void => {
    hasEnded = true;
    clearTimeout(help);
    countdown?.end();
  };

  const start = ({ startUrl, authorizationUrl, redirectUri }: Listening): void => {
    // A person clicks the short one; a script, or somebody who forwards it elsewhere, needs the real one.
    const url = stderr.isTerminal && sign.opensItself ? startUrl : authorizationUrl;
    if (options.json === true) {
      const expiresAt = new Date(context.now().getTime() + sign.deadline.remaining()).toISOString();
      stderr.write(renderJson({ event: 'browser', url, expiresAt }));
    } else {
      const prompt = { url, opensItself: sign.opensItself, tenant: sign.tenant };
      stderr.write(fitWidth(renderBrowserPrompt(prompt, colors), stderr));
    }
    countdown = startCountdown(context, options, sign.deadline);
    help = setTimeout(() => {
      sayAbove(() => {
        const seen = arrived ? 'arrived' : sign.opensItself ? 'missing' : 'unknown';
        say(context, options, renderNothingYet({ url: authorizationUrl, redirectUri, seen, surroundings }));
        // --quiet drops no URL, and a terminal has seen the short one alone.
        const isUnseen = options.quiet === true && options.json !== true && url !== authorizationUrl;
        if (isUnseen) stderr.write(`${authorizationUrl}\n`);
      });
    }, silenceBeforeHelp);
  };

  const onEvent = (event: BrowserSignInEvent): void => {
    if (hasEnded) return; // a launcher's outcome may come after the response
    switch (event.type) {
      case 'listening':
        listening = event;
        start(event);
        break;
      case 'browser_opened':
        tell(context, options, 'A browser was started.');
        break;
      case 'browser_failed':
        sayAbove(() =>
          warn(context, options, `No browser could be opened (${event.reason}): open the address yourself.`),
        );
        break;
      case 'browser_arrived':
        arrived = true;
        countdown?.showArrival();
        sayAbove(() => tell(context, options, 'The browser reached this machine and was sent on to Entra.'));
        break;
      case 'tls_client_hello':
        sayAbove(() => {
          warn(context, options, httpsForced);
          if (listening !== undefined) say(context, options, renderHttpsMend(listening));
        });
        break;
      case 'bare_redirect':
        sayAbove(() => warn(context, options, bareRedirect));
        break;
      case 'stray_request':
        if (event.reason === 'other_user') {
          sayAbove(() =>
            warn(
              context,
              options,
              'Another user of this machine opened the start page of this sign-in and was refused; the wait goes on.',
            ),
          );
          break;
        }
        sayAbove(() => tell(context, options, `A request that is not the redirect was refused (${event.reason}).`));
        break;
      case 'response_arrived':
        end();
        break;
    }
  };
  return { onEvent, end };
}
