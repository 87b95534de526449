import { describe, expect, it } from 'vitest';
import type { WantedFlow } from '../../src/commands/flow-choice.ts';
import { checkWantedFlow, chooseFlow, describeSurroundings } from '../../src/commands/flow-choice.ts';
import type { Surroundings } from '../../src/context.ts';
import type { Setting } from '../../src/settings.ts';

const desktop: Surroundings = {
  ...{ ci: undefined, ssh: false, display: true, wsl: false },
  ...{ container: false, codespaces: false, cloudShell: false },
};
const places = {
  desktop,
  ssh: { ...desktop, display: false, ssh: true },
  'ssh with a forwarded display': { ...desktop, ssh: true },
  'no display': { ...desktop, display: false },
  WSL: { ...desktop, display: false, wsl: true },
  container: { ...desktop, display: false, container: true },
  Codespaces: { ...desktop, display: false, container: true, codespaces: true },
  'Cloud Shell': { ...desktop, display: false, cloudShell: true },
  CI: { ...desktop, ci: 'GITHUB_ACTIONS' },
  'CI in a container': { ...desktop, ci: 'CI', display: false, container: true },
} satisfies Record<string, Surroundings>;
type Place = keyof typeof places;

const settings = {
  nothing: undefined,
  '--browser firefox': { value: 'firefox', from: 'option' },
  '--no-browser': { value: 'none', from: 'option' },
  'ENTRA_LOGIN_BROWSER=firefox': { value: 'firefox', from: 'environment ENTRA_LOGIN_BROWSER' },
  'ENTRA_LOGIN_BROWSER=none': { value: 'none', from: 'environment ENTRA_LOGIN_BROWSER' },
  'BROWSER=firefox': { value: 'firefox', from: 'environment BROWSER' },
  'BROWSER=none': { value: 'none', from: 'environment BROWSER' },
  'firefox in config.json': { value: 'firefox', from: 'user /home/alice/config.json' },
} satisfies Record<string, Setting<string> | undefined>;
type Given = keyof typeof settings;

/** In short: the flow, `→ device_code` where that takes over if the browser cannot be opened. */
function choose(place: Place, given: Given, wanted: WantedFlow = {}): string {
  const choice = chooseFlow(wanted, settings[given], places[place], false);
  const command = choice.flow === 'browser' && choice.command !== undefined ? ` ${choice.command}` : '';
  return `${choice.flow}${command}${choice.flow === 'browser' && choice.fallsBack ? ' → device_code' : ''}`;
}

