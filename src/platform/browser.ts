import { spawn, type ChildProcess } from 'node:child_process';
import { release } from 'node:os';
import { basename } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import type { BrowserLaunch, BrowserSearch } from '../context.ts';
import { splitCommandWords } from './command-words.ts';
import { findProgram } from './find-program.ts';
import { secretVariables, withoutSecretVariables } from './secret-variables.ts';

/** What deciding on a launcher depends on. */
export interface BrowserSystem {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The kernel's release, which tells WSL from Linux. */
  readonly release: string;
  /** A launcher that fails within this many milliseconds has opened nothing. */
  readonly failsWithin: number;
}

/** xdg-open that finds no browser takes 30 ms; a shell wrapper around a crashing one some hundred. */
const failsWithin = 1_000;

/** `open` waits for PowerShell to end, which takes half a second, but has no limit of its own. */
const packagePatience = 10_000;

/**
 * Opens an http or https URL with the user's own command, or with the system's browser.
 * Never waits for the browser, never fails: what went wrong is the `reason`.
 */
export async function openBrowser(
  url: string,
  command: string | undefined,
  system: Partial<BrowserSystem> = {},
): Promise<BrowserLaunch> {
  const here = { env: process.env, platform: process.platform, release: release(), failsWithin, ...system };
  const href = URL.canParse(url) ? new URL(url).href : '';
  if (!/^https?:/.test(href)) return { outcome: 'failed', reason: 'only http and https addresses are opened' };
  if (command !== undefined) return openWithCommand(href, command, here);

  const launchers = systemLaunchers(here);
  if (launchers === 'open') return openWithPackage(href, here);
  const failures: string[] = [];
  for (const [program, ...words] of launchers) {
    const file = await findProgram(program, here);
    if (file === undefined) continue;
    const launch = await start(file, [...words, href], here);
    if (launch.outcome === 'opened') return launch;
    failures.push(launch.reason);
  }
  return { outcome: 'failed', reason: failures.join(', ') || noneInstalled(launchers) };
}

/** Finds the program that `openBrowser` would start; whether it then finds a browser only starting it shows. */
export async function findBrowser(
  command: string | undefined,
  system: Partial<BrowserSystem> = {},
): Promise<BrowserSearch> {
  const here = { env: process.env, platform: process.platform, release: release(), failsWithin, ...system };
  if (command !== undefined) {
    const found = await readCommand(command, here);
    return typeof found === 'string'
      ? { outcome: 'missing', reason: found }
      : { outcome: 'found', program: found.file };
  }
  const launchers = systemLaunchers(here);
  if (launchers === 'open') return { outcome: 'found', program: 'the default browser of Windows' };
  for (const [program] of launchers) {
    const file = await findProgram(program, here);
    if (file !== undefined) return { outcome: 'found', program: file };
  }
  return { outcome: 'missing', reason: noneInstalled(launchers) };
}

function noneInstalled(launchers: readonly (readonly [string, ...string[]])[]): string {
  return `none of ${launchers.map(([program]) => program).join(', ')} is installed`;
}

/**
 * Says which programs may open the system's browser, the preferred first.
 * `open` is the package: it knows how PowerShell gets a URL through unharmed, from Windows and from WSL (where
 * `cmd /c start` cuts it at the first `&`). Elsewhere it would hide the exit code of a launcher that finds no browser.
 */
export function systemLaunchers(
  system: Pick<BrowserSystem, 'platform' | 'release'>,
): 'open' | readonly (readonly [string, ...string[]])[] {
  if (system.platform === 'win32') return 'open';
  if (system.platform === 'linux' && /microsoft/i.test(system.release)) return 'open';
  if (system.platform === 'darwin') return [['/usr/bin/open']];
  return [['xdg-open'], ['gio', 'open'], ['x-www-browser']];
}

async function openWithCommand(url: string, command: string, system: BrowserSystem): Promise<BrowserLaunch> {
  const found = await readCommand(command, system);
  if (typeof found === 'string') return { outcome: 'failed', reason: found };
  const { file, rest } = found;
  const hasPlace = rest.some((word) => word.includes('%s'));
  return start(file, hasPlace ? rest.map((word) => word.replaceAll('%s', () => url)) : [...rest, url], system);
}

/** Answers the command's program and its other words, or why it cannot be started. */
async function readCommand(
  command: string,
  system: BrowserSystem,
): Promise<string | { readonly file: string; readonly rest: readonly string[] }> {
  const words = splitCommandWords(command, system.platform);
  if (!words) return 'the browser command has an open quote';
  const [program, ...rest] = words;
  if (program === undefined) return 'the browser command is empty';
  const file = await findProgram(program, system);
  return file === undefined ? `${program} was not found` : { file, rest };
}

/** Starts a program on its own: a browser must not write on our output, end with us, or know our secrets. */
async function start(file: string, words: readonly string[], system: BrowserSystem): Promise<BrowserLaunch> {
  let child: ChildProcess;
  try {
    child = spawn(file, words, { detached: true, stdio: 'ignore', env: withoutSecretVariables(system.env) });
  } catch (error) {
    return { outcome: 'failed', reason: describeFailure(file, error) };
  }
  return judgeLaunch(child, file, system.failsWithin);
}

async function openWithPackage(url: string, system: BrowserSystem): Promise<BrowserLaunch> {
  // `open` hands its child the environment of this process, and has no option for another.
  const hidden = secretVariables.map((name) => [name, process.env[name]] as const);
  try {
    for (const name of secretVariables) delete process.env[name];
    const { default: open } = await import('open');
    const child = await Promise.race([open(url), setTimeout(packagePatience, undefined, { ref: false })]);
    return child
      ? await judgeLaunch(child, child.spawnfile, system.failsWithin)
      : { outcome: 'opened', command: 'open' };
  } catch (error) {
    return { outcome: 'failed', reason: describeFailure('the browser', error) };
  } finally {
    for (const [name, value] of hidden) if (value !== undefined) process.env[name] = value;
  }
}

/** A launcher ends with 0 or stays with its browser; one that fails does so at once. */
async function judgeLaunch(child: ChildProcess, file: string, within: number): Promise<BrowserLaunch> {
  child.unref();
  const command = basename(file);
  return new Promise<BrowserLaunch>((resolve) => {
    const timer = globalThis.setTimeout(() => resolve({ outcome: 'opened', command }), within);
    const settle = (launch: BrowserLaunch): void => {
      clearTimeout(timer);
      resolve(launch);
    };
    const judgeExit = (code: number | null, signal: string | null): void =>
      settle(
        code === 0
          ? { outcome: 'opened', command }
          : { outcome: 'failed', reason: `${command} ended with ${signal ?? `exit code ${code}`}` },
      );
    if (child.exitCode !== null) judgeExit(child.exitCode, child.signalCode);
    child.on('exit', judgeExit);
    child.on('error', (error) => settle({ outcome: 'failed', reason: describeFailure(file, error) }));
  });
}

function describeFailure(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  return `${basename(file)} could not be started (${code})`;
}
