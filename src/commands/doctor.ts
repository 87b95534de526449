import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import { checkLabels, renderChecks } from '../render/checks.ts';
import type { LoadedSettings, Settings } from '../settings.ts';
import { loadSettings, requireClient } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import type { KeptProfile } from '../tokens/kept-profile.ts';
import { readProfile } from '../tokens/token-store.ts';
import { checkAccount, checkStore } from './checks-account.ts';
import type { EntraCheckSubject } from './checks-entra.ts';
import { checkEntra } from './checks-entra.ts';
import { checkBrowser, checkCertificates, checkLocalhost, checkNode, checkPort, checkProxy } from './checks-machine.ts';
import type { CheckOutcome } from './checks.ts';
import { failedBy, passed, startCheckLimit, toJson } from './checks.ts';
import { chooseFlow } from './flow-choice.ts';
import { layoutOf, say, writeJson } from './notices.ts';
import type { CommonOptions } from './opened-profile.ts';
import { chooseStore, findClientSecret } from './opened-profile.ts';

// Together they keep doctor under 5 seconds where nothing answers: a silent keychain takes 3 of them, and Entra shares
// what is left. A locked keychain alone waits longer, for the person.
const budget = 4_000;
const leastLimit = 1_200;
// Reading takes 15 milliseconds; settings that are complete without the account need not wait for it.
const keptLimit = 500;
// What takes longer is worth a word.
const patience = 1_000;

/**
 * Tells what would keep a sign-in from working: the whole list or document on stdout, whatever was found. Errors:
 * `check_failed` once that is printed, if a check failed.
 */
export async function doctor(options: CommonOptions, context: Context): Promise<void> {
  const asked = options.timeout === undefined ? undefined : readDuration(options.timeout, '--timeout');
  const timer = setTimeout(() => say(context, options, 'Checking the network, the browser and the store …'), patience);
  let checks: readonly CheckOutcome[];
  try {
    checks = await runChecks(options, context, asked);
  } finally {
    clearTimeout(timer);
  }
  if (options.json === true) writeJson(context, { checks: checks.map(toJson) });
  else context.stdout.write(renderChecks(checks, layoutOf(context.stdout, context.now())));
  const failed = checks.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return;
  const names = failed.map(({ name }) => checkLabels[name]).join(', ');
  throw new EntraLoginError('check_failed', `${failed.length} of ${checks.length} checks failed: ${names}.`, {
    hint: 'Mend the first, then again: entra-login doctor',
  });
}

async function runChecks(options: CommonOptions, context: Context, asked: number | undefined): Promise<CheckOutcome[]> {
  const begun = performance.now();
  // 1. The settings; where they cannot be read, the machine is checked with what is built in.
  const loaded = await loadSettings(context, options).catch(foreseen);
  const profile = loaded instanceof EntraLoginError ? 'default' : loaded.profile.value;
  const store = context.openStore(await storeKind(context, loaded));
  const reading = readProfile(store, profile);
  const { kept, settings } = await resolve(loaded, reading);
  const known = settings instanceof EntraLoginError ? undefined : settings;
  const opened = kept && known && { profile, store, settings: known, kept };

  // 2. All the rest side by side.
  const choice = chooseFlow({}, known?.browser, context.surroundings, context.stdin.isTerminal);
  const subject: EntraCheckSubject = {
    authorityHost: known?.authorityHost.value ?? 'https://login.microsoftonline.com',
    tenant: known?.tenant?.value,
    clientId: known?.clientId?.value,
    clientSecret: undefined,
    redirectUri: known?.redirectUri.value ?? 'http://localhost:5000/callback',
    scopes: known?.scopes.value ?? [],
    needsDeviceCode: choice.flow === 'device_code',
  };
  const deadline = startCheckLimit(context, asked ?? limitAfter(performance.now() - begun));
  const askEntra = async (): Promise<CheckOutcome[]> => {
    const clientSecret = opened && (await findClientSecret(opened));
    return await checkEntra(context, { ...subject, clientSecret }, deadline);
  };
  try {
    const [certificates, ofEntra, ...ofMachine] = await Promise.all([
      checkCertificates(context),
      askEntra(),
      checkLocalhost(context, deadline.signal),
      checkPort(context, subject.redirectUri),
      checkBrowser(context, choice),
      checkStore(store, reading),
      checkAccount(profile, reading, known, context.now()),
    ]);
    const own = [checkNode(context), checkSettings(profile, settings), checkProxy(context, subject.authorityHost)];
    return [...own, certificates, ...ofEntra, ...ofMachine];
  } finally {
    deadline.end();
  }
}

function limitAfter(spent: number): number {
  // A person who unlocked the keychain took their time.
  return spent > budget ? budget : Math.max(leastLimit, budget - spent);
}

// A store that cannot be looked into is checked itself.
async function storeKind(
  context: Context,
  loaded: LoadedSettings | EntraLoginError,
): Promise<'keychain' | 'file' | 'memory'> {
  if (loaded instanceof EntraLoginError) return 'keychain';
  const kind = await chooseStore(context, loaded).catch(foreseen);
  return kind instanceof EntraLoginError ? 'file' : kind;
}

// The kept account contributes settings; where they are complete, a keychain that is silent does not hold up the rest.
async function resolve(
  loaded: LoadedSettings | EntraLoginError,
  reading: Promise<KeptProfile>,
): Promise<{ readonly kept: KeptProfile | undefined; readonly settings: Settings | EntraLoginError }> {
  if (loaded instanceof EntraLoginError) return { kept: undefined, settings: loaded };
  try {
    const found = reading.catch(foreseen);
    const { tenant, clientId } = loaded.resolve(undefined);
    const isComplete = tenant !== undefined && clientId !== undefined;
    const read = await (isComplete ? firstOf(found, keptLimit) : found);
    const kept = read instanceof EntraLoginError ? undefined : read;
    return { kept, settings: loaded.resolve(kept?.signIn) };
  } catch (error) {
    return { kept: undefined, settings: foreseen(error) };
  }
}

/** Answers `undefined` when the time is up. */
async function firstOf<T>(wanted: Promise<T>, limit: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<undefined>((give) => {
    timer = setTimeout(() => give(undefined), limit);
  });
  try {
    return await Promise.race([wanted, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function foreseen(error: unknown): EntraLoginError {
  if (error instanceof EntraLoginError && error.code !== 'cancelled') return error;
  throw error;
}

function checkSettings(profile: string, settings: Settings | EntraLoginError): CheckOutcome {
  if (settings instanceof EntraLoginError) return failedBy('settings', settings);
  try {
    const { tenant, clientId } = requireClient(settings);
    const places = [...new Set([settings.tenant?.from, settings.clientId?.from])].join(', ');
    return passed('settings', `profile "${profile}", tenant ${tenant}, client ID ${clientId} (${places})`);
  } catch (error) {
    return failedBy('settings', error, 'entra-login setup');
  }
}
