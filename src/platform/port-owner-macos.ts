import type { PortOwner } from '../context.ts';
import { nameProcess, takesLoopback, type RunProgram } from './port-owner-process.ts';

/** Finds the owner with lsof, which tells of the user's own processes; AirPlay Receiver is one of them. */
export async function findPortOwnerWithLsof(port: number, run: RunProgram): Promise<PortOwner | undefined> {
  const words = ['-nP', '+c', '0', `-iTCP:${port}`, '-sTCP:LISTEN', '-F', 'pcn'];
  const listener = parseLsof(await run('/usr/sbin/lsof', words));
  if (!listener) return undefined;
  const query = ['-o', 'lstart=,command=', '-p', String(listener.processId)];
  const details = await run('/bin/ps', query).catch(() => '');
  const { startedAt, commandLine } = parsePs(details);
  return { processId: listener.processId, name: nameProcess(ours(commandLine), listener.command), startedAt };
}

/** Reads `lsof -F pcn`: a line a field, `p` and `c` of a process before the `n` of each of its sockets. */
export function parseLsof(output: string): { readonly processId: number; readonly command: string } | undefined {
  let processId = 0;
  let command = '';
  for (const line of output.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) processId = Number(value);
    if (line.startsWith('c')) command = value.replaceAll('\\x20', ' ');
    if (line.startsWith('n') && takesLoopback(value.slice(0, value.lastIndexOf(':')))) return { processId, command };
  }
  return undefined;
}

/** Reads `ps -o lstart=,command=`: `Mon Nov 23 21:07:00 2026     node server.js`, in local time. */
export function parsePs(output: string): { readonly startedAt: Date | undefined; readonly commandLine: string } {
  const match = /^\s*(\w{3}\s+\w{3}\s+\d+\s+[\d:]{8}\s+\d{4})\s+(.*)/.exec(output);
  const startedAt = new Date(match?.[1] ?? '');
  return { startedAt: Number.isNaN(startedAt.getTime()) ? undefined : startedAt, commandLine: match?.[2] ?? '' };
}

/** lsof's name is the better one (`ps` gives a path in which blanks cannot be told from the arguments'), but for us. */
function ours(commandLine: string): string {
  return nameProcess(commandLine, '') === 'entra-login' ? commandLine : '';
}
