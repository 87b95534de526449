import { vi } from 'vitest';
import { createFetch } from '../../src/platform/http.ts';
import { startEmulatedTime } from './emulated-time.ts';
import type { MatrixFault } from './fault-kinds.ts';
import type { RequestUnderTest } from './fault-requests.ts';
import type { World } from './world.ts';

/** What the fault came to. */
export interface FaultOutcome {
  /** How often the request was sent. */
  readonly sent: number;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From the first time it was sent to the end of the command, by the emulated clock. */
  readonly seconds: number;
  /** Where it was sent to. */
  readonly host: string;
}

/** The clock of the tests when a command starts. */
export const startOfCommands = new Date('2026-11-23T12:10:00Z');

/** Runs the command of a request while every request of its kind meets the fault; without one nothing fails. */
export async function meetFault(
  world: World,
  request: RequestUnderTest,
  fault: MatrixFault | undefined,
  startsAt = startOfCommands,
): Promise<FaultOutcome> {
  const usual = createFetch({});
  const met = { sent: 0, host: '', startedAt: 0 };
  const send: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const body = typeof init?.body === 'string' ? init.body : '';
    if (!request.matches({ url, headers: new Headers(init?.headers), body })) return await usual(input, init);
    if (met.sent === 0) met.startedAt = performance.now();
    met.sent += 1;
    const at = fault?.kind === 'place' ? fault.origin : url.origin;
    met.host = new URL(at).host;
    if (fault?.kind === 'place') return await fault.send(`${at}${url.pathname}${url.search}`, init);
    if (fault !== undefined) world.emulator.injectFault({ endpoint: request.endpoint, times: 1, ...fault.fault });
    return await usual(input, init);
  };
  // A silent server is not waited for in real time, and a busy machine is not taken for one.
  const isSilent = fault?.kind === 'answer' && (fault.fault.kind === 'never_answers' || isLate(fault.fault));
  const time = startEmulatedTime({ send, longRequest: isSilent ? 30 : 5_000, pace: 1 });
  vi.setSystemTime(startsAt);
  try {
    const result = await time.passUntil(request.run(world, { fetch: time.fetch }));
    const seconds = (performance.now() - met.startedAt) / 1_000;
    return { ...result, seconds, sent: met.sent, host: met.host };
  } finally {
    time.end();
  }
}

function isLate(fault: { readonly kind: string; readonly milliseconds?: number }): boolean {
  return fault.kind === 'latency';
}
