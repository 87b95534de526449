import process from 'node:process';
import { openBrowser } from '../../src/platform/browser.ts';

/** Opens the URL of its argument as on Windows, with whatever stands where PowerShell would; prints how that went. */
async function main(): Promise<void> {
  // Before the package `open` is loaded, which looks once.
  Object.defineProperty(process, 'platform', { value: 'win32' });
  const launch = await openBrowser(process.argv[2] ?? '', undefined, { failsWithin: 10_000 });
  process.stdout.write(JSON.stringify(launch));
}

void main();
