import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultPlaces } from '../support/fault-kinds.ts';
import { faultNames, proxyPassword, startFaultPlaces } from '../support/fault-kinds.ts';
import type { FaultOutcome } from '../support/fault-matrix.ts';
import { meetFault, startOfCommands } from '../support/fault-matrix.ts';
import { requestsUnderTest } from '../support/fault-requests.ts';
import { hasOpenssl } from '../support/private-ca.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

const page = readFileSync('docs/faults.md', 'utf8');

/** Reads the table below a heading of the page, row by row, without its head. */
function readTable(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const requests = readTable('Every request');
const faults = readTable('Every fault');
const differences = readTable('Where it differs');

/** What the page says of a request that meets a fault. */
function expectationOf(request: readonly string[], fault: readonly string[]): Record<string, unknown> {
  const [name = '', what = '', server = '', most = ''] = request;
  const [own] = [fault[0], `\`${fault[3]}\``, fault[2] === '0' ? undefined : 'any other'].flatMap((selector) =>
    differences.filter(([one, two]) => one === name && two === selector).map((row) => row.slice(1)),
  );
  const [, sent = '', exit = '', code = '', message = ''] = own ?? fault;
  // "1 + 3": one before it is needed; where that fails, as often as others.
  const [before, times = before] = most.split(' + ').map(Number);
  const again = Math.min(Number(sent), times ?? 0);
  return {
    sent: own !== undefined ? Number(sent) : before === times || exit === '0' ? again : (before ?? 0) + again,
    exitCode: Number(exit),
    code,
    message: message.replace('WHAT', what).replace('SERVER', server),
  };
}

interface Said {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What the command said, with names in place of hosts. */
function saidBy({ exitCode, stderr, host }: FaultOutcome, world: World): Said {
  if (exitCode === 0) return { code: '', message: '' };
  const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: Said };
  const message = [host, new URL(world.emulator.origin).host].reduce(
    (text, one) => text.replace(one, 'HOST'),
    error.message,
  );
  return { ...error, message: message.replace(/\S+ \(HTTPS_PROXY\)/, 'PROXY (HTTPS_PROXY)') };
}

describe('docs/faults.md', () => {
  it('names every request of the tool and every fault there is', () => {
    expect(requests.map(([name]) => name)).toEqual(Object.keys(requestsUnderTest));
    expect(faults.map(([name]) => name)).toEqual(['none', ...faultNames]);
  });
});

describe.skipIf(!hasOpenssl())('a request that fails', () => {
  let places: FaultPlaces;
  beforeAll(async () => {
    places = await startFaultPlaces(new Date(startOfCommands.getTime() + 3_600_000));
  });
  afterAll(() => places.close());

  describe.each(requests.map((row) => [row[0] ?? '', row] as const))('%s', (name, row) => {
    const request = requestsUnderTest[name] ?? expect.fail(`docs/faults.md names a request there is none of: ${name}`);
    let world: World;
    let kept: string | undefined;
    beforeAll(async () => {
      world = await startWorld();
      if (!request.needsSignIn) return;
      // Ten minutes before: what was renewed since a command was asked would be as good as new.
      const login = { ...request, run: (_world: World, options: object) => world.run(['login'], options) };
      await meetFault(world, login, undefined, new Date(startOfCommands.getTime() - 600_000));
      kept = await world.keychain.read('default');
    });
    // It fails if a secret stands in anything that was printed.
    afterAll(() => world.close());

    it.each(faults.map((fault) => [fault[0] ?? '', fault] as const))('%s', async (fault, expected) => {
      await (kept === undefined ? world.keychain.delete('default') : world.keychain.write('default', kept));
      const outcome = await meetFault(world, request, places.faults.get(fault));
      const { hint, ...said } = saidBy(outcome, world);
      const { sent, exitCode, stdout, stderr } = outcome;
      expect({ sent, exitCode, code: said.code, message: said.message }).toEqual(expectationOf(row, expected));
      if (exitCode === 0) return;
      expect({ stdout, hint }).toEqual({ stdout: '', hint: expect.stringMatching(/\w{3}/) as string });
      expect(outcome.seconds).toBeLessThan(name === 'token: device code' ? 61 : 31);
      // No page of anybody's, no stack, no password of a proxy.
      expect(stderr).not.toMatch(/<|Welcome to the network|^\s+at /m);
      expect(stderr).not.toContain(proxyPassword);
    });
  });
});
