import { shells, tokenOutputs } from './render/token.ts';

/** An option as the command line has it; help shows flags and description. */
export interface CommandOption {
  /** `--name`, `--no-name`, or `--name <value>`. */
  readonly flags: string;
  readonly description: string;
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** May be given again: the values become a list. */
  readonly repeatable?: true;
}

/** The options that every command has. */
export const commonOptions: readonly CommandOption[] = [
  { flags: '--profile <name>', description: 'the profile to use (default)' },
  { flags: '--json', description: 'print JSON' },
  { flags: '--quiet', description: 'no progress and no warnings' },
  { flags: '--verbose', description: 'say more' },
  { flags: '--no-color', description: 'no colours' },
  { flags: '--timeout <duration>', description: 'how long to wait (login 5m, else 30s)' },
];

/** The options that say which tenant, client and cloud. */
export const authorityOptions: readonly CommandOption[] = [
  { flags: '--tenant <tenant>', description: 'tenant ID, domain, organizations, common or consumers' },
  { flags: '--client-id <id>', description: 'the Application (client) ID' },
  {
    flags: '--cloud <cloud>',
    description: 'the national cloud',
    choices: ['public', 'usgov', 'china', 'bleu', 'delos', 'govsg'],
  },
  { flags: '--authority-host <url>', description: 'a custom domain, External ID or a test server' },
];

/** The option that says where tokens are kept. */
export const storeOption: CommandOption = {
  flags: '--store <where>',
  description: 'where tokens are kept',
  choices: ['keychain', 'file', 'memory'],
};

/** The options that name settings. */
export const settingsOptions: readonly CommandOption[] = [
  ...authorityOptions,
  { flags: '--redirect-uri <uri>', description: 'as registered (http://localhost:5000/callback)' },
  { flags: '--scope <scope>', description: 'scopes to ask for (repeatable)', repeatable: true },
  storeOption,
];

/** The options that say which access token is wanted. */
export const wantedTokenOptions: readonly CommandOption[] = [
  { flags: '--resource <uri>', description: 'short for --scope URI/.default' },
  { flags: '--min-validity <duration>', description: 'how long the token must still live (5m)' },
  { flags: '--refresh', description: 'renew even if the kept one is valid' },
  { flags: '--login', description: 'sign a person in if it must (in CI by device code)' },
  { flags: '--claims <claims>', description: 'a claims request: JSON, base64, or a whole WWW-Authenticate value' },
  {
    flags: '--client-credentials',
    description: 'of the application itself: secret, certificate or federated assertion',
  },
  { flags: '--client-certificate <file>', description: 'its certificate with key, PEM' },
  { flags: '--federated-token-file <file>', description: 'its assertion, read anew each time' },
  { flags: '--service-connection-id <id>', description: 'of Azure Pipelines' },
  { flags: '--managed-identity', description: "the host's own identity in Azure" },
];

/** The options of `token` alone. */
export const tokenOptions: readonly CommandOption[] = [
  { flags: '--output <form>', description: 'how to print it', choices: tokenOutputs },
  { flags: '--shell <shell>', description: 'for --output env', choices: shells },
];
