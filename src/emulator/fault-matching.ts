import type { EndpointName } from './exchange.ts';
import type { AnswerFault, Fault, IdTokenDefect } from './faults.ts';
import type { EmulatorState } from './state.ts';

/** A fault that was injected, with how many requests it still meets. */
export interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

/** Finds the first answer fault that meets this request and counts it. */
export function takeAnswerFault(
  faults: Set<ActiveFault>,
  endpoint: EndpointName,
  grantType: string | undefined,
): AnswerFault | undefined {
  for (const active of faults) {
    const { fault } = active;
    if (fault.kind === 'id_token') continue;
    if (fault.endpoint !== 'any' && fault.endpoint !== endpoint) continue;
    if (fault.grantType !== undefined && fault.grantType !== grantType) continue;
    count(faults, active);
    return fault;
  }
  return undefined;
}

/** Finds the first ID token fault that meets a grant and counts it. */
export function takeIdTokenDefect(state: Pick<EmulatorState, 'faults'>, grantType: string): IdTokenDefect | undefined {
  for (const active of state.faults) {
    const { fault } = active;
    if (fault.kind !== 'id_token') continue;
    if (fault.grantType !== undefined && fault.grantType !== grantType) continue;
    count(state.faults, active);
    return fault.defect;
  }
  return undefined;
}

function count(faults: Set<ActiveFault>, active: ActiveFault): void {
  active.left -= 1;
  if (active.left <= 0) faults.delete(active);
}
