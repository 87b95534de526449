import type { Surroundings } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { whyNoBrowser } from './browser-choice.ts';

/** What was asked for about the way to sign in. */
export interface WantedFlow {
  readonly deviceCode?: boolean | undefined;
  readonly manual?: boolean | undefined;
  /** `false` is `--no-fallback`. */
  readonly fallback?: boolean | undefined;
  /** `false` is `--no-browser`. */
  readonly browser?: string | false | undefined;
  readonly prompt?: string | undefined;
  readonly domainHint?: string | undefined;
  readonly responseMode?: string | undefined;
}

/** The way to sign in, and why it was chosen, in words. */
export type FlowChoice =
  | { readonly flow: 'manual'; readonly why: string }
  | { readonly flow: 'device_code'; readonly why: string; readonly isFallback: boolean }
  /** The URL is printed and the redirect awaited. */
  | { readonly flow: 'no_browser'; readonly why: string }
  | {
      readonly flow: 'browser';
      readonly why: string;
      /** `undefined` is the system's. */
      readonly command: string | undefined;
      /** Whether a device code takes over when the browser cannot be opened. */
      readonly fallsBack: boolean;
    };

/** Checks that the options do not contradict each other. Errors: `usage`. */
export function checkWantedFlow(wanted: WantedFlow): void {
  const { deviceCode, manual, fallback, browser, prompt, domainHint, responseMode } = wanted;
  const given: readonly (readonly [option: string, isGiven: boolean])[] = [
    ['--browser', typeof browser === 'string'],
    ['--manual', manual === true],
    ['--no-browser', browser === false],
    ['--no-fallback', fallback === false],
    // A device code request has no place for these.
    ['--prompt', prompt !== undefined],
    ['--domain-hint', domainHint !== undefined],
    ['--response-mode', responseMode !== undefined],
  ];
  const [chosen, contradicting] =
    deviceCode === true ? ['--device-code', given] : manual === true ? ['--manual', given.slice(0, 1)] : ['', []];
  const other = contradicting.find(([, isGiven]) => isGiven);
  if (other === undefined) return;
  throw new EntraLoginError('usage', `${chosen} and ${other[0]} cannot be given together.`, {
    hint: `Leave one of them out: ${chosen} opens no browser here.`,
  });
}

/**
 * Chooses the way to sign in (contract, sections 3 and 4): what was asked for, else a browser where one can be had, else
 * a device code. Errors: `usage` for a paste that nobody can make, `sign_in_required` for `--prompt none` without browser.
 */
export function chooseFlow(
  wanted: WantedFlow,
  setting: Settings['browser'],
  surroundings: Surroundings,
  stdinIsTerminal: boolean,
): FlowChoice {
  const { ci } = surroundings;
  if (wanted.deviceCode === true) return { flow: 'device_code', why: '--device-code', isFallback: false };
  if (wanted.manual === true) {
    if (ci !== undefined && stdinIsTerminal) throw nobodyTypes(ci);
    return { flow: 'manual', why: '--manual' };
  }
  // In CI the variable is the image's, not a person's.
  const isUsed = setting !== undefined && !(setting.from === 'environment BROWSER' && ci !== undefined);
  const fallsBack = wanted.fallback !== false && wanted.prompt !== 'none';
  if (isUsed) {
    const why = setting.from === 'option' ? 'as the option says' : `as ${setting.from} says`;
    if (setting.value === 'none') return { flow: 'no_browser', why };
    return { flow: 'browser', command: setting.value, fallsBack, why };
  }
  const reason = whyNoBrowser(surroundings);
  if (reason === undefined) return { flow: 'browser', command: undefined, fallsBack, why: 'a browser can be had here' };
  if (wanted.fallback === false) return { flow: 'no_browser', why: `${reason}, and --no-fallback was given` };
  if (wanted.prompt === 'none') throw nobodyAsked(reason);
  return { flow: 'device_code', why: reason, isFallback: true };
}

/** Says what was seen, for `--verbose`. */
export function describeSurroundings(surroundings: Surroundings): string {
  const { ci, ssh, display, wsl, container, codespaces, cloudShell } = surroundings;
  const seen = [
    ci === undefined ? undefined : `CI (${ci})`,
    codespaces ? 'Codespaces' : undefined,
    cloudShell ? 'Azure Cloud Shell' : undefined,
    ssh ? 'SSH' : undefined,
    wsl ? 'WSL' : undefined,
    container ? 'a container' : undefined,
    display ? 'a display' : 'no display',
  ];
  return seen.filter((one) => one !== undefined).join(', ');
}

function nobodyTypes(ci: string): EntraLoginError {
  const message = `--manual reads the redirected URL from the terminal, where nobody types in a CI job (${ci} is set).`;
  return new EntraLoginError('usage', message, { hint: 'entra-login login --device-code, or give the URL on a pipe' });
}

function nobodyAsked(reason: string): EntraLoginError {
  const message = `--prompt none needs a browser in which somebody is signed in, and none can be had: ${reason}.`;
  return new EntraLoginError('sign_in_required', message, { hint: 'entra-login login' });
}
