import type { ApplicationCredential } from '../auth/client-credentials.ts';
import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { ApplicationSettings } from '../settings-application.ts';
import type { Setting } from '../settings-sources.ts';

/** Where a credential is looked for. */
export interface CredentialSources {
  readonly env: Context['env'];
  readonly settings: ApplicationSettings;
  /** Reads the secret that `setup` keeps with the profile. */
  readonly readKeptSecret: () => Promise<string | undefined>;
}

/** A credential, and what to call it in `--verbose`. */
export interface ChosenCredential {
  readonly credential: ApplicationCredential;
  readonly from: string;
}

/**
 * Chooses what the application proves itself with (contract, section 6): the option, else the environment (secret,
 * certificate, federated file, GitHub Actions, Azure Pipelines), else what the profile has. Errors: `usage` for two
 * options, `configuration` that lists the ways if there is none.
 */
export async function chooseCredential(sources: CredentialSources): Promise<ChosenCredential> {
  const { env, settings } = sources;
  const candidates = [secret, certificate, federatedFile, githubActions, azurePipelines].map((of) => of(env, settings));
  const found = candidates.filter((candidate) => candidate !== undefined);
  const given = found.filter(({ level }) => level === 'option');
  const [first, second] = given;
  if (first !== undefined && second !== undefined) {
    throw new EntraLoginError('usage', `${first.from} and ${second.from} cannot be given together.`, {
      hint: 'Give one: an application proves itself once.',
    });
  }
  const chosen = first ?? found.find(({ level }) => level === 'environment');
  if (chosen !== undefined) return chosen;
  const keptSecret = await sources.readKeptSecret();
  if (keptSecret !== undefined) {
    return { credential: { kind: 'secret', secret: keptSecret }, from: 'the secret kept with the profile' };
  }
  const ofProfile = found.find(({ level }) => level === 'profile');
  if (ofProfile !== undefined) return ofProfile;
  throw noCredential(env, settings);
}

interface Candidate extends ChosenCredential {
  readonly level: 'option' | 'environment' | 'profile';
}
type Env = Context['env'];

function secret(_env: Env, { clientSecret }: ApplicationSettings): Candidate | undefined {
  return clientSecret && { credential: { kind: 'secret', secret: clientSecret.value }, ...placed(clientSecret, '') };
}

function certificate(_env: Env, settings: ApplicationSettings): Candidate | undefined {
  const { clientCertificate, certificatePassword } = settings;
  if (clientCertificate === undefined) return undefined;
  const place = placed(clientCertificate, '--client-certificate');
  const file = { path: clientCertificate.value, place: place.from };
  return { credential: { kind: 'certificate', file, password: certificatePassword?.value }, ...place };
}

function federatedFile(_env: Env, { federatedTokenFile }: ApplicationSettings): Candidate | undefined {
  if (federatedTokenFile === undefined) return undefined;
  const place = placed(federatedTokenFile, '--federated-token-file');
  const file = { path: federatedTokenFile.value, place: place.from };
  return { credential: { kind: 'federated_token_file', file }, ...place };
}

function githubActions(env: Env): Candidate | undefined {
  const requestUrl = env['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '';
  const requestToken = env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ?? '';
  if (requestUrl === '' || requestToken === '') return undefined;
  return { credential: { kind: 'github_actions', requestUrl, requestToken }, from: githubName, level: 'environment' };
}

function azurePipelines(env: Env, { serviceConnectionId }: ApplicationSettings): Candidate | undefined {
  if (serviceConnectionId === undefined) return undefined;
  const isOption = serviceConnectionId.from === 'option';
  const requestUri = env['SYSTEM_OIDCREQUESTURI'] ?? '';
  const accessToken = env['SYSTEM_ACCESSTOKEN'] ?? '';
  if (requestUri === '' || accessToken === '') {
    if (isOption) throw pipelinesIncomplete();
    return undefined;
  }
  const place = isOption ? '--service-connection-id' : pipelinesName;
  return {
    credential: { kind: 'azure_pipelines', requestUri, accessToken, serviceConnectionId: serviceConnectionId.value },
    from: place,
    level: isOption ? 'option' : 'environment',
  };
}

const githubName = "the job's own identity (GitHub Actions)";
const pipelinesName = "the job's own identity (Azure Pipelines)";

function placed({ from }: Setting<string>, option: string): Pick<Candidate, 'from' | 'level'> {
  if (from === 'option') return { from: option, level: 'option' };
  const [, kind, name = from] = /^(environment|user) (.*)$/s.exec(from) ?? [];
  return { from: name, level: kind === 'environment' ? 'environment' : 'profile' };
}

function pipelinesIncomplete(): EntraLoginError {
  const message = '--service-connection-id works in Azure Pipelines alone, with SYSTEM_ACCESSTOKEN set.';
  return new EntraLoginError('configuration', message, {
    hint: pipelinesHint,
  });
}

const pipelinesHint =
  'In Azure Pipelines map the token into the step: "env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)"';

// What is there in part says best what is missing; otherwise all the ways are listed.
function noCredential(env: Env, { clientId }: ApplicationSettings): EntraLoginError {
  const unused = azureCredentials.find((name) => (env[name] ?? '') !== '');
  const message =
    unused === undefined
      ? 'There is nothing for the application to prove itself with.'
      : `${unused} is not used: the client ID is ${clientId?.value ?? 'unset'}, not that of AZURE_CLIENT_ID.`;
  return new EntraLoginError('configuration', message, { hint: hintFor(env) });
}

const azureCredentials = ['AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_FEDERATED_TOKEN_FILE'];

const ways =
  'Set ENTRA_LOGIN_CLIENT_SECRET, or give --client-certificate FILE or --federated-token-file FILE; ' +
  'in GitHub Actions and Azure Pipelines the job has an identity of its own; or keep a secret with entra-login setup.';

function hintFor(env: Env): string {
  if (env['GITHUB_ACTIONS'] === 'true') return `Give the job "permissions: id-token: write". Or: ${ways}`;
  if ((env['SYSTEM_OIDCREQUESTURI'] ?? '') !== '') {
    const missing =
      (env['SYSTEM_ACCESSTOKEN'] ?? '') === ''
        ? pipelinesHint
        : 'Name the service connection: --service-connection-id ID';
    return `${missing}. Or: ${ways}`;
  }
  return ways;
}
