import type { Deadline } from '../auth/deadline.ts';
import type { DeviceAuthorizationRequest } from '../auth/device-authorization.ts';
import type { DeviceCodeEvent } from '../auth/device-code.ts';
import { signInWithDeviceCode } from '../auth/device-code.ts';
import type { EntraClient } from '../auth/token-endpoint.ts';
import type { TokenSet } from '../auth/token-set.ts';
import type { Context } from '../context.ts';
import { fitWidth } from '../render/fit-width.ts';
import { renderDeviceCode, renderDeviceCodeNotes } from '../render/device-code.ts';
import { renderJson } from '../render/json.ts';
import type { Countdown } from './countdown.ts';
import { startCountdown } from './countdown.ts';
import { colorsOf, say, tell, warn } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/** A sign-in on another device. */
export interface DeviceCodeFlow {
  readonly request: DeviceAuthorizationRequest;
  readonly tenant: string;
  readonly personDeadline: Deadline;
}

/** Signs a person in by device code, with words on stderr. Errors: those of `signInWithDeviceCode`. */
export async function signInByDeviceCode(
  context: Pick<Context, 'fetch' | 'now' | 'stderr'>,
  options: CommonOptions,
  client: EntraClient,
  { request, tenant, personDeadline }: DeviceCodeFlow,
): Promise<TokenSet> {
  let countdown: Countdown | undefined;
  let isFailing = false;
  const onEvent = (event: DeviceCodeEvent): void => {
    switch (event.type) {
      case 'code':
        sayCode(context, options, event, tenant);
        countdown = startCountdown(context, options, event.deadline);
        break;
      case 'poll_failed':
        countdown?.sayAbove(() => {
          const words = `${event.reason} Asking goes on, in ${Math.round(event.wait / 1000)} seconds.`;
          // Once: the person is at the page meanwhile, and minutes of an outage must not bury the code.
          if (isFailing) tell(context, options, words);
          else warn(context, options, words);
        });
        isFailing = true;
        break;
      case 'poll_answered':
        isFailing = false;
        break;
      case 'slowed_down':
        countdown?.sayAbove(() => tell(context, options, `Entra wants to be asked every ${event.interval / 1000} s.`));
        break;
    }
  };
  try {
    return await signInWithDeviceCode(context, client, { request, onEvent, personDeadline });
  } finally {
    countdown?.end();
  }
}

function sayCode(
  { stderr, now }: Pick<Context, 'stderr' | 'now'>,
  options: CommonOptions,
  { authorization, deadline }: DeviceCodeEvent & { readonly type: 'code' },
  tenant: string,
): void {
  const expiresAt = new Date(now().getTime() + deadline.remaining());
  const { userCode, verificationUri } = authorization;
  if (options.json === true) {
    stderr.write(renderJson({ event: 'device_code', userCode, verificationUri, expiresAt }));
    return;
  }
  const prompt = { ...authorization, expiresAt, tenant };
  const room = { columns: stderr.columns, rows: stderr.rows ?? 0 };
  stderr.write(fitWidth(renderDeviceCode(prompt, colorsOf(stderr)), stderr));
  say({ stderr }, options, renderDeviceCodeNotes(prompt, room, colorsOf(stderr)));
}
