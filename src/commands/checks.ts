import { startDeadline } from '../auth/deadline.ts';
import type { Deadline } from '../auth/deadline.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { Check, CheckName } from '../render/checks.ts';

/** A check with the error behind it, where one is; the error decides what `setup` does about it. */
export interface CheckOutcome extends Check {
  readonly error?: EntraLoginError | undefined;
}

/** Makes a check that passed; the hint says what is worth knowing all the same. */
export function passed(name: CheckName, detail: string, hint?: string): CheckOutcome {
  return { name, status: 'passed', detail, hint };
}

/** Makes a check that was not made, or to which nobody could give an answer. */
export function skipped(name: CheckName, detail: string, hint?: string): CheckOutcome {
  return { name, status: 'skipped', detail, hint };
}

/** Makes a check that failed. */
export function failed(name: CheckName, detail: string, hint: string): CheckOutcome {
  return { name, status: 'failed', detail, hint };
}

/** Makes a failed check of a foreseen error; any other error is thrown on, Ctrl-C included. */
export function failedBy(name: CheckName, error: unknown, hint?: string): CheckOutcome {
  if (!(error instanceof EntraLoginError) || error.code === 'cancelled') throw error;
  return { name, status: 'failed', detail: describe(error), hint: hint ?? error.hint, error };
}

/** Makes a check that could not be made, and says why. */
export function unknown(name: CheckName, error: EntraLoginError): CheckOutcome {
  return skipped(name, `could not be checked: ${describe(error)}`);
}

/** Answers a check as the contract's JSON has it. */
export function toJson({ name, status, detail, hint }: Check): Check {
  return { name, status, detail, hint };
}

/** Starts the limit of a check, in milliseconds. */
export function startCheckLimit({ signal }: Pick<Context, 'signal'>, limit: number): Deadline {
  const reason = (): EntraLoginError =>
    new EntraLoginError('timeout', `There was no answer within ${(limit / 1000).toFixed(1)} seconds.`, {
      hint: 'Check the network, the proxy and the firewall; or give it longer: --timeout 30s',
    });
  return startDeadline(signal, limit, reason);
}

function describe({ message, aadsts }: EntraLoginError): string {
  return aadsts === undefined ? message : `${message} (${aadsts})`;
}
