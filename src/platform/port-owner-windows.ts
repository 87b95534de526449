import { setTimeout } from 'node:timers/promises';
import type { PortOwner } from '../context.ts';
import { nameProcess, takesLoopback, type RunProgram } from './port-owner-process.ts';

/** PowerShell takes half a second to start, or much longer; what tasklist knows is enough to go on with. */
const patience = 1_000;

/** Finds the owner with netstat, then asks two programs about it: tasklist answers soon, PowerShell knows more. */
export async function findPortOwnerWithNetstat(
  port: number,
  run: RunProgram,
  systemRoot = 'C:\\Windows',
): Promise<PortOwner | undefined> {
  const system = `${systemRoot}\\System32`;
  const processId = parseNetstat(await run(`${system}\\netstat.exe`, ['-ano']), port);
  if (processId === undefined) return undefined;
  const listing = run(`${system}\\tasklist.exe`, ['/FI', `PID eq ${processId}`, '/FO', 'CSV', '/NH']);
  const powerShell = `${system}\\WindowsPowerShell\\v1.0\\powershell.exe`;
  const description = run(powerShell, ['-NoProfile', '-NonInteractive', '-Command', describeProcess(processId)]);
  const [listed, described] = await Promise.all([
    listing.catch(() => ''),
    Promise.race([description.catch(() => ''), setTimeout(patience, '', { ref: false })]),
  ]);
  const image = /^"([^"]+)"/m.exec(listed)?.[1];
  const [startedAt, commandLine] = parseDescription(described);
  const name = image?.replace(/\.exe$/i, '') ?? 'another program';
  return { processId, name: nameProcess(commandLine, '') === 'entra-login' ? 'entra-login' : name, startedAt };
}

/**
 * Reads `netstat -ano`. The word for LISTENING is translated on a Windows of another language,
 * so a listener is known by the port 0 of its far end.
 */
export function parseNetstat(output: string, port: number): number | undefined {
  for (const line of output.split(/\r?\n/)) {
    const [protocol, local, remote, , processId] = line.trim().split(/\s+/);
    const colon = local?.lastIndexOf(':') ?? -1;
    if (protocol !== 'TCP' || !local || !remote?.endsWith(':0') || local.slice(colon + 1) !== String(port)) continue;
    if (takesLoopback(local.slice(0, colon)) && /^\d+$/.test(processId ?? '')) return Number(processId);
  }
  return undefined;
}

function describeProcess(processId: number): string {
  return (
    `$p = Get-CimInstance Win32_Process -Filter 'ProcessId=${processId}'; ` +
    `$p.CreationDate.ToUniversalTime().ToString('o'); $p.CommandLine`
  );
}

/** Reads two lines: when it started, and its command line (empty for another user's process). */
export function parseDescription(output: string): [startedAt: Date | undefined, commandLine: string] {
  const [started, commandLine] = output.trim().split(/\r?\n/);
  const startedAt = new Date(started ?? '');
  return [Number.isNaN(startedAt.getTime()) ? undefined : startedAt, commandLine ?? ''];
}
