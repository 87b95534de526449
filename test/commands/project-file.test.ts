import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso, fabrikam } from '../../src/emulator/default-directory.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { RunOptions, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
let project: string;
beforeEach(async () => {
  world = await startWorld();
  project = join(world.home, 'clone');
  await mkdir(project);
});
afterEach(() => world.close());

const put = (content: object): Promise<void> =>
  writeFile(join(project, '.entra-login.json'), JSON.stringify(content, undefined, 2));

/** A world in which every request and every opened browser is noted. */
const watch = (): { readonly seen: string[]; readonly options: RunOptions } => {
  const seen: string[] = [];
  const fetchAndNote: typeof fetch = async (...request) => {
    const sent = new Request(...request);
    seen.push(`${sent.url} ${await sent.clone().text()}`);
    return await fetch(sent);
  };
  const browser: RunOptions['browser'] = (url, command) => {
    seen.push(`browser ${url}`);
    return world.browserOf({})(url, command);
  };
  return { seen, options: { working: project, fetch: fetchAndNote, browser } };
};

describe('a cloned repository', () => {
  it.each([
    ['authorityHost', 'https://login.evil.example'],
    ['browser', 'sh -c "touch /tmp/evil"'],
    ['store', 'file'],
    ['clientSecret', 'hunter2'],
    ['clientCertificate', '/home/me/.ssh/id_rsa'],
    ['federatedTokenFile', '/home/me/token'],
    ['profiles', {}],
  ])('cannot name %s: every command is exit 2 with the line, and does nothing', async (name, value) => {
    await world.run(['login']);
    await put({ tenant: contoso.id, [name]: value });
    const { seen, options } = watch();
    for (const argv of [
      ...[['login'], ['login', '--device-code'], ['whoami'], ['token'], ['exec', '--', 'true'], ['logout']],
      ...[['status', '--check'], ['config'], ['profile', 'list'], ['profile', 'use', 'default']],
      ...[
        ['profile', 'remove', 'default'],
        ['token', '--client-credentials', '--resource', 'https://a.example'],
      ],
    ]) {
      const result = await world.run(argv, options);
      expect({ argv, ...result }).toMatchObject({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringContaining(`"${name}" is not allowed (${project}/.entra-login.json, line 3).`) as string,
      });
      expect(result.stderr).not.toContain('hunter2');
    }
    expect(seen).toEqual([]);
    expect(await world.run(['whoami', '--claim', 'oid'])).toMatchObject({ stdout: `${alice.objectId}\n` });
  });

  it('cannot choose where a kept refresh token goes: only a person signs in at the tenant it names', async () => {
    const env = { ENTRA_LOGIN_TENANT: '' };
    await world.run(['login']);
    await put({ tenant: fabrikam.id });
    const { seen, options } = watch();
    const run = (argv: string[]): ReturnType<World['run']> => world.run(argv, { ...options, env });
    expect(await run(['token', '--refresh'])).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await run(['exec', '--', 'true'])).toMatchObject({ exitCode: 3 });
    expect(seen).toEqual([]);
    // What proves the account asks its own tenant.
    expect(await run(['whoami', '--check'])).toMatchObject({ exitCode: 0 });
    expect(await run(['status', '--check'])).toMatchObject({ exitCode: 0 });
    const renewals = seen.filter((request) => request.includes('grant_type=refresh_token'));
    expect(renewals.map((request) => request.split('/oauth2/')[0])).toEqual([
      `${world.emulator.origin}/${contoso.id}`,
      `${world.emulator.origin}/${contoso.id}`,
    ]);
    seen.length = 0;
    const controller = new AbortController();
    const browser: RunOptions['browser'] = (url) => {
      seen.push(`browser ${url}`);
      controller.abort(new EntraLoginError('cancelled', 'Cancelled.'));
      return Promise.resolve({ outcome: 'opened', command: 'nobody' });
    };
    await world.run(['login'], { ...options, env, browser, signal: controller.signal });
    expect(seen).toContainEqual(expect.stringMatching(/^browser /));
    expect(seen.filter((request) => request.includes('refresh_token='))).toEqual([]);
  });
});
