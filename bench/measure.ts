import { spawnSync } from 'node:child_process';

/** A program whose whole process is measured. */
export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it must print: one that fails fast is no measurement. */
  readonly prints: RegExp;
}

/** What was measured of a contender, in milliseconds and MB. */
export interface Figures {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly peakMegabytes: number;
}

/** How often each peak memory is looked at; it hardly varies. */
const memoryRounds = 5;

/**
 * Measures whole processes, from spawn to exit: every round runs each contender once, in a new order, so that whatever
 * else the machine does meets all of them alike.
 */
export function measure(contenders: readonly Contender[], rounds: number): Map<string, Figures> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (const one of contenders) runOnce(one); // the first read of a file is the disk's
  for (let round = 0; round < rounds; round += 1) {
    for (const one of shuffle(contenders)) times.get(one.name)?.push(runOnce(one));
  }
  return new Map(
    contenders.map((one) => {
      const peaks = Array.from({ length: memoryRounds }, () => peakMegabytesOf(one));
      return [one.name, { ...summarize(times.get(one.name) ?? []), peakMegabytes: quantile(peaks, 0.5) }];
    }),
  );
}

/** Gives median, 10th and 90th percentile. */
export function summarize(times: readonly number[]): Pick<Figures, 'median' | 'p10' | 'p90'> {
  return { median: quantile(times, 0.5), p10: quantile(times, 0.1), p90: quantile(times, 0.9) };
}

function runOnce({ name, command: [program = '', ...words], env, prints }: Contender): number {
  const startedAt = performance.now();
  const { stdout, stderr } = spawnSync(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const took = performance.now() - startedAt;
  if (!prints.test(stdout))
    throw new Error(`${name} did not print what it should:\n${stdout.slice(0, 200)}\n${stderr}`);
  return took;
}

// wait4 tells the peak of one child; Node has no call for it.
const wait4 = `
import os, sys
null = os.open(os.devnull, os.O_RDWR)
actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
print(os.wait4(child, 0)[2].ru_maxrss)`;

function peakMegabytesOf({ command, env }: Contender): number {
  const { stdout } = spawnSync('python3', ['-c', wait4, ...command], { env, encoding: 'utf8' });
  return Number(stdout) / 1024;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
}

function shuffle<T>(values: readonly T[]): T[] {
  const keyed = values.map((value) => ({ value, key: Math.random() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ value }) => value);
}
