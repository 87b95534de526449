import { isGuid } from '../auth/issuer.ts';
import { findCloudOf } from '../auth/clouds.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { Platform } from '../render/app-registration.ts';
import { renderRegistrationSteps } from '../render/app-registration.ts';
import type { Settings, SettingsOptions } from '../settings.ts';
import { loadSettings } from '../settings.ts';
import { readClientId, readRedirectUri, readTenant } from '../settings-values.ts';
import { colorsOf } from './notices.ts';
import type { Prompter } from './setup-prompts.ts';

/** What `setup` finds out before it checks and writes. */
export interface SetupDraft {
  readonly platform: Platform;
  readonly tenant: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly authorityHost: string;
  /** To be kept; `undefined` where it comes from the environment, is kept already, or there is none. */
  readonly newSecret: string | undefined;
}

/** What `setup` starts from. */
export interface SetupGround {
  readonly context: Context;
  readonly options: SettingsOptions & {
    readonly platform?: Platform | undefined;
    readonly clientSecretStdin?: boolean | undefined;
  };
  /** Of options, environment and files; the account of another registration says nothing. */
  readonly settings: Settings;
  /** The secret in force before: of the environment, or kept. */
  readonly secret: string | undefined;
  /** Read from standard input. */
  readonly givenSecret: string | undefined;
}

/** Takes everything from options, environment and files. Errors: `usage` that names what is missing. */
export async function takeDraft(ground: SetupGround): Promise<SetupDraft> {
  const { settings, secret, givenSecret } = ground;
  const platform = suggestedPlatform(ground);
  const missing = [
    settings.tenant === undefined ? '--tenant' : undefined,
    settings.clientId === undefined ? '--client-id' : undefined,
    platform === 'web' && (givenSecret ?? secret) === undefined ? '--client-secret-stdin' : undefined,
  ].filter((option) => option !== undefined);
  if (settings.tenant === undefined || settings.clientId === undefined || missing.length > 0) {
    throw new EntraLoginError('usage', `Nobody can be asked here: give ${missing.join(', ')}.`, {
      hint: 'entra-login setup --tenant TENANT --client-id CLIENT-ID (a Web registration: --client-secret-stdin too)',
    });
  }
  return {
    platform,
    tenant: settings.tenant.value,
    clientId: settings.clientId.value,
    redirectUri: await redirectUriFor(ground, platform),
    authorityHost: settings.authorityHost.value,
    newSecret: givenSecret,
  };
}

/** Asks for whatever no option gives; what environment and files give is suggested. */
export async function askDraft(ground: SetupGround, prompter: Prompter): Promise<SetupDraft> {
  const { context, options, settings } = ground;
  const platform = options.platform ?? (options.clientSecretStdin === true ? 'web' : await askPlatform(prompter));
  const suggestedUri = await redirectUriFor(ground, platform);
  const isGiven = options.redirectUri !== undefined || options.port !== undefined;
  const redirectUri = isGiven ? suggestedUri : await askRedirectUri(prompter, suggestedUri);
  const authorityHost = settings.authorityHost.value;
  if (options.tenant === undefined || options.clientId === undefined) {
    const cloud = findCloudOf(new URL(authorityHost).hostname);
    const hasLinks = cloud === undefined || cloud.graphHosts.includes('graph.microsoft.com');
    const registration = { platform, redirectUri: redirectUri.replace(/:0(?=\/|$)/, ''), hasLinks } as const;
    const tenantKind = ['organizations', 'common'].includes(settings.tenant?.value ?? '') ? 'any' : 'one';
    const steps = renderRegistrationSteps({ ...registration, tenantKind }, colorsOf(context.stderr));
    context.stderr.write(`\n${steps}\n`);
  }
  return {
    platform,
    redirectUri,
    authorityHost,
    tenant: options.tenant === undefined ? await askTenant(prompter, settings.tenant?.value) : valueOf(settings.tenant),
    clientId:
      options.clientId === undefined
        ? await askClientId(prompter, settings.clientId?.value)
        : valueOf(settings.clientId),
    newSecret: await secretFor(ground, prompter, platform),
  };
}

/** Lets the person correct one value. */
export async function correctDraft(
  draft: SetupDraft,
  prompter: Prompter,
  what: 'tenant' | 'client_id' | 'redirect_uri' | 'client_secret',
): Promise<SetupDraft> {
  switch (what) {
    case 'tenant':
      return { ...draft, tenant: await askTenant(prompter, draft.tenant) };
    case 'client_id':
      return { ...draft, clientId: await askClientId(prompter, draft.clientId) };
    case 'redirect_uri':
      return { ...draft, redirectUri: await askRedirectUri(prompter, draft.redirectUri) };
    case 'client_secret':
      return { ...draft, newSecret: await askSecret(prompter) };
  }
}

/** Says what is wrong with a client secret before Entra is asked; `undefined` if nothing is. */
export function refuseSecret(secret: string): string | undefined {
  if (secret === '') return 'Something must stand here.';
  return isGuid(secret)
    ? 'This is the Secret ID. Copy the Value, which the page shows only once: make a new secret if it is gone.'
    : undefined;
}

function valueOf(setting: Settings['tenant']): string {
  if (setting === undefined) throw new TypeError('an option that is no setting');
  return setting.value;
}

function suggestedPlatform({ options, secret, givenSecret }: SetupGround): Platform {
  return options.platform ?? ((givenSecret ?? secret) === undefined ? 'desktop' : 'web');
}

// A redirect URI without a path means any free port, which a "Mobile and desktop" registration may have.
const builtInUris = { desktop: 'http://localhost', web: 'http://localhost:5000/callback' } as const;

async function redirectUriFor({ context, options }: SetupGround, platform: Platform): Promise<string> {
  const withoutPort = (await loadSettings(context, { ...options, port: undefined })).resolve(undefined).redirectUri;
  const redirectUri = withoutPort.from === 'built-in' ? builtInUris[platform] : withoutPort.value;
  return (await loadSettings(context, { ...options, redirectUri })).resolve(undefined).redirectUri.value;
}

function askPlatform(prompter: Prompter): Promise<Platform> {
  return prompter.choose('Which platform does the redirect URI stand under?', [
    { value: 'desktop', label: 'Mobile and desktop applications', hint: 'no secret, recommended' },
    { value: 'web', label: 'Web', hint: 'with a client secret' },
  ]);
}

function askRedirectUri(prompter: Prompter, suggestion: string): Promise<string> {
  return prompter.askText('Redirect URI (Enter keeps it)', readRedirectUri, suggestion);
}

function askTenant(prompter: Prompter, suggestion: string | undefined): Promise<string> {
  return prompter.askText('Directory (tenant) ID, or a domain of the tenant', readTenant, suggestion);
}

function askClientId(prompter: Prompter, suggestion: string | undefined): Promise<string> {
  return prompter.askText('Application (client) ID', readClientId, suggestion);
}

function askSecret(prompter: Prompter): Promise<string> {
  return prompter.askSecret('Client secret, the Value (it is kept, and never shown)', refuseSecret);
}

async function secretFor(ground: SetupGround, prompter: Prompter, platform: Platform): Promise<string | undefined> {
  if (platform === 'desktop') return undefined;
  if (ground.givenSecret !== undefined) return ground.givenSecret;
  const isKnown = ground.secret !== undefined;
  if (isKnown && (await prompter.confirm('There is a client secret already. Use it?', true))) return undefined;
  return await askSecret(prompter);
}
