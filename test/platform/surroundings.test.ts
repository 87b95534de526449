import { expect, test } from 'vitest';
import type { Surroundings } from '../../src/context.ts';
import type { SurroundingsSources } from '../../src/platform/surroundings.ts';
import { readSurroundings } from '../../src/platform/surroundings.ts';

const desk: Surroundings = {
  ...{ ci: undefined, ssh: false, display: true, wsl: false },
  ...{ container: false, codespaces: false, cloudShell: false },
};
const read = (changes: Partial<SurroundingsSources>): Surroundings =>
  readSurroundings({ env: {}, platform: 'linux', release: '6.8.0-generic', exists: () => false, ...changes });
const wslRelease = '5.15.153.1-microsoft-standard-WSL2';

test.each<[string, Partial<SurroundingsSources>, Partial<Surroundings>]>([
  ['a Linux desktop with X', { env: { DISPLAY: ':0' } }, {}],
  ['a Linux desktop with Wayland', { env: { WAYLAND_DISPLAY: 'wayland-0' } }, {}],
  ['a Linux machine without display', {}, { display: false }],
  ['a Mac', { platform: 'darwin' }, {}],
  ['a Windows machine', { platform: 'win32' }, {}],
  ['SSH', { platform: 'darwin', env: { SSH_CONNECTION: '::1 1 ::1 22' } }, { ssh: true, display: false }],
  ['SSH by its terminal', { platform: 'darwin', env: { SSH_TTY: '/dev/pts/0' } }, { ssh: true, display: false }],
  ['SSH by its client', { platform: 'darwin', env: { SSH_CLIENT: '::1 1 22' } }, { ssh: true, display: false }],
  ['SSH with the display sent along', { env: { SSH_TTY: '/dev/pts/0', DISPLAY: 'localhost:10.0' } }, { ssh: true }],
  ['WSL by its variable', { env: { WSL_DISTRO_NAME: 'Ubuntu' } }, { wsl: true, display: false }],
  ['WSL by its kernel', { release: wslRelease }, { wsl: true, display: false }],
  ['no WSL on another system', { platform: 'darwin', release: wslRelease, env: { WSL_DISTRO_NAME: 'x' } }, {}],
  ['Docker', { exists: (path) => path === '/.dockerenv' }, { container: true, display: false }],
  [
    'Docker on WSL’s kernel, which is no WSL',
    { release: wslRelease, exists: (path) => path === '/.dockerenv' },
    { container: true, display: false },
  ],
  ['Podman', { exists: (path) => path === '/run/.containerenv' }, { container: true, display: false }],
  ['Kubernetes', { env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } }, { container: true, display: false }],
  ['no container on another system', { platform: 'win32', exists: () => true }, {}],
  ['Codespaces', { platform: 'darwin', env: { CODESPACES: 'true' } }, { codespaces: true }],
  ['Cloud Shell', { platform: 'darwin', env: { ACC_CLOUD: 'PROD' } }, { cloudShell: true }],
  [
    'Cloud Shell by PowerShell’s host',
    { platform: 'darwin', env: { AZUREPS_HOST_ENVIRONMENT: 'cloud-shell/1.0' } },
    { cloudShell: true },
  ],
  ['another host of PowerShell', { platform: 'darwin', env: { AZUREPS_HOST_ENVIRONMENT: 'ADO/custom' } }, {}],
])('%s', (_what, sources, expected) => {
  expect(read(sources)).toEqual({ ...desk, ...expected });
});

test.each(['CI', 'GITHUB_ACTIONS', 'TF_BUILD', 'GITLAB_CI', 'JENKINS_URL', 'TEAMCITY_VERSION', 'CODEBUILD_BUILD_ID'])(
  '%s tells a CI job and is named',
  (name) => {
    expect(read({ platform: 'darwin', env: { [name]: 'yes' } })).toEqual({ ...desk, ci: name });
  },
);

test.each(['', '0', 'false', 'False'])('a variable that is %j is not set', (value) => {
  const env = { CI: value, SSH_TTY: value, DISPLAY: value, CODESPACES: value, ACC_CLOUD: value };
  expect(read({ env })).toEqual({ ...desk, display: false });
});
