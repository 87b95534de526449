import { installPackage } from '../test/support/installed-package.ts';
import { judge } from './goals.ts';
import type { Row } from './report.ts';

/** Installs the packed package into the directory and compares what came with the goals. */
export function judgeInstalled(directory: string): Row[] {
  const { kilobytes, packages } = installPackage(directory);
  return [
    judge('installed size from the packed tarball, MB', 6, kilobytes / 1024, 1),
    judge('packages installed from it', 3, packages.length, 0),
  ];
}
