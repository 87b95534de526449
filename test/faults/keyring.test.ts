import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TestKeyring } from '../support/keyring.ts';
import { hasKeyring, startKeyring } from '../support/keyring.ts';
import type { Machine } from '../support/program.ts';
import { startMachine } from '../support/program.ts';

let machine: Machine;
let keyring: TestKeyring;

describe.skipIf(!hasKeyring())('a keyring', () => {
  beforeEach(async () => {
    keyring = await startKeyring();
    const { DBUS_SESSION_BUS_ADDRESS = '' } = keyring.env;
    machine = await startMachine({ env: { DBUS_SESSION_BUS_ADDRESS, ENTRA_LOGIN_STORE: 'keychain' } });
  });
  afterEach(async () => {
    await machine.close();
    await keyring.stop();
  });

  const errorOf = (stderr: string): { readonly code: string; readonly hint: string } =>
    (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: { code: string; hint: string } }).error;

  describe.each(['bus', 'keyring'] as const)('whose %s dies', (part) => {
    it('while a renewal waits for Entra: exit 6 within seconds, with the way out', async () => {
      expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
      const fault = { endpoint: 'token', kind: 'latency', milliseconds: 1_500 } as const;
      machine.emulator.injectFault(fault);
      const program = machine.start(['token', '--refresh', '--json']);
      await vi.waitUntil(() => machine.emulator.requests.some(({ form }) => form['grant_type'] === 'refresh_token'), {
        timeout: 20_000,
      });
      process.kill(keyring.processId(part), 'SIGKILL');
      const end = await program.ended;
      expect(end).toMatchObject({ exitCode: 6, stdout: '' });
      expect(errorOf(end.stderr)).toMatchObject({ code: 'keychain_unavailable' });
      expect(errorOf(end.stderr).hint).toContain('ENTRA_LOGIN_STORE=file');
    });

    it('at any moment of a run: it ends within seconds, with a result or exit 6', { timeout: 60_000 }, async () => {
      expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
      const { milliseconds } = await machine.run(['token', '--refresh']);
      const running = [['token', '--refresh'], ['whoami'], ['token'], ['logout']].map((argv) => machine.run(argv));
      await delay(milliseconds * Math.random());
      process.kill(keyring.processId(part), 'SIGKILL');
      for (const { exitCode, stderr } of await Promise.all(running)) {
        // 3: the sign-out came first.
        expect([0, 3, 6]).toContain(exitCode);
        expect(stderr).not.toMatch(/^\s+at /m);
      }
    });
  });

  const own = { service: 'entra-login', username: 'default' };
  it.each([
    ['text of another program', 'not ours'],
    ['JSON of another program', '{"access_token":"x"}'],
    ['half of ours', '{"version":1,"signIn":{"tenant":"x"'],
    ['the list of parts that Windows needs, without the parts', `entra-login parts 1 3 ${'0'.repeat(64)}`],
    ['an item with a NUL byte', 'a\0b'],
  ])('that holds %s under our name: exit 6 with the mend, and it stays until that is typed', async (_what, content) => {
    await keyring.putItem(own, content);
    for (const argv of [['whoami'], ['token'], ['login', '--no-browser']]) {
      const end = await machine.run([...argv, '--json']);
      expect(end).toMatchObject({ exitCode: 6, stdout: '' });
      expect(errorOf(end.stderr)).toMatchObject({ code: 'store_failed' });
      expect(errorOf(end.stderr).hint).toContain('entra-login logout --profile default');
    }
    expect(await machine.run(['logout'])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^Signed out/) });
    expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
  });

  it('whose file is of another format counts as one with nothing in it, and the file is left as it is', async () => {
    const directory = join(keyring.env['XDG_DATA_HOME'] ?? '', 'keyrings');
    expect(await machine.signIn()).toMatchObject({ exitCode: 0 });
    const file = join(directory, readdirSync(directory).find((name) => name.endsWith('.keyring')) ?? '');
    process.kill(keyring.processId('keyring'), 'SIGKILL');
    writeFileSync(file, 'a keyring of another format');
    expect(await keyring.revive()).toBeDefined();
    // gnome-keyring itself takes it for none; what it holds is not ours to mend.
    const end = await machine.run(['token', '--json']);
    expect(end).toMatchObject({ exitCode: 3, stdout: '' });
    expect(errorOf(end.stderr)).toMatchObject({ code: 'sign_in_required' });
    expect(readFileSync(file, 'utf8')).toBe('a keyring of another format');
  });
});
