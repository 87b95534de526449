import process from 'node:process';
import { EntraLoginError } from '../../src/errors.ts';
import { createFetch } from '../../src/platform/http.ts';

/** Fetches the URL of its argument with the settings of its environment; prints what came, or the failure. */
async function main(): Promise<void> {
  try {
    const response = await createFetch({ ...process.env })(process.argv[2] ?? '');
    process.stdout.write(`${response.status} ${await response.text()}\n`);
  } catch (error) {
    if (!(error instanceof EntraLoginError)) throw error;
    process.stdout.write(`${error.code} ${error.message}\n`);
  }
}

void main();
