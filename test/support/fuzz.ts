import { appendFileSync } from 'node:fs';
import process from 'node:process';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';

/** How `npm run fuzz` and a person who runs a failure again change what the suite does. */
const { ENTRA_LOGIN_FUZZ_SEED, ENTRA_LOGIN_FUZZ_PATH, ENTRA_LOGIN_FUZZ_SECONDS, ENTRA_LOGIN_FUZZ_REPORT } = process.env;

// The suite runs the same cases each time: it must not fail for somebody whose change has nothing to do with it.
const seed = Number(ENTRA_LOGIN_FUZZ_SEED ?? 20_261_125);
const seconds = Number(ENTRA_LOGIN_FUZZ_SECONDS ?? 0);
const mostCases = 10_000_000;
// A property that hangs fails; shrinking a failure may take its time.
const patience = 60_000;

/** One property of a round, as `npm run fuzz` reads it. */
interface Report {
  readonly file: string;
  readonly name: string;
  readonly cases: number;
  /** How to run the failure again; absent where the property held. */
  readonly failure?: { readonly seed: number; readonly path: string };
}

/**
 * Tests a property with as many cases as the suite has time for, or for as long as `npm run fuzz` says. A failure
 * prints the smallest case that was found, its seed and the command that runs it again.
 */
export function itHolds<Values>(
  name: string,
  cases: number,
  property: fc.IAsyncProperty<Values> | fc.IProperty<Values>,
): void {
  const check = async (): Promise<void> => {
    const limit = seconds > 0 ? { numRuns: mostCases, interruptAfterTimeLimit: seconds * 1000 } : { numRuns: cases };
    const again = ENTRA_LOGIN_FUZZ_PATH === undefined ? {} : { path: ENTRA_LOGIN_FUZZ_PATH, endOnFailure: true };
    const details = await fc.check(property, { seed, ...limit, ...again });
    const file = expect.getState().testPath?.replace(`${process.cwd()}/`, '') ?? '';
    const failure = details.failed ? { seed: details.seed, path: details.counterexamplePath ?? '' } : undefined;
    report({ file, name, cases: details.numRuns, ...(failure === undefined ? {} : { failure }) });
    if (failure === undefined) return;
    const command = `ENTRA_LOGIN_FUZZ_SEED=${failure.seed} ENTRA_LOGIN_FUZZ_PATH=${failure.path} npx vitest run ${file} -t "${name}"`;
    throw new Error(`${fc.defaultReportMessage(details) ?? ''}\nRun it again: ${command}`, {
      cause: details.errorInstance,
    });
  };
  it(name, check, seconds * 1000 + patience);
}

function report(line: Report): void {
  if (ENTRA_LOGIN_FUZZ_REPORT !== undefined) appendFileSync(ENTRA_LOGIN_FUZZ_REPORT, `${JSON.stringify(line)}\n`);
}
