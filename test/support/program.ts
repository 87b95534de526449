import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { contoso, desktopApplication, alice } from '../../src/emulator/default-directory.ts';
import type { Emulator, EmulatorOptions } from '../../src/emulator/emulator.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { ScriptedPersonOptions, ScriptedSignIn } from '../../src/emulator/scripted-person.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { listDescendants, readCommandLine, readPeakMegabytes } from './program-process.ts';

/** How a program ended. */
export interface ProgramEnd {
  /** `null` where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** When it was gone, by `performance.now()`. */
  readonly at: number;
  readonly milliseconds: number;
  /** The most memory it ever had (VmHWM), looked at every few milliseconds; 0 where there is no /proc. */
  readonly peakMegabytes: number;
}

/** The built program, running. */
export interface Program {
  readonly processId: number;
  /** Waits until the stream says so; fails, with both streams, if the program ends or is silent too long. */
  hear(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<RegExpExecArray>;
  write(text: string): void;
  endInput(): void;
  /** Sends a signal to this process, by its id. */
  kill(signal: NodeJS.Signals): void;
  /** Closes our end of an output, as `head -1` does. */
  close(stream: 'stdout' | 'stderr'): void;
  readonly ended: Promise<ProgramEnd>;
}

/** What a test changes for one program. */
export interface ProgramOptions {
  /** `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A command that runs the program: `python3 -c …` for one on a terminal. */
  readonly through?: readonly string[];
  /** What starts the program in place of the build itself, as a copy of it. */
  readonly command?: readonly string[];
  readonly workingDirectory?: string;
  /** A program that has not ended after this many milliseconds hangs, and is ended. */
  readonly patience?: number;
}

/** A machine of its own: a home directory, an environment without the surroundings', an Entra ID. */
export interface Machine {
  readonly home: string;
  readonly emulator: Emulator;
  /** The environment of every program here: the emulator's desktop application, on any free port, kept in a file. */
  readonly env: Readonly<Record<string, string>>;
  start(argv: readonly string[], options?: ProgramOptions): Program;
  /** Starts it and waits until it ends. */
  run(argv: readonly string[], options?: ProgramOptions): Promise<ProgramEnd>;
  /** Runs `login --no-browser` with more words, while the scripted person goes to the URL that stderr prints. */
  signIn(
    words?: readonly string[],
    options?: ProgramOptions & { person?: Partial<ScriptedPersonOptions> },
  ): Promise<ProgramEnd & { readonly page: ScriptedSignIn }>;
  /** Lists every file below HOME, with its path from there. */
  files(): string[];
  /** Adds what must not turn up anywhere, beside all that the emulator issues and `token` prints. */
  addSecret(kind: string, value: string): void;
  /**
   * Ends whatever still runs and fails if a secret stands in any output (that of `token` excepted), in any process's
   * arguments, or in a file below HOME (profiles of the file store excepted, where it was chosen).
   */
  close(): Promise<void>;
}

/** Whether the real parts were asked for: then nothing may be skipped. */
export const realPartsWanted = process.env['ENTRA_LOGIN_TEST_REAL_PARTS'] === '1';

/** The Node that runs the program; CI runs the suite again with another. */
export const nodeBinary = process.env['ENTRA_LOGIN_TEST_NODE'] ?? process.execPath;

/** A standalone binary to test in place of the bundle; CI runs the suite again with it. */
export const standaloneBinary = process.env['ENTRA_LOGIN_TEST_PROGRAM'];

/** The authorize URL in what stderr says. */
export const authorizeUrl = /https?:\/\/\S+\/auth(?:orize)?\?[^\s"\u001b]+/;

/** Far more than a program of these tests needs, and less than vitest's own limit, which tells nothing. */
const usualPatience = 25_000;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What starts the program. */
export const programCommand: readonly string[] =
  standaloneBinary === undefined ? [nodeBinary, join(root, 'bin/entra-login.cjs')] : [standaloneBinary];

interface Secret {
  readonly kind: string;
  readonly value: string;
}

interface Watched {
  readonly argv: readonly string[];
  readonly program: Program;
  readonly commandLines: ReadonlySet<string>;
  readonly said: () => { readonly stdout: string; readonly stderr: string };
}

/** Starts a machine; the emulator's options are those of `startEmulator`. */
export async function startMachine(
  options: { readonly emulator?: EmulatorOptions; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Machine> {
  refuseStaleBuild();
  const emulator = await startEmulator(options.emulator);
  const home = mkdtempSync(join(tmpdir(), 'entra-login-e2e-'));
  const watched: Watched[] = [];
  const added: Secret[] = [];
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LANG: 'C.UTF-8',
    ENTRA_LOGIN_AUTHORITY_HOST: emulator.origin,
    ENTRA_LOGIN_TENANT: contoso.id,
    ENTRA_LOGIN_CLIENT_ID: desktopApplication.clientId,
    ENTRA_LOGIN_REDIRECT_URI: 'http://localhost:0/callback',
    ENTRA_LOGIN_STORE: 'file',
    ...options.env,
  };

  const start: Machine['start'] = (argv, how = {}) => {
    const {
      env: changes = {},
      through = [],
      command = programCommand,
      workingDirectory = home,
      patience = usualPatience,
    } = how;
    const words = [...through, ...command, ...argv];
    const child = spawn(words[0] ?? '', words.slice(1), {
      cwd: workingDirectory,
      env: { ...env, ...changes },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const one = watch(child, argv, patience);
    watched.push(one);
    return one.program;
  };
  const run: Machine['run'] = (argv, how) => start(argv, how).ended;
  const signIn: Machine['signIn'] = async (words = [], { person, ...how } = {}) => {
    const program = start(['login', '--no-browser', ...words], how);
    const [url] = await program.hear(authorizeUrl);
    const page = await signInAsScriptedPerson(url, { username: alice.username, ...person });
    return { ...(await program.ended), page };
  };
  const files = (): string[] => listFiles(home).map((path) => relative(home, path));

  return {
    ...{ home, emulator, env, start, run, signIn, files },
    addSecret: (kind, value) => void added.push({ kind, value }),
    async close() {
      for (const { program } of watched) program.kill('SIGKILL');
      await Promise.allSettled(watched.map(({ program }) => program.ended));
      await emulator.close();
      try {
        refuseLeaks([...emulator.issued, ...added, ...watched.flatMap(printedTokens)], watched, home);
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    },
  };
}

/** Skipping needs a reason; where the real parts were asked for, a missing one fails the test instead. */
export function whyMissing(programs: readonly string[], install: string): string | undefined {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const missing = programs.filter((name) => !directories.some((directory) => existsSync(join(directory, name))));
  if (missing.length === 0 || realPartsWanted) return undefined;
  const reason = `${missing.join(' and ')} missing: apt-get install ${install}`;
  process.stderr.write(`Tests are skipped; ${reason}\n`);
  return reason;
}

function refuseStaleBuild(): void {
  const built = join(root, 'dist/main.cjs');
  const sources = ['src', 'schema']
    .flatMap((folder) => listFiles(join(root, folder)))
    .map((path) => statSync(path).mtimeMs);
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources)) return;
  throw new Error('dist/ is missing or older than src/: run node scripts/ensure-built.mjs (npm test does).');
}

function watch(child: ChildProcess, argv: readonly string[], patience: number): Watched {
  const startedAt = performance.now();
  const texts = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  const commandLines = new Set<string>();
  const processId = child.pid ?? 0;
  let peakMegabytes = 0;
  let at = 0;

  const look = (): void => {
    peakMegabytes = Math.max(peakMegabytes, readPeakMegabytes(processId));
    for (const id of [processId, ...listDescendants(processId)]) commandLines.add(readCommandLine(id));
  };
  look();
  const looking = setInterval(look, 20);
  const tellListeners = (): void => {
    for (const listener of [...listeners]) listener();
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      tellListeners();
    });
  }
  child.stdin?.on('error', () => {}); // it may end before it has read all

  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    const hung = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`"${argv.join(' ')}" did not end within ${patience} ms; it said:\n${describe(texts)}`));
    }, patience);
    child.once('error', reject);
    child.once('exit', () => {
      at = performance.now();
      clearInterval(looking);
      child.stdin?.destroy();
    });
    child.once('close', (exitCode, signal) => {
      clearTimeout(hung);
      resolve({ exitCode, signal, ...texts, at, milliseconds: at - startedAt, peakMegabytes });
      tellListeners();
    });
  });
  ended.catch(() => {}); // who waits for it hears of it

  const hear: Program['hear'] = (pattern, stream = 'stderr') =>
    new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        listeners.delete(listen);
        end();
      };
      const fail = (why: string): void =>
        settle(() =>
          reject(new Error(`${stream} never said ${String(pattern)}: ${why}; it said:\n${describe(texts)}`)),
        );
      const timer = setTimeout(() => fail('time is up'), usualPatience / 2);
      const listen = (): void => {
        const found = pattern.exec(texts[stream]);
        if (found !== null) settle(() => resolve(found));
        else if (child.stderr?.closed === true && child.stdout?.closed === true) fail('the program ended');
      };
      listeners.add(listen);
      listen();
    });

  const program: Program = {
    processId,
    hear,
    ended,
    write: (text) => void child.stdin?.write(text),
    endInput: () => void child.stdin?.end(),
    kill: (signal) => void child.kill(signal),
    close: (stream) => void child[stream]?.destroy(),
  };
  return { argv, program, commandLines, said: () => ({ ...texts }) };
}

