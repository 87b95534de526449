import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { Machine, Program } from '../support/program.ts';
import { startMachine } from '../support/program.ts';

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
  machine.emulator.injectFault({ endpoint: 'devicecode', kind: 'changed_members', members: { interval: 0.1 } });
});
afterEach(() => machine.close());

async function enterCode(program: Program): Promise<void> {
  const [, uri = '', userCode = ''] = await program.hear(/^ {2}(http\S+)\n {2}([A-Z0-9]{9})$/m);
  await signInAsScriptedPerson(uri, { username: alice.username, userCode });
}

describe('without a display', () => {
  it('login takes a device code by itself, and says why', async () => {
    const program = machine.start(['login']);
    await enterCode(program);
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(alice.name) as string });
    expect(end.stderr).toMatch(/No browser can be had here \(.*\): a device code is used\./);
    expect(await machine.run(['whoami', '--claim', 'oid'])).toMatchObject({ stdout: `${alice.objectId}\n` });
  });

  it('a browser command that fails gives way to a device code', async () => {
    const program = machine.start(['login', '--browser', '/bin/false']);
    await enterCode(program);
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stderr).toContain('No browser can be had here (false ended with exit code 1)');
  });

  it('Ctrl-C ends the wait for the person at once', async () => {
    const program = machine.start(['login', '--device-code']);
    await program.hear(/Waiting for the sign-in/);
    const sentAt = performance.now();
    program.kill('SIGINT');
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 130, signal: null, stdout: '' });
    expect(end.at - sentAt).toBeLessThan(1_000);
    expect(machine.files()).toEqual([]);
  });
});

describe('in a CI job with no terminal, no D-Bus and a store in memory', () => {
  it('token --login prints the code on stderr and the token on stdout', async () => {
    const program = machine.start(['token', '--login'], { env: { CI: 'true', ENTRA_LOGIN_STORE: 'memory' } });
    program.endInput();
    await enterCode(program);
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/) as string });
    expect(machine.files()).toEqual([]);
  });
});
