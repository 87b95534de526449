import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import process from 'node:process';
import type { LoopbackConnection } from '../context.ts';

/**
 * Tells whether another user of this machine made a loopback connection to us; `false` where the system does not tell
 * (only Linux does), for root, and where we are root, whose browser is often somebody else's. Never fails.
 */
export async function isFromOtherUser(
  connection: LoopbackConnection,
  own: number | undefined = process.platform === 'linux' ? process.geteuid?.() : undefined,
): Promise<boolean> {
  if (own === undefined || own === 0) return false;
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const users = tables.flatMap((table) => usersOf(table, connection));
  return users.length > 0 && users.every((user) => ![0, own, unknownUser].includes(user));
}

/** What the kernel calls a user that has no number in this container (proc_sys_kernel(5), overflowuid). */
const unknownUser = 65_534;

/** Reads a table of proc_net_tcp(5): the users whose end of the connection stands there. */
export function usersOf(table: string, { remoteAddress, remotePort, localPort }: LoopbackConnection): number[] {
  const end = `${addressOf(remoteAddress)}:${hexPort(remotePort)}`;
  return table.split('\n').flatMap((line) => {
    const [, local = '', remote = '', , , , , user] = line.trim().split(/\s+/);
    return local.endsWith(end) && remote.endsWith(`:${hexPort(localPort)}`) ? [Number(user)] : [];
  });
}

// Bytes of each word backwards, as little-endian machines have them; on others nobody is found, and nobody refused.
function addressOf(address: string): string {
  if (!isIPv4(address)) return '00000000000000000000000001000000'; // ::1
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase());
  return bytes.toReversed().join('');
}

function hexPort(port: number): string {
  return port.toString(16).padStart(4, '0').toUpperCase();
}
