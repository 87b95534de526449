import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { startOneOfMany } from '../support/many-programs.ts';
import { startMachine } from '../support/program.ts';
import { startWorld } from '../support/world.ts';

// `npm run soak` makes it 10,000 calls and 1,000 processes.
const calls = Number(process.env['ENTRA_LOGIN_SOAK_TOKENS'] ?? 1_000);
const processes = Number(process.env['ENTRA_LOGIN_SOAK_PROCESSES'] ?? 20);

/** The heap in MiB after everything that can be collected is. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

describe('token after token', () => {
  it('takes no more memory after many calls than after a tenth of them, and asks Entra for nothing', async () => {
    const world = await startWorld();
    try {
      await world.run(['login', '--store', 'file']);
      const sent = world.emulator.requests.length;
      let early = 0;
      for (let call = 1; call <= calls; call += 1) {
        const { exitCode, stderr } = await world.run(['token', '--store', 'file']);
        if (exitCode !== 0 || stderr !== '') expect.unreachable(`call ${call}: ${stderr}`);
        if (call === calls / 10) early = heapUsed();
      }
      const late = heapUsed();
      process.stdout.write(
        `heap after ${calls / 10} calls ${early.toFixed(1)} MiB, after ${calls} ${late.toFixed(1)} MiB\n`,
      );
      expect(late - early).toBeLessThan(4);
      expect(world.emulator.requests.length).toBe(sent);
    } finally {
      await world.close();
    }
  }, 600_000);

  it('leaves no file behind in HOME or the directory for temporary files, however many processes ask', async () => {
    const machine = await startMachine();
    const temporary = (): string[] =>
      readdirSync(tmpdir()).filter(
        (name) => name.startsWith('entra-login-0') || name === `entra-login-${process.getuid?.() ?? 0}`,
      );
    try {
      expect((await machine.signIn()).exitCode).toBe(0);
      // The first renewal makes the place for locks.
      expect((await machine.run(['token', '--refresh'])).exitCode).toBe(0);
      const before = [machine.files(), temporary()];
      for (let left = processes; left > 0; left -= 10) {
        const words = left % 100 === 0 ? ['token', '--refresh'] : ['token'];
        const ends = await Promise.all(
          Array.from({ length: Math.min(10, left) }, () => startOneOfMany(machine, words).ended),
        );
        expect(ends.filter(({ exitCode, stderr }) => exitCode !== 0 || stderr !== '')).toEqual([]);
      }
      expect([machine.files(), temporary()]).toEqual(before);
    } finally {
      await machine.close();
    }
  }, 1_800_000);
});
