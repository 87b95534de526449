import type { Application } from './directory.ts';
import type { Reply } from './exchange.ts';
import { html, pageReply } from './html.ts';
import type { Refusal } from './refusals.ts';
import type { DeviceGrant, Grant } from './state.ts';

/** Where a person types the user code. */
export const devicePath = '/device';

/** Lets the device have its tokens, and tells the person so. */
export function finishDevice(device: DeviceGrant, grant: Grant, application: Application): Reply {
  device.outcome = grant;
  return pageReply({
    title: 'Signed in',
    content: html`<h1>${application.name}</h1>
      <p>You have signed in to ${application.name} on your device. You may now close this window.</p>`,
  });
}

/** Tells the device no if the person said no; anything else stays between Entra and the person. */
export function refuseDevice(device: DeviceGrant, refusal: Refusal, application: Application): Reply {
  if (refusal.details.subcode === undefined) throw refusal;
  device.outcome = 'declined';
  return pageReply({
    title: 'Declined',
    content: html`<h1>${application.name}</h1>
      <p>You declined. You may now close this window.</p>`,
  });
}
