import { readdir, readFile, readlink } from 'node:fs/promises';
import type { PortOwner } from '../context.ts';
import { nameProcess } from './port-owner-process.ts';

/** The kernel tells times in these whatever its own tick is (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

/** Finds the owner in /proc; of another user's process only the user is known. */
export async function findPortOwnerInProc(port: number, signal: AbortSignal): Promise<PortOwner | undefined> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readText(`/proc/net/${name}`)));
  const [socket] = tables.flatMap((table) => listeningSockets(table, port));
  if (!socket) return undefined;
  const processId = await findProcess(`socket:[${socket.inode}]`, signal);
  if (processId === undefined) {
    return { processId: undefined, name: `a program of user ID ${socket.userId}`, startedAt: undefined };
  }
  const [commandLine, command, startedAt] = await Promise.all([
    readText(`/proc/${processId}/cmdline`),
    readText(`/proc/${processId}/comm`),
    readStart(processId),
  ]);
  return { processId, name: nameProcess(commandLine, command.trim()), startedAt };
}

/** Reads a table of proc_net_tcp(5): addresses in hexadecimal, state 0A is LISTEN. */
export function listeningSockets(table: string, port: number): { readonly inode: string; readonly userId: string }[] {
  return table.split('\n').flatMap((line) => {
    const [, local, , state, , , , userId, , inode] = line.trim().split(/\s+/);
    const [address, hexPort] = (local ?? '').split(':');
    const isOurs = state === '0A' && parseInt(hexPort ?? '', 16) === port && isLoopbackOrAny(address ?? '');
    return isOurs && inode !== undefined && userId !== undefined ? [{ inode, userId }] : [];
  });
}

/** 0.0.0.0 and ::, 127.x.x.x (plain or mapped), ::1; words stand in the machine's byte order, mostly little-endian. */
function isLoopbackOrAny(address: string): boolean {
  return /^0+$|7F$|^7F|^0{24}(01000000|00000001)$/.test(address);
}

async function findProcess(socket: string, signal: AbortSignal): Promise<number | undefined> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const id of processes) {
    signal.throwIfAborted();
    const files = await readdir(`/proc/${id}/fd`).catch(() => []); // not ours to look into, or gone
    const links = await Promise.all(files.map((file) => readlink(`/proc/${id}/fd/${file}`).catch(() => '')));
    if (links.includes(socket)) return Number(id);
  }
  return undefined;
}

/** Field 22 of proc_pid_stat(5), counted after the name, which may hold blanks and parentheses. */
async function readStart(processId: number): Promise<Date | undefined> {
  const [stat, system] = await Promise.all([readText(`/proc/${processId}/stat`), readText('/proc/stat')]);
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const bootedAt = Number(/^btime (\d+)$/m.exec(system)?.[1]);
  const seconds = bootedAt + ticks / ticksPerSecond;
  return Number.isFinite(seconds) ? new Date(seconds * 1_000) : undefined;
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
