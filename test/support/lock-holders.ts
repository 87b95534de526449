import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Machine } from './program.ts';
import type { ManyEnd, OneOfMany } from './many-programs.ts';
import { startOneOfMany } from './many-programs.ts';

/** What happened while the holders of a lock were killed. */
export interface KilledHolders {
  /** Those that were not killed. */
  readonly survivors: readonly ManyEnd[];
  readonly kills: number;
  /** The longest time from the death of a holder until one of those who waited for it held the lock, in milliseconds. */
  readonly longestGap: number;
}

/**
 * Keeps some programs going that all want the lock, and kills (SIGKILL) whichever holds it, each at a random moment
 * within `within` milliseconds of having taken it, until `kills` holders died.
 */
export async function killHolders(
  machine: Machine,
  options: {
    readonly argv: readonly string[];
    readonly kills: number;
    readonly atOnce: number;
    readonly within: number;
    /** Runs after every tenth kill, while the others go on. */
    readonly everyTenth: () => Promise<unknown>;
  },
): Promise<KilledHolders> {
  const alive = new Set<OneOfMany>();
  const survivors: ManyEnd[] = [];
  const collect = async (one: OneOfMany): Promise<void> => {
    const end = await one.ended;
    alive.delete(one);
    if (end.signal !== 'SIGKILL') survivors.push(end);
  };
  const refill = (): void => {
    while (alive.size < options.atOnce) {
      const one = startOneOfMany(machine, options.argv);
      alive.add(one);
      void collect(one);
    }
  };
  let kills = 0;
  let killedAt: number | undefined;
  let longestGap = 0;
  const checks: Promise<unknown>[] = [];
  const spared = new Set<string>();
  while (kills < options.kills) {
    refill();
    const held = findHolder(alive);
    if (held === undefined || spared.has(held.socket)) {
      await delay(2);
      continue;
    }
    if (killedAt !== undefined) longestGap = Math.max(longestGap, performance.now() - killedAt);
    killedAt = undefined;
    spared.add(held.socket);
    await delay(Math.random() * options.within);
    const still = findHolder([held.holder]);
    if (still?.socket !== held.socket) continue; // done before its time
    held.holder.kill('SIGKILL');
    if (still.waiting > 0) killedAt = performance.now();
    if ((await held.holder.ended).signal !== 'SIGKILL') continue;
    kills += 1;
    if (kills % 10 === 0) checks.push(options.everyTenth());
  }
  await Promise.all(checks);
  while (alive.size > 0) await Promise.all([...alive].map(({ ended }) => ended));
  return { survivors, kills, longestGap };
}

interface Held {
  readonly holder: OneOfMany;
  readonly socket: string;
  /** How many processes are connected, waiting for it. */
  readonly waiting: number;
}

/** Finds which of these processes listens on a socket of a lock. */
function findHolder(programs: Iterable<OneOfMany>): Held | undefined {
  // Num RefCount Protocol Flags Type St Inode Path; 00010000 is a listening socket, the others its connections.
  const lines = [...readFileSync('/proc/net/unix', 'utf8').matchAll(socketLine)];
  const listening = new Map(
    lines.flatMap(([, flags, inode, path]) => (flags === '00010000' ? [[`socket:[${inode}]`, path]] : [])),
  );
  if (listening.size === 0) return undefined;
  for (const holder of programs) {
    const socket = openFiles(holder.processId).find((name) => listening.has(name));
    if (socket === undefined) continue;
    const waiting = lines.filter(([, flags, , path]) => flags !== '00010000' && path === listening.get(socket)).length;
    return { holder, socket, waiting };
  }
  return undefined;
}

const socketLine = /: \w+ \w+ (\w+) \w+ \w+ +(\d+) (.*entra-login.*)$/gm;

function openFiles(processId: number): string[] {
  try {
    const directory = `/proc/${processId}/fd`;
    return readdirSync(directory).map((name) => readlinkSync(`${directory}/${name}`));
  } catch {
    return []; // gone, or an entry went while we looked
  }
}
