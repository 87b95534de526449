import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Browser } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Why the tests with a real browser cannot run here, with the line that mends it; `undefined` if they can. */
export const chromiumMissing: string | undefined = findOutWhyMissing();

/** The flags with which Debian's chromium runs anywhere, as root too, and talks to nobody but the page. */
const flags: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a real, headless browser with a profile of its own; the caller closes it. */
export async function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...more] });
}

/** Where the real parts were asked for, a missing browser is a failure of the tests that need it. */
function findOutWhyMissing(): string | undefined {
  if (existsSync(executablePath) || process.env['ENTRA_LOGIN_TEST_REAL_PARTS'] === '1') return undefined;
  const reason = `${executablePath} is missing: apt-get install -y chromium`;
  process.stderr.write(`Tests with a real browser are skipped. ${reason}\n`);
  return reason;
}
