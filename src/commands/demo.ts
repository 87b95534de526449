import type { Context, SecretStore, StoreKind } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { alice, contoso, webSecret, desktopApplication, webApplication } from '../emulator/default-directory.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { startEmulator } from '../emulator/emulator.ts';
import { signInAsScriptedPerson } from '../emulator/scripted-person.ts';
import { fitWidth } from '../render/fit-width.ts';
import { whyNoBrowser } from './browser-choice.ts';
import { colorsOf } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';

/** Options of `demo`. */
export interface DemoOptions extends CommonOptions {
  readonly serve?: boolean | undefined;
}

/** Runs a command line, as main.ts does: the demo goes through the very same code. */
export type RunCommandLine = (argv: readonly string[], context: Context) => Promise<number>;

/** Shows a whole sign-in at an emulator in this process, or keeps the emulator up (`--serve`). Keeps nothing. */
export async function demo(options: DemoOptions, context: Context, runCommandLine: RunCommandLine): Promise<void> {
  if (options.json === true) {
    throw new EntraLoginError('usage', 'demo has no --json form.', { hint: 'entra-login demo --help' });
  }
  const emulator = await startEmulator({ now: context.now });
  try {
    if (options.serve === true) await serve(context, emulator);
    else await show(context, options, emulator, runCommandLine);
  } finally {
    await emulator.close();
  }
}

async function serve({ stdout, stderr, signal }: Context, emulator: Emulator): Promise<void> {
  for (const [name, value] of Object.entries(settingsFor(emulator))) stdout.write(`${name}=${value}\n`);
  stderr.write(`
A local Entra ID is up; any password works. Ctrl-C ends it. The settings above
are for a "Mobile and desktop" registration; the "Web" one, whose redirect URI
is http://localhost:5000/callback, is
  ENTRA_LOGIN_CLIENT_ID=${webApplication.clientId}
  ENTRA_LOGIN_CLIENT_SECRET=${webSecret}
To try the setup of a profile:
  entra-login setup --authority-host ${emulator.origin}
`);
  await new Promise<never>((_resolve, reject) => {
    const end = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}

function settingsFor(emulator: Emulator): Record<string, string> {
  return {
    ENTRA_LOGIN_AUTHORITY_HOST: emulator.origin,
    ENTRA_LOGIN_TENANT: contoso.domains[0] ?? contoso.id,
    ENTRA_LOGIN_CLIENT_ID: desktopApplication.clientId,
  };
}

async function show(
  context: Context,
  options: DemoOptions,
  emulator: Emulator,
  runCommandLine: RunCommandLine,
): Promise<void> {
  const colors = colorsOf(context.stderr);
  const why = whyNoBrowser(context.surroundings);
  const isScripted = why !== undefined && context.env['ENTRA_LOGIN_BROWSER'] === undefined;
  const say = (text: string): void => context.stderr.write(`${fitWidth(text, context.stderr)}\n`);
  const heading = (text: string): void => context.stderr.write(`\n${colors.bold(text)}\n`);
  say(`A local Entra ID emulator is up in this process; tenant ${contoso.name}, nothing leaves this machine.`);
  if (isScripted) {
    say(`No browser can be expected here (${why}): a scripted person signs in as ${alice.username}.`);
  }
  const inner = demoContext(context, emulator, isScripted);
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['Sign in', ['login', '--port', '0']],
    ['Who is it? From what is kept, without the network', ['whoami', '--claim', 'preferred_username']],
    ['An access token, from the store', ['token']],
    ['The same, renewed with the refresh token', ['token', '--refresh']],
    ['Sign out', ['logout']],
  ];
  for (const [title, argv] of steps) {
    const before = emulator.requests.length;
    heading(`${title}\n${colors.dim(`$ entra-login ${argv.join(' ')}`)}`);
    const exitCode = await runCommandLine(argv, inner);
    context.signal.throwIfAborted();
    if (exitCode !== 0) {
      throw new EntraLoginError('unexpected', `The demo's "${argv.join(' ')}" ended with exit code ${exitCode}.`);
    }
    if (options.verbose === true) {
      const requests = emulator.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
      context.stderr.write(colors.dim(requests.map((request) => `  ${request}\n`).join('')));
    }
  }
  say('\nThat was all of it; nothing is kept. With a tenant of your own:\n  entra-login setup');
}

const desktop = { ci: undefined, ssh: false, container: false, codespaces: false, cloudShell: false, display: true };

// The same world, but for the settings, a store that is gone afterwards, tokens shortened, and maybe the person.
function demoContext(context: Context, emulator: Emulator, isScripted: boolean): Context {
  const stores = new Map<StoreKind, SecretStore>();
  const openStore = (): SecretStore => {
    const store = stores.get('memory') ?? context.openStore('memory');
    stores.set('memory', store);
    return store;
  };
  const openBrowser: Context['openBrowser'] = async (url, command) => {
    const launch = isScripted ? undefined : await context.openBrowser(url, command);
    if (launch?.outcome === 'opened') return launch;
    // The person works at its own pace, while the listener waits; what goes wrong shows as a time limit there.
    void signInAsScriptedPerson(url, { username: alice.username }).catch(() => {});
    return { outcome: 'opened', command: 'a scripted person' };
  };
  const stdout = { ...context.stdout, write: (text: string): void => context.stdout.write(shortenTokens(text)) };
  const { ENTRA_LOGIN_BROWSER: browser, HOME: home } = context.env;
  const env = { ...settingsFor(emulator), ENTRA_LOGIN_BROWSER: browser, HOME: home };
  // Nobody's configuration: neither this directory's nor the user's.
  const directories = { ...context.directories, working: '/', configuration: `${context.directories.state}/demo` };
  // Either browser is one that can be had, whatever the surroundings; the person needs no device code.
  const surroundings = { ...context.surroundings, ...desktop };
  return { ...context, env, openStore, openBrowser, stdout, directories, surroundings };
}

function shortenTokens(text: string): string {
  return text.replaceAll(
    /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g,
    (token) => `${token.slice(0, 8)}… (${token.length} characters)`,
  );
}
