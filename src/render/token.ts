import { renderJson } from './json.ts';

/** What an access token is printed with. */
export interface PrintableToken {
  readonly accessToken: string;
  readonly expiresAt: Date;
  readonly scopes: readonly string[];
  readonly tenantId: string;
  readonly clientId: string;
  /** `undefined` for an application. */
  readonly account: { readonly username: string; readonly objectId: string; readonly tenantId: string } | undefined;
}

/** The forms of `token --output`. */
export const tokenOutputs = ['raw', 'json', 'header', 'env', 'az', 'exec-credential'] as const;
/** One form of `token --output`. */
export type TokenOutput = (typeof tokenOutputs)[number];

/** The shells of `token --shell`. */
export const shells = ['bash', 'fish', 'powershell'] as const;
/** One shell of `token --shell`. */
export type Shell = (typeof shells)[number];

/** Renders an access token for whatever consumes it; ends with a newline. */
export function renderToken(token: PrintableToken, output: TokenOutput, shell: Shell): string {
  switch (output) {
    case 'raw':
      return `${token.accessToken}\n`;
    case 'header':
      return `Authorization: Bearer ${token.accessToken}\n`;
    case 'env':
      return renderVariable(token.accessToken, shell);
    case 'json':
      return renderJson(jsonOf(token), 2);
    case 'az':
      return renderJson(azOf(token), 2);
    case 'exec-credential':
      return renderJson(execCredentialOf(token), 2);
  }
}

function renderVariable(accessToken: string, shell: Shell): string {
  // A token of Entra's needs no quotes; another server's might.
  const isPlain = /^[\w.~+/=-]+$/.test(accessToken);
  switch (shell) {
    case 'bash':
      return `export ENTRA_ACCESS_TOKEN=${isPlain ? accessToken : `'${accessToken.replaceAll("'", String.raw`'\''`)}'`}\n`;
    case 'fish':
      return `set -gx ENTRA_ACCESS_TOKEN '${accessToken.replaceAll(/['\\]/g, String.raw`\$&`)}'\n`;
    case 'powershell':
      return `$Env:ENTRA_ACCESS_TOKEN = '${accessToken.replaceAll("'", "''")}'\n`;
  }
}

function jsonOf({ accessToken, expiresAt, scopes, tenantId, clientId, account }: PrintableToken): object {
  const { username, objectId } = account ?? {};
  return {
    accessToken,
    tokenType: 'Bearer',
    expiresAt: expiresAt.toISOString(),
    scopes,
    tenantId,
    clientId,
    account: account === undefined ? undefined : { username, objectId, tenantId: account.tenantId },
  };
}

/** What `az account get-access-token --output json` prints (Azure CLI 2.54 and later, with `expires_on`). */
function azOf({ accessToken, expiresAt, tenantId }: PrintableToken): object {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${expiresAt.getFullYear()}-${two(expiresAt.getMonth() + 1)}-${two(expiresAt.getDate())}`;
  const time = [expiresAt.getHours(), expiresAt.getMinutes(), expiresAt.getSeconds()].map(two).join(':');
  return {
    accessToken,
    expiresOn: `${day} ${time}.000000`,
    expires_on: Math.floor(expiresAt.getTime() / 1000),
    // az names the tenant where there is no subscription.
    subscription: tenantId,
    tenant: tenantId,
    tokenType: 'Bearer',
  };
}

/** An ExecCredential of kubectl's client-go credential plugins (client.authentication.k8s.io/v1). */
function execCredentialOf({ accessToken, expiresAt }: PrintableToken): object {
  return {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false },
    status: { expirationTimestamp: `${expiresAt.toISOString().slice(0, 19)}Z`, token: accessToken },
  };
}
