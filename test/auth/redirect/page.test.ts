import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  pageHeaders,
  renderFailurePage,
  renderNoticePage,
  renderSuccessPage,
} from '../../../src/auth/redirect/page.ts';
import { refusals } from '../../../src/auth/redirect/refusals.ts';
import { chromiumMissing, launchChromium } from '../../support/chromium.ts';

const success = {
  name: 'Ada Lovelace',
  username: 'ada@contoso.example',
  tenantId: '0f6b1c2d-3e4f-4a5b-8c6d-7e8f90a1b2c3',
  tenantName: 'Contoso',
};

const failure = {
  message: 'Entra ID refused the sign-in.',
  aadsts: 'AADSTS50105',
  meaning: 'Your account is not assigned to this application.',
  mend: ['entra-login login --prompt select_account', 'Ask an administrator to assign you; then `entra-login login`.'],
  correlationId: '5b0e8f1a-2c3d-4e5f-8a9b-0c1d2e3f4a5b',
};

const hostile = `"><script>alert('x')</script>&amp;\u202Egnp.exe\u0000\u001B[31m`;

describe('the pages of the redirect listener', () => {
  test('tell who signed in, and that the window can be closed', () => {
    const html = renderSuccessPage(success);
    for (const words of ['You are signed in', 'You can close this window.', ...Object.values(success)]) {
      expect(html).toContain(words);
    }
  });

  test('tell the AADSTS code, its meaning and every step of the mend', () => {
    const html = renderFailurePage(failure);
    const { mend: _, ...single } = failure;
    for (const words of [...Object.values(single), '<li>Ask an administrator', '<code>entra-login login</code>']) {
      expect(html).toContain(words);
    }
  });

  test('show a mend that is a command as one, and where to read more about the code', () => {
    const html = renderFailurePage(failure);
    const commands = [...html.matchAll(/<code class="command"[^>]*>([^<]+)<\/code>/g)].map(([, line]) => line);
    expect(commands).toEqual(['entra-login login --prompt select_account', 'entra-login explain AADSTS50105']);
    expect(renderFailurePage({ message: 'No.', mend: ['entra-login login'] })).not.toContain('explain');
  });

  test('leave out what is not known', () => {
    expect(renderFailurePage({ message: 'No.' })).not.toMatch(/<dl>|<ul>|<h2>|undefined/);
    expect(renderSuccessPage({ name: '', username: 'ada', tenantId: 't' })).not.toMatch(/undefined|>Name</);
  });

  test.each([
    ['success', renderSuccessPage({ name: hostile, username: hostile, tenantId: hostile, tenantName: hostile })],
    ['failure', renderFailurePage({ title: hostile, message: hostile, meaning: hostile, mend: [hostile] })],
    ['notice', renderNoticePage({ title: hostile, message: hostile })],
  ])('escape markup and neutralise control and direction characters (%s)', (_, html) => {
    expect(html).not.toMatch(/<script|[\u202E\u0000\u001B]|alert\('x/);
    expect(html).toContain('&#34;&#62;&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;&#38;amp;\uFFFDgnp.exe');
  });

  test('cut what is longer than any text of Entra', () => {
    expect(renderFailurePage({ message: 'x'.repeat(60_000) }).length).toBeLessThan(8_000);
  });

  test('load and run nothing, and send nothing', () => {
    for (const html of [renderSuccessPage(success), renderFailurePage(failure)]) {
      expect(html).not.toMatch(/<(script|link|img|iframe|form|a)\b|url\(|@import|\son\w+=|style="/);
    }
    expect(pageHeaders['Content-Security-Policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^ ]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
  });
});

// Every notice there is.
const notices = Object.fromEntries(
  Object.entries(refusals).map(([reason, notice]) => [`notice ${reason}`, renderNoticePage(notice)]),
);

const pages: Readonly<Record<string, string>> = {
  success: renderSuccessPage(success),
  'a success with long names': renderSuccessPage({
    name: 'Wolfeschlegelsteinhausenbergerdorff'.repeat(4),
    username: `${'very.long.name'.repeat(12)}@contoso.example`,
    tenantId: success.tenantId,
  }),
  failure: renderFailurePage(failure),
  'a failure with nothing but a message': renderFailurePage({ message: 'Entra did not answer.' }),
  ...notices,
};

describe.skipIf(chromiumMissing)('the pages in a real browser', () => {
  const server = createServer((request, response) => {
    const name = decodeURIComponent(request.url?.slice(1) ?? '');
    const html = Object.entries(pages).find(([key]) => key === name)?.[1];
    response.writeHead(html === undefined ? 404 : 200, pageHeaders).end(html);
  });
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    browser = await launchChromium();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser?.close();
    server.closeAllConnections();
    server.close();
  });

  const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
    [320, 1_280].map((width) => ({ width, colorScheme })),
  );

  test.each(looks)('$colorScheme, $width px wide: axe finds nothing on any page, nothing is cut off', async (look) => {
    const { width, colorScheme } = look;
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
    const directory = process.env['ENTRA_LOGIN_TEST_SCREENSHOTS'];
    const found: Record<string, unknown> = {};
    // A wide page has nothing of its own; on it the notices are all alike.
    const names = Object.keys(pages).filter((name) => width === 320 || !name.startsWith('notice'));
    for (const name of names) {
      await page.goto(`${origin}/${name}`);
      if (directory)
        await page.screenshot({ path: `${directory}/${name}-${colorScheme}-${width}.png`, fullPage: true });
      await page.evaluate(axe.source);
      found[name] =
        await page.evaluate(`axe.run({ resultTypes: ['violations', 'incomplete'] }).then(({ violations, incomplete }) => ({
        violations: violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
        incomplete: incomplete.map(({ id }) => id),
        sideways: document.documentElement.scrollWidth - innerWidth,
      }))`);
    }
    await page.close();
    const nothing = { violations: [], incomplete: [], sideways: 0 };
    expect(found).toEqual(Object.fromEntries(names.map((name) => [name, nothing])));
  });

  test('let a command be selected whole by one click, to be copied', async () => {
    const page = await browser.newPage();
    await page.goto(`${origin}/failure`);
    await page.getByText('entra-login login --prompt').click();
    const selected = await page.evaluate('getSelection().toString()');
    await page.close();
    expect(selected).toBe('entra-login login --prompt select_account');
  });

  test('are shown styled under their own strict headers, with no error in the console and no further request', async () => {
    const page = await browser.newPage({ colorScheme: 'dark' });
    const seen: string[] = [];
    page.on('console', (message) => seen.push(message.text()));
    page.on('pageerror', (error) => seen.push(error.message));
    page.on('request', (request) => seen.push(new URL(request.url()).pathname));
    await page.goto(`${origin}/success`);
    const background = await page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor");
    const title = await page.title();
    await page.close();
    expect({ background, title, seen }).toEqual({
      background: 'rgb(24, 28, 34)',
      title: 'You are signed in - entra-login',
      seen: ['/success'],
    });
  });
});