function describe(texts: { readonly stdout: string; readonly stderr: string }): string {
  return `--- stdout\n${texts.stdout}\n--- stderr\n${texts.stderr}`;
}

/** What `token` printed is a secret from then on. */
function printedTokens({ argv, said }: Watched): Secret[] {
  const found = argv[0] === 'token' ? (said().stdout.match(/[\w-]{40,}(\.[\w-]+)*/g) ?? []) : [];
  return found.map((value) => ({ kind: 'token that "token" printed', value }));
}

function refuseLeaks(secrets: readonly Secret[], watched: readonly Watched[], home: string): void {
  const places: (readonly [where: string, text: string])[] = [];
  for (const { argv, commandLines, said } of watched) {
    const { stdout, stderr } = said();
    places.push([`stderr of ${argv.join(' ')}`, stderr]);
    if (argv[0] !== 'token') places.push([`stdout of ${argv.join(' ')}`, stdout]);
    for (const line of commandLines) places.push([`the arguments of a process of ${argv.join(' ')}`, line]);
  }
  for (const path of listFiles(home)) {
    const isProfile = /^\.local\/state\/entra-login\/profiles\/[^/]+\.json$/.test(relative(home, path));
    if (!isProfile) places.push([path, readFileSync(path, 'latin1')]);
  }
  for (const { kind, value } of secrets) {
    // `demo --serve` exists to tell the settings of its own emulator, whose client secret is in the source.
    const mayStandIn = kind === 'client_secret' ? 'stderr of demo --serve' : undefined;
    const leak = places.find(([where, text]) => where !== mayStandIn && text.includes(value));
    if (leak !== undefined) throw new Error(`A secret (${kind}) stands in ${leak[0]}.`);
  }
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}
