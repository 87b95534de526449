import type { Context } from './context.ts';
import type { FileSettings } from './settings-files.ts';
import type { Candidate, Setting } from './settings-sources.ts';
import {
  chooseAuthorityHost,
  first,
  fromAccount,
  fromEnvironment,
  fromFile,
  fromOption,
  isClientOfAzure,
} from './settings-sources.ts';
import * as values from './settings-values.ts';

/** The settings of the application itself as options on the command line; texts as typed. */
export interface ApplicationSettingsOptions {
  readonly tenant?: string | undefined;
  readonly clientId?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly cloud?: string | undefined;
  readonly authorityHost?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly federatedTokenFile?: string | undefined;
  readonly serviceConnectionId?: string | undefined;
}

/** What the application itself needs, resolved; an `AZURE_*` credential is there for the client of `AZURE_CLIENT_ID` alone. */
export interface ApplicationSettings {
  readonly tenant: Setting<string> | undefined;
  readonly clientId: Setting<string> | undefined;
  /** `undefined` if nothing names any. */
  readonly scopes: Setting<readonly string[]> | undefined;
  readonly authorityHost: Setting<string>;
  readonly clientSecret: Setting<string> | undefined;
  /** The path of a PEM file with certificate and key. */
  readonly clientCertificate: Setting<string> | undefined;
  /** Opens a local file and nothing else, so it serves every certificate. */
  readonly certificatePassword: Setting<string> | undefined;
  readonly federatedTokenFile: Setting<string> | undefined;
  /** Of Azure Pipelines. */
  readonly serviceConnectionId: Setting<string> | undefined;
  /** A user-assigned managed identity; `undefined` for the host's own. */
  readonly managedIdentity: Setting<string> | undefined;
}

/** Where these settings come from. */
export interface ApplicationSettingsSources {
  readonly env: Context['env'];
  readonly options: ApplicationSettingsOptions;
  readonly project: FileSettings | undefined;
  readonly user: FileSettings | undefined;
  readonly account:
    | {
        readonly tenant: string;
        readonly clientId: string;
        readonly scopes: readonly string[];
        readonly authorityHost: string;
      }
    | undefined;
  /** The directory of `config.json`, which a relative path in it is relative to. */
  readonly configuration: string;
}

/**
 * Resolves the settings of the application itself: option > ENTRA_LOGIN_* > AZURE_* > project file > user file >
 * account (contract, section 3). Errors: `configuration`, naming the setting and where it came from.
 */
export function resolveApplicationSettings(sources: ApplicationSettingsSources): ApplicationSettings {
  const { env, options, project, user, account, configuration } = sources;
  const chain = (name: string, option: string, typed: string | undefined, own: string, azure: string): Candidate[] => [
    fromOption(option, typed),
    fromEnvironment(env, own),
    fromEnvironment(env, azure),
    fromFile('project', project, name),
    fromFile('user', user, name),
  ];
  const clientId = first(values.readClientId, [
    ...chain('clientId', '--client-id', options.clientId, 'ENTRA_LOGIN_CLIENT_ID', 'AZURE_CLIENT_ID'),
    fromAccount(account?.clientId),
  ]);
  const ofAzure = (name: string): Candidate =>
    isClientOfAzure(env, clientId?.value) ? fromEnvironment(env, name) : undefined;
  const certificateInFile = fromFile('user', user, 'clientCertificate');
  return {
    clientId,
    tenant: first(values.readTenant, [
      ...chain('tenant', '--tenant', options.tenant, 'ENTRA_LOGIN_TENANT', 'AZURE_TENANT_ID'),
      fromAccount(account?.tenant),
    ]),
    scopes: first(values.readScopes, [
      fromOption('--scope', options.scope?.join(' ')),
      fromEnvironment(env, 'ENTRA_LOGIN_SCOPE'),
      fromFile('project', project, 'scopes'),
      fromFile('user', user, 'scopes'),
      fromAccount(account?.scopes.join(' ')),
    ]),
    authorityHost: chooseAuthorityHost(
      chain(
        'authorityHost',
        '--authority-host',
        options.authorityHost,
        'ENTRA_LOGIN_AUTHORITY_HOST',
        'AZURE_AUTHORITY_HOST',
      ),
      // A cloud has no AZURE_ variable; the host that AZURE_AUTHORITY_HOST names stands on that level.
      chain('cloud', '--cloud', options.cloud, 'ENTRA_LOGIN_CLOUD', ''),
      [fromAccount(account?.authorityHost)],
    ),
    clientSecret: first(values.readText, [
      fromEnvironment(env, 'ENTRA_LOGIN_CLIENT_SECRET'),
      ofAzure('AZURE_CLIENT_SECRET'),
    ]),
    clientCertificate: first(values.readCertificatePath, [
      fromOption('--client-certificate', options.clientCertificate),
      ofAzure('AZURE_CLIENT_CERTIFICATE_PATH'),
      certificateInFile && { ...certificateInFile, text: below(configuration, certificateInFile.text) },
    ]),
    certificatePassword: first(values.readText, [fromEnvironment(env, 'AZURE_CLIENT_CERTIFICATE_PASSWORD')]),
    federatedTokenFile: first(values.readText, [
      fromOption('--federated-token-file', options.federatedTokenFile),
      ofAzure('AZURE_FEDERATED_TOKEN_FILE'),
    ]),
    serviceConnectionId: first(values.readServiceConnectionId, [
      fromOption('--service-connection-id', options.serviceConnectionId),
      fromEnvironment(env, 'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID'),
    ]),
    // The application that people sign in with is no identity of a machine: neither files nor ENTRA_LOGIN_ name one.
    managedIdentity: first(values.readClientId, [
      fromOption('--client-id', options.clientId),
      fromEnvironment(env, 'AZURE_CLIENT_ID'),
    ]),
  };
}

function below(directory: string, path: string): string {
  const isAbsolute = /^(?:[\\/]|[a-z]:[\\/])/i.test(path);
  return isAbsolute || path === '' ? path : `${directory}/${path}`;
}
