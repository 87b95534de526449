import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { alice, dave } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { SecretStore } from '../../src/context.ts';
import { parseProfile } from '../../src/tokens/kept-profile.ts';
import type { Machine } from './program.ts';
import { authorizeUrl, nodeBinary } from './program.ts';

/** What a killed command was about to do. */
type Action = 'login' | 'renewal' | 'logout';

/** What is killed, how often, and where its tokens are kept. */
export interface CrashOptions {
  readonly machine: Machine;
  /** The built program. */
  readonly program: string;
  /** The same store, read by the test itself. */
  readonly store: SecretStore;
  /** How many kills; commands that end before theirs do not count. */
  readonly rounds: number;
  readonly seed: number;
  /** Runs when the store fails; answers what it mended (a keyring that crashed itself), or `undefined`. */
  readonly mend?: () => Promise<string | undefined>;
}

/** What came of the kills. */
export interface CrashReport {
  readonly kills: Readonly<Record<Action, number>>;
  /** Kills after which the new token set was kept (or none, after a logout): they came late, but before the end. */
  readonly afterTheChange: number;
  /** Commands that ended before their kill. */
  readonly ended: number;
  /** How often something beside us crashed and was started again. */
  readonly mended: number;
  /** The next commands, in milliseconds: half of them took no longer, none took longer; and which that was. */
  readonly next: { readonly median: number; readonly longest: number; readonly what: string };
  /** What went wrong; empty when all is well. */
  readonly faults: readonly string[];
}

/**
 * Kills (SIGKILL) `login`, `token --refresh` and `logout` at random moments of their run. After each kill the profile
 * must be readable and hold the token set from before or the one just issued, whole; and the next command must work.
 */
export async function crashRounds(options: CrashOptions): Promise<CrashReport> {
  const { machine, store, rounds } = options;
  const random = seededRandom(options.seed);
  const durations = await measureDurations(options);
  const kills = { login: 0, renewal: 0, logout: 0 };
  const faults: string[] = [];
  const times: { readonly milliseconds: number; readonly what: string }[] = [];
  let [afterTheChange, ended, mended] = [0, 0, 0];
  const mend = async (): Promise<boolean> => {
    if ((await options.mend?.()) === undefined) return false;
    mended += 1;
    return true;
  };
  const read = async (): Promise<string | undefined> => {
    try {
      return await store.read('default');
    } catch (error) {
      return (await mend()) ? await store.read('default') : `unreadable: ${String(error)}`;
    }
  };
  const signedIn = await read();
  for (let round = 0; round - ended < rounds; round += 1) {
    let before = await read();
    // Most sign-ins are killed before they end: else there would be nobody to renew for.
    if (before === undefined && signedIn !== undefined && random() < 0.7) {
      await store.write('default', signedIn);
      before = signedIn;
    }
    const action = chooseAction(before !== undefined, random());
    const issuedBefore = machine.emulator.issued.length;
    const within = durations[action];
    // Half of the kills anywhere, half where what is kept changes: the end.
    const moment = within * (round % 2 === 0 ? random() * 1.05 : 0.6 + random() * 0.45);
    const startedAt = performance.now();
    const running = start(options, action, random() < 0.5 ? alice.username : dave.username);
    const timer = setTimeout(() => running.child.kill('SIGKILL'), moment);
    const signal = await running.ended;
    clearTimeout(timer);
    const where = `round ${round}: ${action} killed after ${Math.round(moment)} of ${Math.round(within)} ms`;
    if (signal === 'SIGKILL') kills[action] += 1;
    else {
      ended += 1;
      // The machine has become quicker: kills are to hit.
      durations[action] = (within + performance.now() - startedAt) / 2;
    }

    const after = await read();
    const issued = new Set(machine.emulator.issued.slice(issuedBefore).map(({ value }) => value));
    const isNew = action === 'logout' ? after === undefined : after !== undefined && isOf(after, issued);
    if (after !== before && !isNew) faults.push(`${where}: what is kept is neither old nor new`);
    if (after !== before && signal === 'SIGKILL') afterTheChange += 1;

    let next = await runNext(options, random());
    if (next.exitCode === 6 && (await mend())) next = await runNext(options, random());
    times.push({ milliseconds: next.milliseconds, what: `${next.argv.join(' ')} after ${where}` });
    const expected = after === undefined ? 3 : 0;
    if (next.exitCode !== expected) faults.push(`${where}: then exit ${next.exitCode}: ${next.stderr}`);
  }
  times.sort((a, b) => a.milliseconds - b.milliseconds);
  const last = times.at(-1);
  const median = times[Math.floor(times.length / 2)]?.milliseconds ?? 0;
  const next = { median, longest: last?.milliseconds ?? 0, what: last?.what ?? '' };
  return { kills, afterTheChange, ended, mended, next, faults };
}

