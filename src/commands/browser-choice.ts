import type { Surroundings } from '../context.ts';

/** Why no browser can be expected to open here, in words; `undefined` where one can. */
export function whyNoBrowser(surroundings: Surroundings): string | undefined {
  if (surroundings.ci !== undefined) return `this is a CI job (${surroundings.ci} is set)`;
  if (surroundings.codespaces) return 'this is a GitHub Codespace';
  if (surroundings.cloudShell) return 'this is Azure Cloud Shell';
  if (surroundings.ssh) return 'this is an SSH connection';
  if (surroundings.wsl) return undefined; // Windows' browser reaches it
  if (surroundings.container) return 'this is a container';
  return surroundings.display ? undefined : 'there is no display';
}
