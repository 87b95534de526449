import type { Account } from '../auth/account.ts';
import { authorityHostOf } from '../auth/clouds.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { ApplicationPage } from '../render/app-registration.ts';
import { applicationPageUrl } from '../render/app-registration.ts';
import { renderChecks } from '../render/checks.ts';
import { renderAccount } from '../render/claims.ts';
import { plainText } from '../render/plain-text.ts';
import { loadSettings } from '../settings.ts';
import { readDuration } from '../settings-values.ts';
import { signInCommand } from '../tokens/sign-in.ts';
import { chooseFlow } from './flow-choice.ts';
import { checkEntra } from './checks-entra.ts';
import { checkPort } from './checks-machine.ts';
import type { CheckOutcome } from './checks.ts';
import { startCheckLimit, toJson } from './checks.ts';
import { isSomebodyThere, openStoreForSignIn } from './login-store.ts';
import { layoutOf, say, warn, writeJson } from './notices.ts';
import type { KeptSetup } from './setup-profile.ts';
import { keepSetup, openSecretPlace } from './setup-profile.ts';
import type { SetupDraft, SetupGround } from './setup-draft.ts';
import { askDraft, correctDraft, refuseSecret, takeDraft } from './setup-draft.ts';
import type { Choice, Prompter } from './setup-prompts.ts';
import type { SignInPersonOptions } from './sign-in-person.ts';
import { isOfAnotherClient, signInPerson } from './sign-in-person.ts';

/** Options of `setup`. */
export interface SetupOptions extends SignInPersonOptions {
  readonly platform?: 'desktop' | 'web' | undefined;
  readonly clientSecretStdin?: boolean | undefined;
  /** `undefined` asks on a terminal, and is no elsewhere. */
  readonly login?: boolean | undefined;
}

// A person waits for this; slower networks than that need --timeout.
const usualLimit = 10_000;

/**
 * Leads from nothing to a first sign-in: says how to register the application, asks for what no option gives, checks it
 * at Entra, keeps a client secret and writes the profile. Errors: `usage` where something is missing and nobody can be
 * asked, the first failed check's where nobody can correct it, `cancelled`; nothing is written then.
 */
export async function setup(options: SetupOptions, context: Context): Promise<void> {
  // 1. What is known already.
  const limit = options.timeout === undefined ? usualLimit : readDuration(options.timeout, '--timeout');
  const ground = await findGround(options, context);
  const prompter = await openPrompterIfAnybodyIsThere(options, context);
  prompter?.begin(`entra-login setup, profile "${ground.profile}"`);
  // 2. The rest, and whether Entra agrees.
  const check = (draft: SetupDraft): Promise<CheckOutcome[]> => checkDraft(context, ground, draft, limit);
  const { draft, checks } =
    prompter === undefined
      ? await checkOnce(context, options, await takeDraft(ground), check)
      : await checkUntilRight(context, prompter, await askDraft(ground, prompter), check);
  // 3. The secret and the profile.
  const kept = await keepSetup(context, options, ground.profile, draft);
  say(context, options, `Profile "${kept.profile}" is written to ${kept.path}.`);
  // 4. The first sign-in.
  const account = await signInFirst(options, context, kept, prompter);
  if (options.json === true) {
    writeJson(context, { profile: kept.profile, settings: kept.settings, checks: checks.map(toJson) });
    return;
  }
  context.stdout.write(describe(kept));
  if (account !== undefined)
    context.stdout.write(`\n${renderAccount(account, layoutOf(context.stdout, context.now()))}`);
  else say(context, options, `To sign in: ${signInCommand(kept.profile)}`);
}

interface Ground extends SetupGround {
  readonly profile: string;
}

async function findGround(options: SetupOptions, context: Context): Promise<Ground> {
  if (options.clientSecretStdin === true && options.platform === 'desktop') {
    throw new EntraLoginError('usage', 'A registration for desktop has no client secret.', {
      hint: 'Leave out --client-secret-stdin, or give --platform web',
    });
  }
  const loaded = await loadSettings(context, options);
  const settings = loaded.resolve(undefined);
  const profile = loaded.profile.value;
  const givenSecret = options.clientSecretStdin === true ? await readSecret(context) : undefined;
  const secret = settings.clientSecret?.value ?? (await openSecretPlace(context, loaded).read());
  return { context, options, settings, secret, givenSecret, profile };
}

async function readSecret({ stdin, stderr, signal }: Context): Promise<string> {
  if (stdin.isTerminal) stderr.write('Paste the client secret and press Enter (it is not shown):\n');
  const secret = (await stdin.readLine({ hidden: true, signal }))?.trim() ?? '';
  const refusal = secret === '' ? 'There is no client secret on standard input.' : refuseSecret(secret);
  if (refusal === undefined) return secret;
  const hint = 'Entra admin center > Entra ID > App registrations > your app > Certificates & secrets: the Value';
  throw new EntraLoginError('usage', refusal, { hint });
}

async function openPrompterIfAnybodyIsThere(options: SetupOptions, context: Context): Promise<Prompter | undefined> {
  if (!isSomebodyThere(context) || options.json === true) return undefined;
  const { openPrompter } = await import('./setup-prompts.ts');
  return await openPrompter(context);
}

async function checkDraft(
  context: Context,
  { settings, secret }: Ground,
  draft: SetupDraft,
  limit: number,
): Promise<CheckOutcome[]> {
  const choice = chooseFlow({}, settings.browser, context.surroundings, context.stdin.isTerminal);
  const clientSecret = draft.platform === 'web' ? (draft.newSecret ?? secret) : undefined;
  const needsDeviceCode = choice.flow === 'device_code';
  const deadline = startCheckLimit(context, limit);
  try {
    const subject = { ...draft, clientSecret, needsDeviceCode, scopes: settings.scopes.value };
    const [ofEntra, port] = await Promise.all([
      checkEntra(context, subject, deadline),
      checkPort(context, draft.redirectUri),
    ]);
    return [...ofEntra, port];
  } finally {
    deadline.end();
  }
}

