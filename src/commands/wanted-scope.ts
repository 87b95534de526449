import { EntraLoginError } from '../errors.ts';

/** Answers the scopes that `--scope` or `--resource` names, if any. Throws `usage` for both. */
export function wantedScope(options: {
  readonly scope?: readonly string[] | undefined;
  readonly resource?: string | undefined;
}): readonly string[] | undefined {
  const { scope, resource } = options;
  if (resource === undefined) return scope;
  if (scope === undefined) return [`${resource}/.default`];
  throw new EntraLoginError('usage', '--scope and --resource cannot be given together.', {
    hint: '--resource URI is short for --scope URI/.default',
  });
}
