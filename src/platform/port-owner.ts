import process from 'node:process';
import type { PortOwner } from '../context.ts';
import { findPortOwnerInProc } from './port-owner-linux.ts';
import { findPortOwnerWithLsof } from './port-owner-macos.ts';
import { programRunner } from './port-owner-process.ts';
import { findPortOwnerWithNetstat } from './port-owner-windows.ts';

/** Somebody waits for the answer, and the port's number alone is already half of it. */
const within = 1_500;

/** Tells who listens on a loopback port, as far as the system says; never fails. */
export async function findPortOwner(
  port: number,
  platform: NodeJS.Platform = process.platform,
): Promise<PortOwner | undefined> {
  const signal = AbortSignal.timeout(within);
  try {
    return await Promise.race([findOn(platform, port, signal), aborted(signal)]);
  } catch {
    return undefined; // whatever it was, the port stays taken
  }
}

async function findOn(platform: NodeJS.Platform, port: number, signal: AbortSignal): Promise<PortOwner | undefined> {
  if (platform === 'linux') return findPortOwnerInProc(port, signal);
  if (platform === 'darwin') return findPortOwnerWithLsof(port, programRunner(signal));
  if (platform === 'win32') return findPortOwnerWithNetstat(port, programRunner(signal), process.env['SystemRoot']);
  return undefined;
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}