interface Checked {
  readonly draft: SetupDraft;
  readonly checks: readonly CheckOutcome[];
}

type Check = (draft: SetupDraft) => Promise<CheckOutcome[]>;

// The others are of this moment or of this machine, and no reason not to write down what is right.
const decisive = ['authority', 'application', 'redirect_uri', 'client_secret'];
const unreachable = ['network', 'entra_unavailable', 'throttled', 'timeout'];

function findDecisive(checks: readonly CheckOutcome[]): CheckOutcome | undefined {
  return checks.find(({ name, status }) => status === 'failed' && decisive.includes(name));
}

/** Where nobody can correct a value, a wrong one is the command's error; an Entra out of reach says nothing of it. */
async function checkOnce(context: Context, options: SetupOptions, draft: SetupDraft, check: Check): Promise<Checked> {
  const checks = await check(draft);
  say(context, options, renderChecks(checks, layoutOf(context.stderr, context.now())).trimEnd());
  const wrong = findDecisive(checks);
  if (wrong?.error === undefined) return { draft, checks };
  const { code, message, aadsts, correlationId, traceId, oauthError } = wrong.error;
  if (!unreachable.includes(code)) {
    throw new EntraLoginError(code, message, { hint: wrong.hint, aadsts, correlationId, traceId, oauthError });
  }
  warn(context, options, `The profile is written unchecked: ${message} Later: entra-login doctor`);
  return { draft, checks };
}

async function checkUntilRight(
  context: Context,
  prompter: Prompter,
  first: SetupDraft,
  check: Check,
): Promise<Checked> {
  for (let draft = first; ;) {
    context.stderr.write('\nAsking Entra …\n');
    const checks = await check(draft);
    context.stderr.write(`${renderChecks(checks, layoutOf(context.stderr, context.now()))}\n`);
    const wrong = findDecisive(checks);
    if (wrong === undefined) return { draft, checks };
    context.stderr.write(describePage(draft, wrong));
    const what = await prompter.choose('What now?', waysOn(draft, wrong));
    if (what === 'keep') return { draft, checks };
    if (what !== 'again') draft = await correctDraft(draft, prompter, what);
  }
}

type WayOn = 'again' | 'keep' | Parameters<typeof correctDraft>[2];

/** The likeliest way first. */
function waysOn({ platform }: SetupDraft, wrong: CheckOutcome): Choice<WayOn>[] {
  const corrections: Choice<WayOn>[] = [
    { value: 'tenant', label: 'Correct the tenant' },
    { value: 'client_id', label: 'Correct the client ID' },
    { value: 'redirect_uri', label: 'Correct the redirect URI' },
    ...(platform === 'web' ? [{ value: 'client_secret', label: 'Enter the client secret again' } as const] : []),
  ];
  const likeliest = new Map<string, WayOn>([
    ['authority', 'tenant'],
    ['application', 'client_id'],
    ['client_secret', 'client_secret'],
  ]).get(wrong.name);
  const again: Choice<WayOn> = { value: 'again', label: 'Check again', hint: 'after mending it at Entra' };
  return [
    ...corrections.filter(({ value }) => value === likeliest),
    again,
    ...corrections.filter(({ value }) => value !== likeliest),
    { value: 'keep', label: 'Write the profile as it is' },
  ];
}

const pages: ReadonlyMap<string, ApplicationPage> = new Map([
  ['redirect_uri', 'Authentication'],
  ['client_secret', 'Credentials'],
]);

function describePage({ clientId, authorityHost }: SetupDraft, { name }: CheckOutcome): string {
  const page = pages.get(name);
  if (page === undefined || authorityHost !== authorityHostOf('public')) return '';
  return `The page of the registration:\n${applicationPageUrl(clientId, page)}\n\n`;
}

/** Signs in if that was said or agreed to; answers who it is. */
async function signInFirst(
  options: SetupOptions,
  context: Context,
  kept: KeptSetup,
  prompter: Prompter | undefined,
): Promise<Account | undefined> {
  if (options.login === false || (options.login === undefined && prompter === undefined)) return undefined;
  const { profile, draft } = kept;
  const { tenant, clientId, redirectUri, authorityHost } = draft;
  // Named once more: a variable of the environment must not stand above what was just set up.
  const named = { profile, tenant, clientId, redirectUri, authorityHost, store: kept.settings.store };
  const { json, quiet, verbose, timeout } = options;
  const wanted = { ...named, json, quiet, verbose, timeout, cloud: undefined };
  if (options.login === undefined && !(await prompter?.confirm('Sign in now?', true))) return undefined;
  const opened = await openStoreForSignIn(context, wanted, await loadSettings(context, wanted));
  const { signIn } = opened.kept;
  let force: true | undefined;
  if (signIn !== undefined && prompter !== undefined && isOfAnotherClient(opened, clientId)) {
    const question = `${plainText(signIn.account.username)} is signed in here with another application. Replace it?`;
    if (!(await prompter.confirm(question, false))) return undefined;
    force = true;
  }
  return (await signInPerson({ ...wanted, force }, context, opened)).signIn?.account;
}

function describe({ profile, draft }: KeptSetup): string {
  const { tenant, clientId, redirectUri } = draft;
  const rows = { Profile: profile, Tenant: tenant, 'Client ID': clientId, 'Redirect URI': redirectUri };
  return Object.entries(rows)
    .map(([label, value]) => `${label.padEnd(12)} ${plainText(value)}\n`)
    .join('');
}
