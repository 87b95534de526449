import type { Surroundings } from '../context.ts';

/** What tells the surroundings apart. */
export interface SurroundingsSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The kernel's release, which tells WSL from Linux. */
  readonly release: string;
  /** Tells whether a file exists (`/.dockerenv`, `/run/.containerenv`). */
  readonly exists: (path: string) => boolean;
}

// CI is what nearly all set; the others are runners that do not, or not always.
const ciVariables = [
  'CI',
  'GITHUB_ACTIONS',
  'TF_BUILD',
  'GITLAB_CI',
  'JENKINS_URL',
  'TEAMCITY_VERSION',
  'CODEBUILD_BUILD_ID',
];

/** Reads what the surroundings are; what follows from them is decided elsewhere. */
export function readSurroundings({ env, platform, release, exists }: SurroundingsSources): Surroundings {
  const isSet = (name: string): boolean => !['', 'false', '0', undefined].includes(env[name]?.toLowerCase());
  const isLinux = platform === 'linux';
  const ssh = ['SSH_CONNECTION', 'SSH_TTY', 'SSH_CLIENT'].some(isSet);
  const container =
    isLinux && (isSet('KUBERNETES_SERVICE_HOST') || exists('/.dockerenv') || exists('/run/.containerenv'));
  return {
    ci: ciVariables.find(isSet),
    ssh,
    // On Macs and Windows the display is the person's at the machine, not that of SSH.
    display: (!ssh && ['darwin', 'win32'].includes(platform)) || isSet('DISPLAY') || isSet('WAYLAND_DISPLAY'),
    // Docker on Windows runs containers on WSL's kernel; no Windows browser can be had from inside.
    wsl: isLinux && !container && (isSet('WSL_DISTRO_NAME') || /microsoft/i.test(release)),
    container,
    codespaces: isSet('CODESPACES'),
    cloudShell: isSet('ACC_CLOUD') || env['AZUREPS_HOST_ENVIRONMENT']?.startsWith('cloud-shell') === true,
  };
}
