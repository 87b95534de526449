import type { ChalkInstance } from 'chalk';

/** Where the redirect URI stands in the registration: a public client, or one with a secret. */
export type Platform = 'desktop' | 'web';

/** What the registration must hold. */
export interface AppRegistration {
  readonly platform: Platform;
  readonly redirectUri: string;
  readonly tenantKind: 'one' | 'any';
  /** Whether the addresses of the public cloud's admin center are the right ones. */
  readonly hasLinks: boolean;
}

const blades = 'https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps';

/** The pages of one application in the Entra admin center. */
export type ApplicationPage = 'Overview' | 'Authentication' | 'Credentials';

/** Answers the address of an application's page in the Entra admin center (public cloud). */
export function applicationPageUrl(clientId: string, page: ApplicationPage): string {
  return `${blades}/ApplicationMenuBlade/~/${page}/appId/${encodeURIComponent(clientId)}`;
}

/** Says how to register the application, with the values to paste: in the admin center, or with the Azure CLI. */
export function renderRegistrationSteps(registration: AppRegistration, colors: ChalkInstance): string {
  const { platform, redirectUri, tenantKind, hasLinks } = registration;
  const value = (text: string): string => colors.bold(text);
  const steps = [
    [
      'Entra admin center > Entra ID > App registrations > New registration',
      ...(hasLinks ? [colors.cyan(`${blades}/CreateApplicationBlade`)] : []),
    ],
    [`Name: ${value('entra-login')} (any name will do)`],
    [
      'Supported account types: accounts in ' +
        (tenantKind === 'one' ? 'this organizational directory only' : 'any organizational directory'),
    ],
    [
      `Redirect URI: platform ${value(platform === 'desktop' ? 'Public client/native (mobile & desktop)' : 'Web')}, and`,
      value(redirectUri),
      ...(new URL(redirectUri).hostname === 'localhost' ? [] : ['(enter it in the Manifest: this page refuses it)']),
    ],
    ...(platform === 'desktop'
      ? [
          [
            'Register. For sign-ins by device code (SSH, containers) also:',
            'Authentication > Settings > Allow public client flows',
          ],
        ]
      : [
          [
            'Register. Then Certificates & secrets > New client secret:',
            `copy the ${value('Value')}, not the Secret ID`,
          ],
        ]),
    [`Overview shows the ${value('Application (client) ID')} and the ${value('Directory (tenant) ID')}`],
  ];
  const numbered = steps.flatMap((lines, index) =>
    // An address stands at the margin: it is wider than most terminals, and is copied whole so.
    lines.map((line, at) => (line.includes(blades) ? line : `${at === 0 ? `  ${index + 1}. ` : '     '}${line}`)),
  );
  const commands = azureCliCommands(registration).map((line) => `  ${line}`);
  return `${['Register the application, or look up the one you have:', ...numbered].join('\n')}

Or with the Azure CLI (appId is the client ID, az account show has the tenant):
${commands.join('\n')}
`;
}

// Options as `az ad app create` and `az ad app credential reset` have them since az 2.37.
function azureCliCommands({ platform, redirectUri, tenantKind }: AppRegistration): string[] {
  const audience = tenantKind === 'one' ? 'AzureADMyOrg' : 'AzureADMultipleOrgs';
  const create = ['az ad app create --display-name entra-login \\', `  --sign-in-audience ${audience} \\`];
  return platform === 'desktop'
    ? [...create, `  --public-client-redirect-uris ${redirectUri} \\`, '  --is-fallback-public-client true']
    : [...create, `  --web-redirect-uris ${redirectUri}`, 'az ad app credential reset --id CLIENT-ID --append'];
}
