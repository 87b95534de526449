import { channel } from 'node:diagnostics_channel';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alice, contoso } from '../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../src/emulator/scripted-person.ts';
import { startKeyring } from '../test/support/keyring.ts';
import { startOneOfMany } from '../test/support/many-programs.ts';
import type { Machine } from '../test/support/program.ts';
import { authorizeUrl, startMachine } from '../test/support/program.ts';
import { node } from './contenders.ts';
import { summarize } from './measure.ts';

/** Times of what is more than one process, in milliseconds; medians. */
export interface Journeys {
  /** From the start of `login` until the browser's own process runs, less the server's time. */
  readonly browserLaunched: number;
  readonly nodeAlone: number;
  /** From the start of a Node that makes the same discovery request, and nothing else, until it has the answer. */
  readonly discoveryAlone: number;
  /** From the redirect until the process is gone, less the server's time. */
  readonly redirectToExit: number;
  readonly hundredExpired: number;
  readonly hundredValid: number;
  readonly renewal: number;
  /** Requests that the hundred processes made. */
  readonly requestsOfHundred: number;
  /** Requests that one renewal made. */
  readonly requestsOfRenewal: number;
}

/** Measures sign-ins, and a hundred processes that want one token, at the emulator in this process. */
export async function measureJourneys(rounds: number): Promise<Journeys> {
  const server = watchServer();
  const machine = await startMachine();
  const times = {
    browserLaunched: [] as number[],
    nodeAlone: [] as number[],
    discoveryAlone: [] as number[],
    redirectToExit: [] as number[],
  };
  try {
    for (let round = 0; round < rounds; round += 1) {
      times.nodeAlone.push(timeNode());
      times.discoveryAlone.push(await timeDiscovery(machine, server));
      times.browserLaunched.push(await timeBrowser(machine, server));
      times.redirectToExit.push(await timeRedirect(machine, server));
    }
  } finally {
    await machine.close();
  }
  const median = (values: readonly number[]): number => summarize(values).median;
  return {
    browserLaunched: median(times.browserLaunched),
    nodeAlone: median(times.nodeAlone),
    discoveryAlone: median(times.discoveryAlone),
    redirectToExit: median(times.redirectToExit),
    ...(await measureHundred(rounds > 10 ? 5 : 1)),
  };
}

/** Adds up for how long this process's servers had requests in hand. */
function watchServer(): { takeTime(): number } {
  let total = 0;
  const startedAt = new Map<unknown, number>();
  channel('http.server.request.start').subscribe((message) => {
    startedAt.set((message as { request: unknown }).request, performance.now());
  });
  channel('http.server.response.finish').subscribe((message) => {
    const { request } = message as { request: unknown };
    total += performance.now() - (startedAt.get(request) ?? performance.now());
    startedAt.delete(request);
  });
  return {
    takeTime() {
      const taken = total;
      total = 0;
      return taken;
    },
  };
}

function timeNode(): number {
  const startedAt = performance.now();
  spawnSync(node, ['-e', '0']);
  return performance.now() - startedAt;
}

type Server = ReturnType<typeof watchServer>;

