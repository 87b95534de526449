/** The clouds Entra ID runs in, by the names of `--cloud`. */
export const cloudNames = ['public', 'usgov', 'china', 'bleu', 'delos', 'govsg'] as const;

/** Names one national cloud. */
export type CloudName = (typeof cloudNames)[number];

/** Hosts of one cloud; the first login host is the authority host. */
export interface Cloud {
  readonly loginHosts: readonly string[];
  readonly graphHosts: readonly string[];
}

// Source: Entra "National clouds", MSAL's AuthorityMetadata; the Graph hosts of the last three are not published.
const clouds: Readonly<Record<CloudName, Cloud>> = {
  public: {
    loginHosts: ['login.microsoftonline.com', 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'],
    graphHosts: ['graph.microsoft.com'],
  },
  usgov: {
    loginHosts: ['login.microsoftonline.us', 'login.usgovcloudapi.net'],
    graphHosts: ['graph.microsoft.us', 'dod-graph.microsoft.us'],
  },
  china: {
    loginHosts: ['login.partner.microsoftonline.cn', 'login.chinacloudapi.cn'],
    graphHosts: ['microsoftgraph.chinacloudapi.cn'],
  },
  bleu: { loginHosts: ['login.sovcloud-identity.fr'], graphHosts: [] },
  delos: { loginHosts: ['login.sovcloud-identity.de'], graphHosts: [] },
  govsg: { loginHosts: ['login.sovcloud-identity.sg'], graphHosts: [] },
};

/** Answers the authority host of a cloud, as an origin without a slash at its end. */
export function authorityHostOf(cloud: CloudName): string {
  return `https://${clouds[cloud].loginHosts[0]}`;
}

/** Finds the cloud that a login host belongs to; `undefined` for a custom domain, External ID or a test server. */
export function findCloudOf(loginHost: string): Cloud | undefined {
  const name = cloudOf(loginHost);
  return name && clouds[name];
}

/** Names the cloud that a login host belongs to; `undefined` for any other host. */
export function cloudOf(loginHost: string): CloudName | undefined {
  return cloudNames.find((name) => clouds[name].loginHosts.includes(loginHost));
}

/** Answers Microsoft Graph's host in the cloud of a login host, the public one outside; `undefined` if not published. */
export function graphHostOf(loginHost: string): string | undefined {
  return (findCloudOf(loginHost) ?? clouds.public).graphHosts[0];
}

/** Tells whether the host is Microsoft Graph's in any cloud. */
export function isGraphHost(host: string): boolean {
  return Object.values(clouds).some((cloud) => cloud.graphHosts.includes(host));
}

/** Tells whether the name is one of loopback: `localhost`, 127.0.0.0/8 or `[::1]`, as `URL.hostname` writes them. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
