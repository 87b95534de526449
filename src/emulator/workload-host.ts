import { systemAssignedIdentity, userAssignedIdentity } from './default-directory.ts';
import { appServicePath, arcPath } from './managed-identity.ts';
import type { EmulatorState, WorkloadHost } from './state.ts';
import { makeId } from './state.ts';
import { azurePipelinesTokenPath, githubTokenPath, serviceConnectionId } from './workload-tokens.ts';

/** Environment variables as real hosts set them. */
export type HostEnvironments = Readonly<
  Record<'githubActions' | 'azurePipelines' | 'virtualMachine' | 'appService' | 'arc', Readonly<Record<string, string>>>
>;

/** Makes the secrets that hosts hand to their jobs. */
export function makeWorkloadHost(): WorkloadHost {
  return {
    githubRequestToken: makeId(),
    systemAccessToken: makeId(),
    identityHeader: makeId(),
    arcKey: { path: '/var/opt/azcmagent/tokens/emulator.key', content: makeId() },
    managedIdentities: [systemAssignedIdentity, userAssignedIdentity],
  };
}

/** Answers what jobs and machines find in their environment (entra.md 6.3 and 6.4). */
export function hostEnvironmentsOf({ origin, workload }: EmulatorState): HostEnvironments {
  return {
    githubActions: {
      GITHUB_ACTIONS: 'true',
      ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}${githubTokenPath}?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: workload.githubRequestToken,
    },
    azurePipelines: {
      TF_BUILD: 'True',
      SYSTEM_OIDCREQUESTURI: `${origin}${azurePipelinesTokenPath}`,
      SYSTEM_ACCESSTOKEN: workload.systemAccessToken,
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: serviceConnectionId,
    },
    virtualMachine: { AZURE_POD_IDENTITY_AUTHORITY_HOST: origin },
    appService: { IDENTITY_ENDPOINT: `${origin}${appServicePath}`, IDENTITY_HEADER: workload.identityHeader },
    arc: { IDENTITY_ENDPOINT: `${origin}${arcPath}`, IMDS_ENDPOINT: origin },
  };
}