/** The browser is a shell script that makes a file: the file's time is when it ran. */
// What is excluded with discovery: Node's fetch being loaded, which any program's first request pays, and the request.
async function timeDiscovery(machine: Machine, server: Server): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-bench-'));
  const seen = join(directory, 'seen');
  const url = `${machine.emulator.origin}/${contoso.id}/v2.0/.well-known/openid-configuration`;
  const script =
    `fetch(${JSON.stringify(url)}).then((answer) => answer.json())` +
    `.then(() => require('fs').writeFileSync(${JSON.stringify(seen)}, ''))`;
  try {
    server.takeTime();
    const startedAt = performance.timeOrigin + performance.now();
    const child = spawn(node, ['-e', script], { stdio: 'inherit' });
    const had = await waitForFile(seen);
    const took = had - startedAt - server.takeTime();
    if (child.exitCode === null) await once(child, 'exit');
    return took;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function timeBrowser(machine: Machine, server: Server): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-bench-'));
  const seen = join(directory, 'seen');
  const browser = join(directory, 'browser');
  writeFileSync(browser, `#!/bin/sh\n: > ${seen}\n`);
  chmodSync(browser, 0o755);
  try {
    server.takeTime();
    const startedAt = performance.timeOrigin + performance.now();
    const program = machine.start(['login', '--browser', browser, '--force']);
    await program.hear(/Waiting for the sign-in/);
    const launchedAt = await waitForFile(seen);
    const took = launchedAt - startedAt - server.takeTime();
    program.kill('SIGINT');
    await program.ended;
    return took;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** By then everything that a sign-in prepares while it waits is done, in milliseconds. */
const slowestStart = 600;

async function waitForFile(path: string): Promise<number> {
  for (;;) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined) return found.mtimeMs;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

async function timeRedirect(machine: Machine, server: Server): Promise<number> {
  let redirectedAt = 0;
  const program = machine.start(['login', '--no-browser', '--force']);
  const [url] = await program.hear(authorizeUrl);
  await program.hear(/Waiting for the sign-in/);
  await delay(slowestStart); // nobody signs in sooner
  const { origin } = new URL(new URL(url).searchParams.get('redirect_uri') ?? '');
  await signInAsScriptedPerson(url, {
    username: alice.username,
    fetch: (input, init) => {
      if (new URL(input instanceof Request ? input.url : input).origin === origin) {
        server.takeTime();
        redirectedAt = performance.now();
      }
      return fetch(input, init);
    },
  });
  const { at, exitCode } = await program.ended;
  if (exitCode !== 0) throw new Error('The sign-in failed.');
  return at - redirectedAt - server.takeTime();
}

/** A hundred processes want a token that needs renewing, then a hundred one that does not; both from the keychain. */
async function measureHundred(
  rounds: number,
): Promise<Pick<Journeys, 'hundredExpired' | 'hundredValid' | 'renewal' | 'requestsOfHundred' | 'requestsOfRenewal'>> {
  const keyring = await startKeyring();
  const env = {
    ENTRA_LOGIN_STORE: 'keychain',
    DBUS_SESSION_BUS_ADDRESS: keyring.env['DBUS_SESSION_BUS_ADDRESS'] ?? '',
  };
  const times = { expired: [] as number[], valid: [] as number[], renewal: [] as number[] };
  const requests = { hundred: 0, renewal: 0 };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const machine = await startMachine({ emulator: { accessTokenLifetime: 60 }, env });
      await machine.signIn(['--force']); // the account before is another emulator's
      machine.emulator.setAccessTokenLifetime(3_600);
      const before = machine.emulator.requests.length;
      times.expired.push(await timeHundred(machine));
      requests.hundred = Math.max(requests.hundred, machine.emulator.requests.length - before);
      times.valid.push(await timeHundred(machine));
      const { length } = machine.emulator.requests;
      const { milliseconds } = await machine.run(['token', '--refresh']);
      times.renewal.push(milliseconds);
      requests.renewal = Math.max(requests.renewal, machine.emulator.requests.length - length);
      await machine.close();
    }
  } finally {
    await keyring.stop();
  }
  return {
    hundredExpired: summarize(times.expired).median,
    hundredValid: summarize(times.valid).median,
    renewal: summarize(times.renewal).median,
    requestsOfHundred: requests.hundred,
    requestsOfRenewal: requests.renewal,
  };
}

async function timeHundred(machine: Machine): Promise<number> {
  const startedAt = performance.now();
  const programs = Array.from({ length: 100 }, () => startOneOfMany(machine, ['token']));
  const ends = await Promise.all(programs.map(({ ended }) => ended));
  const failed = ends.find(({ exitCode }) => exitCode !== 0);
  if (failed !== undefined) throw new Error(`One of a hundred failed: ${failed.stderr}`);
  return performance.now() - startedAt;
}
