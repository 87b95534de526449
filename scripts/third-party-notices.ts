import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

/** Where the notices stand, beside the bundle. */
const noticesFile = 'THIRD-PARTY-NOTICES.md';

/**
 * Writes the licences of the packages that are really in the bundle beside it, as they ask for. A package without a
 * licence text fails the build.
 */
export function thirdPartyNotices(): Plugin {
  return {
    name: 'third-party notices',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const packages = [...new Set(modules.map(packageOf).filter((directory) => directory !== undefined))];
      const source = `${head}\n${packages.map(describe).toSorted().join('\n')}`;
      this.emitFile({ type: 'asset', fileName: noticesFile, source });
    },
  };
}

const head = `# Third-party notices

entra-login's files contain code of these packages. \`@napi-rs/keyring\`, which is installed beside it, has its own.
`;

/** The directory of the package that a module belongs to; `undefined` for our own. */
function packageOf(id: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];
}

function describe(directory: string): string {
  const text = readFileSync(join(directory, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text) as Record<'name' | 'version' | 'license', string>;
  const file = readdirSync(directory).find((one) => /^licen[cs]e(?:\.\w+)?$/i.test(one));
  if (file === undefined || !existsSync(join(directory, file))) throw new Error(`${name} has no licence text.`);
  const licence = readFileSync(join(directory, file), 'utf8').trim();
  return `## ${name}@${version} (${license})\n\n\`\`\`text\n${licence}\n\`\`\`\n`;
}
