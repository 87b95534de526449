import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import type { SecretStore } from '../../src/context.ts';

/** How many writers a test kills; `ENTRA_LOGIN_TEST_KILLS=1000` for the long run. */
export const killCount = Number(process.env['ENTRA_LOGIN_TEST_KILLS'] ?? '40');

/** Makes the value that a writer writes: large and small ones take turns, so that layouts do too. */
export function generationValue(generation: number): string {
  return JSON.stringify({ generation, filler: 'x'.repeat([6_000, 100, 12_000, 3_000][generation % 4] ?? 0) });
}

/** What is wrong after a writer was killed; empty when all is well. */
interface KillReport {
  readonly kills: number;
  /** How often the value was the one being written, not the one before: shows that kills hit writes. */
  readonly newer: number;
  readonly faults: readonly string[];
}

/**
 * Kills writers (SIGKILL) at random moments; after each, the store must answer the last value whose write ended or the
 * one after it, and the next write must work and leave nothing of the killed one.
 */
export async function killWriters(options: {
  /** A program that prints the number of each generation after having written it, without end. */
  readonly program: string;
  readonly argument: string;
  readonly env: Readonly<Record<string, string>>;
  readonly store: SecretStore;
  /** Lists all that the store keeps for itself, parts and temporary files included. */
  readonly listEverything: () => Promise<string[]>;
}): Promise<KillReport> {
  const { store } = options;
  const faults: string[] = [];
  let newer = 0;
  const onlyItem = await nothingElse(options);

  for (let round = 0; round < killCount; round += 1) {
    const before = await store.read('work');
    const last = await killOneWriter(options);
    const value = await store.read('work').catch((error: unknown) => String(error));
    const possible = [last < 0 ? before : generationValue(last), generationValue(last + 1)];
    if (!possible.includes(value))
      faults.push(`round ${round}: after generation ${last} there is ${value?.slice(0, 80)}`);
    if (value === possible[1]) newer += 1;

    const next = round % 2 === 0 ? '{}' : generationValue(round);
    await store.write('work', next);
    if ((await store.read('work')) !== next) faults.push(`round ${round}: the next write is not what is read`);
    const kept = await options.listEverything();
    if (next === '{}' && kept.join() !== onlyItem.join()) faults.push(`round ${round}: left over ${kept.join()}`);
  }
  return { kills: killCount, newer, faults };
}

async function nothingElse(options: {
  store: SecretStore;
  listEverything: () => Promise<string[]>;
}): Promise<string[]> {
  await options.store.write('work', '{}');
  return options.listEverything();
}

/** Answers the last generation that the writer said it had written; -1 if none. */
async function killOneWriter(options: {
  program: string;
  argument: string;
  env: Readonly<Record<string, string>>;
}): Promise<number> {
  const child = spawn(process.execPath, [options.program, options.argument], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const linesToSee = Math.floor(Math.random() * 6);
  let lines = 0;
  let last = -1;
  const seen = new Promise<void>((resolve) => {
    if (linesToSee === 0) resolve();
    createInterface(child.stdout).on('line', (line) => {
      // A writer that met a failure prints what it was; the store is judged by what was written before.
      if (!/^\d+$/.test(line)) return;
      last = Number(line);
      lines += 1;
      if (lines === linesToSee) resolve();
    });
    void ended.then(() => resolve());
  });
  await seen;
  // Not to wait for anything: the moment of the kill is to be a random one. A start takes about 60 ms, a write 10.
  await delay(Math.random() * (linesToSee === 0 ? 100 : 20));
  child.kill('SIGKILL');
  await ended;
  return last;
}
