import { expect, test } from 'vitest';
import { whyNoBrowser } from '../../src/commands/browser-choice.ts';
import type { Surroundings } from '../../src/context.ts';

const desk: Surroundings = {
  ...{ ci: undefined, ssh: false, display: true, wsl: false },
  ...{ container: false, codespaces: false, cloudShell: false },
};

test.each<[Partial<Surroundings>, string | undefined]>([
  [{}, undefined],
  [{ ci: 'GITHUB_ACTIONS' }, 'this is a CI job (GITHUB_ACTIONS is set)'],
  [{ codespaces: true, container: true }, 'this is a GitHub Codespace'],
  [{ cloudShell: true, container: true }, 'this is Azure Cloud Shell'],
  [{ ssh: true }, 'this is an SSH connection'],
  [{ ssh: true, wsl: true }, 'this is an SSH connection'],
  [{ wsl: true, display: false }, undefined],
  [{ container: true }, 'this is a container'],
  [{ display: false }, 'there is no display'],
  [{ ci: 'CI', ssh: true, display: false }, 'this is a CI job (CI is set)'],
])('%j: %s', (surroundings, reason) => {
  expect(whyNoBrowser({ ...desk, ...surroundings })).toBe(reason);
});