describe('the way to sign in', () => {
  it.each<[Place, string]>([
    ['desktop', 'browser → device_code'],
    ['WSL', 'browser → device_code'],
    ['ssh', 'device_code'],
    ['ssh with a forwarded display', 'device_code'],
    ['no display', 'device_code'],
    ['container', 'device_code'],
    ['Codespaces', 'device_code'],
    ['Cloud Shell', 'device_code'],
    ['CI', 'device_code'],
    ['CI in a container', 'device_code'],
  ])('in the surroundings "%s" is %s, if nothing is said', (place, expected) => {
    expect(choose(place, 'nothing')).toBe(expected);
  });

  it.each<[Given, string]>([
    ['--browser firefox', 'browser firefox → device_code'],
    ['ENTRA_LOGIN_BROWSER=firefox', 'browser firefox → device_code'],
    ['firefox in config.json', 'browser firefox → device_code'],
    ['--no-browser', 'no_browser'],
    ['ENTRA_LOGIN_BROWSER=none', 'no_browser'],
  ])('with %s is %s everywhere', (given, expected) => {
    for (const place of Object.keys(places) as Place[])
      expect([place, choose(place, given)]).toEqual([place, expected]);
  });

  it.each<[Given, string]>([
    ['BROWSER=firefox', 'browser firefox → device_code'],
    ['BROWSER=none', 'no_browser'],
  ])('with %s is %s everywhere but in CI, where it is the image that sets it', (given, expected) => {
    for (const place of Object.keys(places) as Place[]) {
      const isCi = places[place].ci !== undefined;
      expect([place, choose(place, given)]).toEqual([place, isCi ? 'device_code' : expected]);
    }
  });

  it.each<[Place, Given, WantedFlow, string]>([
    ['desktop', 'nothing', { deviceCode: true }, 'device_code'],
    ['desktop', 'ENTRA_LOGIN_BROWSER=firefox', { deviceCode: true }, 'device_code'],
    ['ssh', 'nothing', { manual: true }, 'manual'],
    ['CI', 'nothing', { manual: true }, 'manual'],
    ['desktop', 'nothing', { fallback: false }, 'browser'],
    ['ssh', 'nothing', { fallback: false }, 'no_browser'],
    ['CI', 'nothing', { fallback: false }, 'no_browser'],
    ['ssh', '--browser firefox', { fallback: false }, 'browser firefox'],
    ['desktop', 'nothing', { prompt: 'none' }, 'browser'],
    ['desktop', 'nothing', { prompt: 'login' }, 'browser → device_code'],
  ])('in the surroundings "%s" with %s and %j is %s', (place, given, wanted, expected) => {
    expect(choose(place, given, wanted)).toBe(expected);
  });

  it('is an error with --prompt none where no browser can have somebody signed in', () => {
    const error = { code: 'sign_in_required', hint: 'entra-login login' };
    expect(() => choose('ssh', 'nothing', { prompt: 'none' })).toThrow(expect.objectContaining(error));
  });

  it('is never a paste that nobody types: a terminal in a CI job', () => {
    const paste = (): unknown => chooseFlow({ manual: true }, undefined, places.CI, true);
    expect(paste).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(paste).toThrow('GITHUB_ACTIONS is set');
  });

  it('says why', () => {
    const why = (place: Place, given: Given): string => chooseFlow({}, settings[given], places[place], false).why;
    expect(why('ssh', 'nothing')).toBe('this is an SSH connection');
    expect(why('CI', 'BROWSER=firefox')).toBe('this is a CI job (GITHUB_ACTIONS is set)');
    expect(why('ssh', 'ENTRA_LOGIN_BROWSER=none')).toBe('as environment ENTRA_LOGIN_BROWSER says');
  });
});

describe('options that contradict each other', () => {
  it.each<[WantedFlow, string]>([
    [{ deviceCode: true, manual: true }, '--device-code and --manual'],
    [{ deviceCode: true, browser: false }, '--device-code and --no-browser'],
    [{ deviceCode: true, browser: 'firefox' }, '--device-code and --browser'],
    [{ deviceCode: true, fallback: false }, '--device-code and --no-fallback'],
    [{ deviceCode: true, prompt: 'login' }, '--device-code and --prompt'],
    [{ deviceCode: true, domainHint: 'contoso.com' }, '--device-code and --domain-hint'],
    [{ deviceCode: true, responseMode: 'query' }, '--device-code and --response-mode'],
    [{ manual: true, browser: 'firefox' }, '--manual and --browser'],
  ])('%j is refused, naming both', (wanted, both) => {
    expect(() => checkWantedFlow(wanted)).toThrow(`${both} cannot be given together.`);
  });

  it.each<WantedFlow>([
    {},
    { deviceCode: true, fallback: true },
    { manual: true, browser: false },
    { manual: true, prompt: 'login' },
    { browser: false, fallback: false },
    { browser: 'firefox', fallback: false },
  ])('%j is none', (wanted) => {
    expect(() => checkWantedFlow(wanted)).not.toThrow();
  });
});

it.each<[Place, string]>([
  ['desktop', 'a display'],
  ['ssh', 'SSH, no display'],
  ['WSL', 'WSL, no display'],
  ['Codespaces', 'Codespaces, a container, no display'],
  ['Cloud Shell', 'Azure Cloud Shell, no display'],
  ['CI in a container', 'CI (CI), a container, no display'],
])('the surroundings "%s" are described as %s', (place, expected) => {
  expect(describeSurroundings(places[place])).toBe(expected);
});
