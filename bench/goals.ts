import type { Journeys } from './journeys.ts';
import type { Figures } from './measure.ts';
import type { Row } from './report.ts';

/** Compares whole processes with the goals; a goal whose program was not there is left out. */
export function judgeProcesses(figures: ReadonlyMap<string, Figures>): Row[] {
  const median = (name: string): number | undefined => figures.get(name)?.median;
  const ratio = (name: string, to: string, most: number): Row[] => {
    const [of, base] = [median(name), median(to)];
    return of === undefined || base === undefined ? [] : [judge(`${name} / ${to}`, most, of / base, 2)];
  };
  const memory = figures.get('token, keychain')?.peakMegabytes ?? Number.NaN;
  const least = figures.get('node -e 0')?.peakMegabytes ?? Number.NaN;
  return [
    ...ratio('token, keychain', 'node -e 0', 1.45),
    ...ratio('token, file', 'node -e 0', 1.2),
    ...ratio('token, keychain, standalone binary', 'node -e 0', 0.85),
    ...ratio('token, keychain, standalone binary', 'secret-tool lookup', 1.6),
    ...ratio('whoami', 'node -e 0', 1.8),
    ...ratio('--help', 'node -e 0', 1.8),
    ...ratio('--version', 'node -e 0', 1.25),
    judge('peak memory of token over node -e 0, MB', 8, memory - least, 1),
    ...ratio('token, 32 kept resources', 'token, keychain', 1.15),
    ...ratio('token, 100 profiles', 'token, keychain', 1.05),
  ];
}

/** Compares the sign-in with its goals. */
export function judgeJourneys(journeys: Journeys): Row[] {
  const launched = journeys.browserLaunched - journeys.discoveryAlone;
  const withDiscovery = (journeys.browserLaunched - journeys.nodeAlone).toFixed(0);
  const goal = `start to browser launched over a Node that makes the discovery alone (over node -e 0: ${withDiscovery}), ms`;
  return [
    judge(goal, 120, launched, 0),
    judge('redirect to exit, server time excluded, ms', 150, journeys.redirectToExit, 0),
  ];
}

/** Compares a hundred processes at once, and a renewal, with their goals. */
export function judgeHundred(journeys: Journeys): Row[] {
  const { hundredExpired, hundredValid, renewal, requestsOfHundred, requestsOfRenewal } = journeys;
  return [
    judge('100 processes, expired token, ms', 1.3 * hundredValid + renewal, hundredExpired, 0),
    judge('requests of these 100', 1, requestsOfHundred, 0),
    judge('requests of a renewal', 1, requestsOfRenewal, 0),
  ];
}

/** One goal and what was measured, with so many digits. */
export function judge(goal: string, most: number, measured: number, digits: number): Row {
  return [goal, most.toFixed(digits), measured.toFixed(digits), measured <= most ? 'met' : 'not met'];
}
