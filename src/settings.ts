import type { CloudName } from './auth/clouds.ts';
import type { Context, StoreKind } from './context.ts';
import { EntraLoginError } from './errors.ts';
import type { ApplicationSettings, ApplicationSettingsOptions } from './settings-application.ts';
import { resolveApplicationSettings } from './settings-application.ts';
import type { FileSettings, UserFile } from './settings-files.ts';
import { readProjectFile, readUserFile } from './settings-files.ts';
import type { Candidate, Setting } from './settings-sources.ts';
import {
  builtIn,
  chooseAuthorityHost,
  first,
  fromAccount,
  fromEnvironment,
  fromFile,
  fromOption,
  isClientOfAzure,
} from './settings-sources.ts';
import * as values from './settings-values.ts';

export type { Setting } from './settings-sources.ts';

/** The settings as options on the command line; texts as typed. */
export interface SettingsOptions extends ApplicationSettingsOptions {
  readonly profile?: string | undefined;
  readonly redirectUri?: string | undefined;
  readonly port?: string | undefined;
  readonly store?: string | undefined;
  /** `false` is `--no-browser`. */
  readonly browser?: string | false | undefined;
}

/** What the signed-in account contributes. */
export interface AccountSettings {
  readonly tenant: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly authorityHost: string;
}

/** All settings, resolved. */
export interface Settings {
  readonly tenant: Setting<string> | undefined;
  readonly clientId: Setting<string> | undefined;
  readonly clientSecret: Setting<string> | undefined;
  readonly redirectUri: Setting<string>;
  readonly scopes: Setting<readonly string[]>;
  readonly authorityHost: Setting<string>;
  /** The command, `none`, or `undefined` for the system's browser. */
  readonly browser: Setting<string> | undefined;
}

/** Settings read so far: what is needed to find the account, and the way to the rest once the account is known. */
export interface LoadedSettings {
  readonly profile: Setting<string>;
  /** `undefined` if nobody chose one: then it is where the account is kept, else the keychain. */
  readonly store: Setting<StoreKind> | undefined;
  /** The files in use, where there are any. */
  readonly project: FileSettings | undefined;
  readonly user: UserFile | undefined;
  /** The cloud that is named, even if a host named above it goes before; `undefined` if none is. */
  readonly findCloud: () => Setting<CloudName> | undefined;
  readonly resolve: (account: AccountSettings | undefined) => Settings;
  /** The same for the application itself: `AZURE_*` comes right after `ENTRA_LOGIN_*`. */
  readonly resolveApplication: (account: AccountSettings | undefined) => ApplicationSettings;
}

/**
 * Loads the settings: option > ENTRA_LOGIN_* > project file > user file > account > AZURE_* > built-in (contract,
 * section 3). Errors: `configuration`, naming the setting and where it came from.
 */
export async function loadSettings(
  context: Pick<Context, 'env' | 'files' | 'directories'>,
  options: SettingsOptions,
): Promise<LoadedSettings> {
  const project = await readProjectFile(context);
  const user = await readUserFile(context);
  const { env } = context;
  const profile =
    first(values.readProfileName, [
      fromOption('--profile', options.profile),
      fromEnvironment(env, 'ENTRA_LOGIN_PROFILE'),
      fromFile('project', project, 'profile'),
      fromFile('user', user?.profile, 'profile'),
    ]) ?? builtIn('default');
  const ofProfile = user?.settingsOf(profile.value);
  const chain = (name: string, option: string, typed: string | undefined, variable: string): Candidate[] => [
    fromOption(option, typed),
    fromEnvironment(env, variable),
    fromFile('project', project, name),
    fromFile('user', ofProfile, name),
  ];
  const clouds = chain('cloud', '--cloud', options.cloud, 'ENTRA_LOGIN_CLOUD');
  const store = first(values.readStore, chain('store', '--store', options.store, 'ENTRA_LOGIN_STORE'));

  const resolve = (account: AccountSettings | undefined): Settings => {
    const tenant = first(values.readTenant, [
      ...chain('tenant', '--tenant', options.tenant, 'ENTRA_LOGIN_TENANT'),
      fromAccount(account?.tenant),
      fromEnvironment(env, 'AZURE_TENANT_ID'),
    ]);
    const clientId = first(values.readClientId, [
      ...chain('clientId', '--client-id', options.clientId, 'ENTRA_LOGIN_CLIENT_ID'),
      fromAccount(account?.clientId),
      fromEnvironment(env, 'AZURE_CLIENT_ID'),
    ]);
    const redirectUri = first(values.readRedirectUri, [
      ...chain('redirectUri', '--redirect-uri', options.redirectUri, 'ENTRA_LOGIN_REDIRECT_URI'),
      fromAccount(account?.redirectUri),
    ]);
    const scopes = first(values.readScopes, [
      ...chain('scopes', '--scope', options.scope?.join(' '), 'ENTRA_LOGIN_SCOPE'),
      fromAccount(account?.scopes.join(' ')),
    ]);
    return {
      tenant,
      clientId,
      clientSecret: first(values.readText, [
        fromEnvironment(env, 'ENTRA_LOGIN_CLIENT_SECRET'),
        isClientOfAzure(env, clientId?.value) ? fromEnvironment(env, 'AZURE_CLIENT_SECRET') : undefined,
      ]),
      redirectUri: withPort(redirectUri ?? builtIn('http://localhost:5000/callback'), options.port),
      scopes: scopes ?? builtIn(['openid', 'profile', 'email', 'offline_access']),
      authorityHost: chooseAuthorityHost(
        chain('authorityHost', '--authority-host', options.authorityHost, 'ENTRA_LOGIN_AUTHORITY_HOST'),
        clouds,
        [fromAccount(account?.authorityHost), fromEnvironment(env, 'AZURE_AUTHORITY_HOST')],
      ),
      browser: browser(),
    };

    function browser(): Setting<string> | undefined {
      if (options.browser === false) return { value: 'none', from: 'option' };
      return first(values.readBrowser, [
        ...chain('browser', '--browser', options.browser, 'ENTRA_LOGIN_BROWSER'),
        fromEnvironment(env, 'BROWSER'),
      ]);
    }
  };
  const { configuration } = context.directories;
  const resolveApplication = (account: AccountSettings | undefined): ApplicationSettings =>
    resolveApplicationSettings({ env, options, project, user: ofProfile, account, configuration });
  const findCloud = (): Setting<CloudName> | undefined => first(values.readCloud, clouds);
  return { profile, store, project, user, findCloud, resolve, resolveApplication };
}

/** Answers the tenant and client ID, or throws `configuration` that says how to set what is missing. */
export function requireClient(settings: Settings): { readonly tenant: string; readonly clientId: string } {
  const { tenant, clientId } = settings;
  if (tenant !== undefined && clientId !== undefined) return { tenant: tenant.value, clientId: clientId.value };
  const missing = tenant === undefined ? (clientId === undefined ? 'tenant and client ID' : 'tenant') : 'client ID';
  throw new EntraLoginError('configuration', `No ${missing} set.`, {
    hint: 'entra-login login --tenant TENANT --client-id CLIENT-ID (or ENTRA_LOGIN_TENANT and ENTRA_LOGIN_CLIENT_ID); both stand on the Overview page of the app registration. To try it without a tenant: entra-login demo',
  });
}

function withPort(setting: Setting<string>, port: string | undefined): Setting<string> {
  if (port === undefined) return setting;
  const number = values.readPort(port, '--port');
  return { value: setting.value.replace(/^(http:\/\/[^/:]+)(?::\d*)?/i, `$1:${number}`), from: 'option' };
}
