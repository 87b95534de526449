import process from 'node:process';
import { startRedirectListener } from '../../../src/auth/redirect/listener.ts';

// A process that is nothing but the listener, for its memory to be measured.
const [state = ''] = process.argv.slice(2);
const listener = await startRedirectListener({
  redirectUri: new URL('http://localhost:0/callback'),
  state,
  responseMode: 'form_post',
  authorizationUrl: () => 'https://login.example/authorize',
  findPortOwner: async () => undefined,
  isFromOtherUser: async () => false,
});
process.send?.({ redirectUri: listener.redirectUri });
const response = await listener.waitForResponse(AbortSignal.timeout(60_000));
await response.respond({ status: 200, html: 'signed in' });
await listener.close();
process.send?.({ code: response.parameters.get('code'), peakKiB: process.resourceUsage().maxRSS });
process.disconnect?.();
