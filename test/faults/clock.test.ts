import { afterEach, describe, expect, it } from 'vitest';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
let ahead = 0;
afterEach(() => world.close());

/** An Entra whose clock is ahead of ours by so many hours, as it is where ours is behind. */
async function startApart(hours: number): Promise<void> {
  ahead = hours * 3_600_000;
  world = await startWorld({ now: () => new Date(Date.now() + ahead) });
}
const ours = { now: (): Date => new Date() };

interface Said {
  readonly message: string;
  readonly hint: string;
}
const errorOf = (stderr: string): Said =>
  (JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { readonly error: Said }).error;

describe('a clock that is wrong', () => {
  it.each([
    [5, 'it is not valid yet ("nbf")', '5 hours behind'],
    [-5, 'it has expired ("exp")', '5 hours ahead of'],
    [0.25, 'it is not valid yet ("nbf")', '15 minutes behind'],
    [-1.4, 'it has expired ("exp")', '84 minutes ahead of'],
  ])('by %d hours: a sign-in says so, by how much, and what Entra has', async (hours, what, difference) => {
    await startApart(hours);
    const { exitCode, stdout, stderr } = await world.run(['login', '--json'], ours);
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
    expect(errorOf(stderr).message).toContain(what);
    const time = new Date(Date.now() + ahead).toISOString().slice(0, 13).replace('T', ' ');
    expect(errorOf(stderr).hint).toContain(
      `Check the clock of this machine: it must be right within five minutes. It is ${difference} Entra's (${time}:`,
    );
    expect(await world.keychain.read('default')).toBeUndefined();
  });

  it('after the sign-in: the renewal says so, and what is kept stays', async () => {
    await startApart(0);
    expect(await world.run(['login'], ours)).toMatchObject({ exitCode: 0 });
    const kept = await world.keychain.read('default');
    ahead = 7 * 3_600_000;
    const { exitCode, stderr } = await world.run(['token', '--refresh', '--json'], ours);
    expect(exitCode).toBe(4);
    expect(errorOf(stderr).hint).toContain("It is 7 hours behind Entra's");
    expect(await world.keychain.read('default')).toBe(kept);
  });

  it('within five minutes is no fault', async () => {
    await startApart(4 / 60);
    expect(await world.run(['login'], ours)).toMatchObject({ exitCode: 0 });
    expect(await world.run(['token'], ours)).toMatchObject({ exitCode: 0 });
  });
});
