import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { installPackage } from '../support/installed-package.ts';
import { nodeBinary, realPartsWanted } from '../support/program.ts';

const run = promisify(execFile);
const place = mkdtempSync(join(tmpdir(), 'entra-login-install-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** The keychain library comes from the registry; where that is out of reach nothing can be installed. */
async function whyNotInstallable(): Promise<string | undefined> {
  if (realPartsWanted) return undefined;
  const isReachable = await run('npm', ['ping', '--fetch-timeout=3000', '--fetch-retries=0']).then(
    () => true,
    () => false,
  );
  if (isReachable) return undefined;
  const reason = 'the npm registry is out of reach';
  process.stderr.write(`Tests are skipped; ${reason}\n`);
  return reason;
}

const notInstallable = await whyNotInstallable();

describe.skipIf(notInstallable !== undefined)('the packed package, installed into an empty directory', () => {
  it(
    'brings the keychain library alone, runs no scripts, is at most 6 MB, and works',
    { timeout: 120_000 },
    async () => {
      const { modules, kilobytes, packages } = installPackage(place);
      expect(packages).toEqual(['@napi-rs/keyring', expect.stringMatching(/^@napi-rs\/keyring-/), 'entra-login']);
      expect(kilobytes).toBeLessThanOrEqual(6 * 1024);

      const program = join(modules, 'entra-login/bin/entra-login.cjs');
      expect(existsSync(join(modules, '.bin/entra-login'))).toBe(true);
      const own = { env: { PATH: process.env['PATH'], HOME: place } };
      const { stdout } = await run(nodeBinary, [program, 'demo'], own);
      expect(stdout).toMatch(/^Name +Alice Anders$/m);
      const schema = await run(nodeBinary, [program, 'config', '--schema', 'project'], own);
      expect(JSON.parse(schema.stdout)).toHaveProperty('properties.tenant');
    },
  );
});
