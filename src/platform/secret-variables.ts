/**
 * Environment variables that hold a secret, password or token of a sign-in; child processes do without them.
 * Ours, the Azure SDKs', and those of the runners whose identity `--client-credentials` and `--managed-identity` use.
 */
export const secretVariables = [
  'ENTRA_LOGIN_CLIENT_SECRET',
  // Of an `exec` around us; the one of ours is put in afterwards.
  'ENTRA_ACCESS_TOKEN',
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'AZURE_PASSWORD',
  'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
  'SYSTEM_ACCESSTOKEN',
  'IDENTITY_HEADER',
  'MSI_SECRET',
] as const;

/** Copies an environment without them; Windows ignores the case of names, so case is ignored everywhere. */
export function withoutSecretVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const secret = new Set<string>(secretVariables);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !secret.has(name.toUpperCase())));
}
