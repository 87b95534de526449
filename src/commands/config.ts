import { cloudOf } from '../auth/clouds.ts';
import type { Context, StoreKind } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { ShownSetting } from '../render/settings.ts';
import { renderSettings } from '../render/settings.ts';
import type { LoadedSettings, Setting } from '../settings.ts';
import { loadSettings } from '../settings.ts';
import { userFilePath } from '../settings-files.ts';
import type { SchemaOf } from '../settings-schema.ts';
import { schemaText } from '../settings-schema.ts';
import type { KeptSignIn } from '../tokens/kept-profile.ts';
import { readProfile } from '../tokens/token-store.ts';
import { layoutOf, warn, writeJson } from './notices.ts';
import type { CommonOptions, ProfileContext } from './opened-profile.ts';
import { chooseStore } from './opened-profile.ts';

/** Options of `config`. */
export interface ConfigOptions extends CommonOptions {
  /** Prints the schema of that file instead. */
  readonly schema?: SchemaOf | undefined;
}

/** Prints every setting with its value and where it came from; of a secret only that it is set. */
export async function config(
  options: ConfigOptions,
  context: ProfileContext & Pick<Context, 'stdout' | 'stderr' | 'now'>,
): Promise<void> {
  if (options.schema !== undefined) {
    context.stdout.write(schemaText(options.schema));
    return;
  }
  const loaded = await loadSettings(context, options);
  const kept = await readKept(context, options, loaded);
  const settings = listSettings(context, loaded, kept);
  if (options.json === true) {
    writeJson(context, Object.fromEntries(settings.map(({ name, value, from }) => [name, { value, from }])));
    return;
  }
  const files = [
    { name: 'project file', path: loaded.project?.path, isThere: loaded.project !== undefined },
    { name: 'user file', path: userFilePath(context), isThere: loaded.user !== undefined },
  ];
  context.stdout.write(renderSettings(settings, files, layoutOf(context.stdout, context.now())));
}

interface Kept {
  readonly store: Setting<StoreKind>;
  readonly signIn: KeptSignIn | undefined;
  readonly hasSecret: boolean;
}

// Without a keychain the other settings are still worth seeing: this command is asked when something is wrong.
async function readKept(
  context: ProfileContext & Pick<Context, 'stderr'>,
  options: CommonOptions,
  loaded: LoadedSettings,
): Promise<Kept> {
  let store = loaded.store ?? { value: 'keychain', from: 'built-in' };
  try {
    const kind = await chooseStore(context, loaded);
    // Where nobody chose, it is where the account is kept.
    if (kind !== store.value) store = { value: kind, from: 'account' };
    const kept = context.openStore(kind);
    const { signIn } = await readProfile(kept, loaded.profile.value);
    return { store, signIn, hasSecret: (await kept.read(`${loaded.profile.value}/client-secret`)) !== undefined };
  } catch (error) {
    const isOfStore = error instanceof EntraLoginError && /^(?:keychain_unavailable|store_failed)$/.test(error.code);
    if (!isOfStore) throw error;
    warn(context, options, `What is kept with the profile is not known: ${error.message}`);
    return { store, signIn: undefined, hasSecret: false };
  }
}

function listSettings(context: ProfileContext, loaded: LoadedSettings, kept: Kept): ShownSetting[] {
  const { tenant, clientId, clientSecret, redirectUri, scopes, authorityHost, browser } = loaded.resolve(kept.signIn);
  const application = loaded.resolveApplication(kept.signIn);
  const keptSecret = kept.hasSecret ? { value: 'set', from: 'account' } : undefined;
  const named: Readonly<Record<string, Setting<string | readonly string[]> | undefined>> = {
    tenant,
    clientId,
    clientSecret: hide(clientSecret) ?? keptSecret,
    clientCertificate: application.clientCertificate,
    certificatePassword: hide(application.certificatePassword),
    federatedTokenFile: application.federatedTokenFile,
    redirectUri,
    scopes,
    cloud: loaded.findCloud() ?? cloudOfHost(authorityHost),
    authorityHost,
    profile: loaded.profile,
    store: kept.store,
    browser,
    configDirectory: directory(context, 'ENTRA_LOGIN_CONFIG_DIR', context.directories.configuration),
    stateDirectory: directory(context, 'ENTRA_LOGIN_STATE_DIR', context.directories.state),
  };
  return Object.entries(named).map(([name, setting]) => {
    const { value, from } = setting ?? { value: null, from: 'built-in' };
    return { name, value, from, place: findPlace(loaded, name, from) };
  });
}

function hide(secret: Setting<string> | undefined): Setting<string> | undefined {
  return secret && { value: 'set', from: secret.from };
}

// A host of no cloud, as a custom domain, is its own: then no cloud is set.
function cloudOfHost({ value, from }: Setting<string>): Setting<string> | undefined {
  const name = cloudOf(new URL(value).hostname);
  return name && { value: name, from };
}

function directory({ env }: ProfileContext, variable: string, value: string): Setting<string> {
  return { value, from: (env[variable] ?? '') === '' ? 'built-in' : `environment ${variable}` };
}

// An authority host may come from the line that names the cloud.
function findPlace({ project, user, profile }: LoadedSettings, name: string, from: string): string | undefined {
  const ofUser = name === 'profile' ? user?.profile : user?.settingsOf(profile.value);
  const file = from.startsWith('project ') ? project : from.startsWith('user ') ? ofUser : undefined;
  return file?.placeOf(name === 'authorityHost' && file.values[name] === undefined ? 'cloud' : name);
}