/** Tells whether every token that is kept is of these: no old one beside a new one. */
function isOf(text: string, issued: ReadonlySet<string>): boolean {
  const kept = parseProfile(text);
  if (kept?.signIn === undefined) return false;
  const { idToken, refreshToken } = kept.signIn;
  const tokens = [idToken, refreshToken, ...kept.accessTokens.map(({ accessToken }) => accessToken)];
  return tokens.length > 2 && tokens.every((token) => token !== undefined && issued.has(token));
}

// A sign-in takes the longest and writes most; a sign-out leaves nobody to renew for.
function chooseAction(isSignedIn: boolean, random: number): Action {
  if (!isSignedIn) return 'login';
  return random < 0.4 ? 'renewal' : random < 0.8 ? 'login' : 'logout';
}

const words: Readonly<Record<Action, readonly string[]>> = {
  login: ['login', '--no-browser', '--force', '--quiet'],
  renewal: ['token', '--refresh'],
  logout: ['logout', '--quiet'],
};

interface Running {
  readonly child: ChildProcess;
  readonly said: { stderr: string };
  /** The signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

function start({ machine, program }: CrashOptions, action: Action, username: string): Running {
  const running = startProgram(machine, program, words[action]);
  let isAsked = action !== 'login';
  running.child.stderr?.on('data', () => {
    const url = authorizeUrl.exec(running.said.stderr)?.[0];
    if (isAsked || url === undefined) return;
    isAsked = true;
    // The listener may be gone with its process.
    signInAsScriptedPerson(url, { username }).catch(() => {});
  });
  return running;
}

function startProgram(machine: Machine, program: string, argv: readonly string[]): Running {
  const child = spawn(nodeBinary, [program, ...argv], {
    cwd: machine.home,
    env: machine.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = { stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return { child, said, ended: once(child, 'close').then(() => child.signalCode) };
}

const nextCommands = [['whoami'], ['token'], ['token', '--refresh']];

interface NextEnd {
  readonly argv: readonly string[];
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly milliseconds: number;
}

async function runNext({ machine, program }: CrashOptions, random: number): Promise<NextEnd> {
  const startedAt = performance.now();
  const argv = nextCommands[Math.floor(random * nextCommands.length)] ?? [];
  const { child, said, ended } = startProgram(machine, program, argv);
  await ended;
  return { argv, exitCode: child.exitCode, stderr: said.stderr, milliseconds: performance.now() - startedAt };
}

/** How long each command takes when nobody kills it: the longest of three. */
async function measureDurations(options: CrashOptions): Promise<Record<Action, number>> {
  const durations = { login: 0, renewal: 0, logout: 0 };
  for (let run = 0; run < 3; run += 1) {
    for (const action of ['logout', 'login', 'renewal'] as const) {
      const startedAt = performance.now();
      const { child, said, ended } = start(options, action, alice.username);
      await ended;
      if (child.exitCode !== 0) throw new Error(`${action} fails without a kill: ${said.stderr}`);
      durations[action] = Math.max(durations[action], performance.now() - startedAt);
    }
  }
  return durations;
}

/** Makes a generator of numbers from 0 to 1 (mulberry32), so that a seed gives the same run again. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
