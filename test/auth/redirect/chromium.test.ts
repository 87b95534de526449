import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startRedirectListener, type RedirectListenerEvent } from '../../../src/auth/redirect/listener.ts';
import { renderSuccessPage } from '../../../src/auth/redirect/page.ts';
import { chromiumMissing, launchChromium } from '../../support/chromium.ts';

const state = 'the-expected-state-0123456789';
const page = { name: 'Ada Lovelace', username: 'ada@contoso.example', tenantId: 'a-tenant' };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function serve(handler: (address: URL) => string): Promise<string> {
  const server: Server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html').end(handler(new URL(request.url ?? '', 'http://x')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Entra's page of section 3.3 of its facts: a form that sends itself. */
function formPostPage(redirectUri: string, fields: Record<string, string>): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${value}"/>`,
  );
  return `<html><body><form method="POST" action="${redirectUri}">${inputs.join('')}</form><script>document.forms[0].submit();</script></body></html>`;
}

describe.skipIf(chromiumMissing)('the redirect in a real browser', () => {
  let browser: Browser;
  let tab: Page;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function start(responseMode: 'form_post' | 'query' = 'form_post') {
    const events: RedirectListenerEvent[] = [];
    const entra = await serve((address) =>
      formPostPage(address.searchParams.get('redirect_uri') ?? '', { code: 'the-code', state, session_state: 'guid' }),
    );
    const listener = await startRedirectListener({
      redirectUri: new URL('http://localhost:0/callback'),
      state,
      responseMode,
      authorizationUrl: (uri) => `${entra}/authorize?redirect_uri=${encodeURIComponent(uri)}`,
      findPortOwner: async () => undefined,
      isFromOtherUser: async () => false,
      onEvent: (event) => events.push(event),
    });
    ends.push(() => listener.close());
    tab = await browser.newPage();
    ends.push(() => tab.close());
    return { listener, events };
  }

  test('goes from the start page over a foreign site to the page that was waited for', async () => {
    const { listener, events } = await start();
    const complaints: string[] = [];
    tab.on('console', (message) => complaints.push(message.text()));
    const shown = tab.goto(listener.startUrl);
    const response = await listener.waitForResponse(AbortSignal.timeout(10_000));
    await response.respond({ status: 200, html: renderSuccessPage(page) });
    await shown;
    await tab.getByRole('heading', { name: 'You are signed in' }).waitFor();
    expect({ events, complaints, address: tab.url(), code: response.parameters.get('code') }).toEqual({
      events: [{ type: 'browser_arrived' }],
      complaints: [],
      address: listener.redirectUri,
      code: 'the-code',
    });
  });

  test('shows the page to the end although everything is closed right after it', async () => {
    const { listener } = await start();
    const shown = tab.goto(listener.startUrl);
    const response = await listener.waitForResponse(AbortSignal.timeout(10_000));
    await response.respond({ status: 200, html: renderSuccessPage({ ...page, name: 'x'.repeat(2_000) }) });
    await listener.close();
    await shown;
    await tab.getByText('a-tenant').waitFor();
  });

  test('explains a button on an error page of Entra, and goes on when the person tries again', async () => {
    const { listener, events } = await start();
    await tab.goto(listener.redirectUri);
    await tab.getByRole('heading', { name: 'Entra ID sent no answer' }).waitFor();
    const shown = tab.goto(listener.startUrl);
    const response = await listener.waitForResponse(AbortSignal.timeout(10_000));
    await response.respond({ status: 200, html: renderSuccessPage(page) });
    await shown;
    expect(events).toEqual([{ type: 'bare_redirect' }, { type: 'browser_arrived' }]);
  });

  test('tells that the browser insists on https', async () => {
    const { listener, events } = await start();
    await tab.goto(listener.startUrl.replace('http:', 'https:')).catch(() => {});
    expect(events).toEqual([{ type: 'tls_client_hello' }]);
  });

  test('tells of HSTS for localhost, and the mend that chrome://net-internals has for it works', async () => {
    // Chromium 156 ignores HSTS for localhost by itself; with this flag it is as older ones, and other browsers, are.
    const strict = await launchChromium(['--disable-features=IgnoreHSTSForLocalhost']);
    ends.push(() => strict.close());
    const { listener, events } = await start();
    const [profile = await strict.newContext()] = strict.contexts();
    const settings = await profile.newPage();
    await settings.goto('chrome://net-internals/#hsts');
    await settings.fill('#hsts-view-add-input', 'localhost');
    await settings.click('#hsts-view-add-submit');
    const signIn = await profile.newPage();
    await signIn.goto(listener.startUrl).catch(() => {});
    expect(events).toEqual([{ type: 'tls_client_hello' }]);

    await settings.getByText('Delete domain security policies').waitFor();
    await settings.fill('#domain-security-policy-view-delete-input', 'localhost');
    await settings.click('#domain-security-policy-view-delete-submit');
    const shown = signIn.goto(listener.startUrl);
    const response = await listener.waitForResponse(AbortSignal.timeout(10_000));
    await response.respond({ status: 200, html: renderSuccessPage(page) });
    await shown;
    expect(events).toEqual([{ type: 'tls_client_hello' }, { type: 'browser_arrived' }]);
  });

  test('lets a web page in the same browser neither read, frame, answer nor end the sign-in', async () => {
    const { listener, events } = await start();
    const evil = await serve(() => '<html><body>evil</body></html>');
    await tab.goto(evil);
    const found = await tab.evaluate(`(async () => {
      const target = ${JSON.stringify(listener.redirectUri)};
      const attempt = (options) => fetch(target, options).then((response) => response.type, () => 'blocked');
      const body = new URLSearchParams({ code: 'stolen', state: 'guessed' });
      const frame = document.createElement('iframe');
      frame.src = target;
      const framed = new Promise((resolve) => (frame.onload = () => resolve(frame.contentDocument === null)));
      document.body.append(frame);
      return {
        read: await attempt({}),
        preflight: await attempt({ method: 'POST', headers: { 'X-Mine': '1' }, body }),
        blind: await attempt({ method: 'POST', mode: 'no-cors', body }),
        framedPageIsHidden: await framed,
      };
    })()`);
    const own = await browser.newPage();
    const shown = own.goto(listener.startUrl);
    const response = await listener.waitForResponse(AbortSignal.timeout(10_000));
    await response.respond({ status: 200, html: renderSuccessPage(page) });
    await shown;
    await own.close();
    expect({ found, code: response.parameters.get('code') }).toEqual({
      found: {
        read: 'blocked',
        preflight: 'blocked',
        blind: expect.stringMatching(/^(opaque|blocked)$/) as string,
        framedPageIsHidden: true,
      },
      code: 'the-code',
    });
    expect(events).toContainEqual({ type: 'browser_arrived' });
  });
});
