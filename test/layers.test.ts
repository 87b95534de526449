import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

// A tree of its own with the real rules, in which each planted file breaks one.
const root = mkdtempSync(join(tmpdir(), 'entra-login-layers-'));
afterAll(() => rmSync(root, { recursive: true }));

const planted: readonly (readonly [file: string, source: string, rule: string])[] = [
  ['src/auth/a1.ts', "import { x } from '../tokens/x.ts';", 'no-restricted-imports'],
  ['src/auth/a2.ts', "import { x } from '../commands/x.ts';", 'no-restricted-imports'],
  ['src/auth/a3.ts', "import { x } from '../platform/x.ts';", 'no-restricted-imports'],
  ['src/auth/a4.ts', "import { x } from '../render/x.ts';", 'no-restricted-imports'],
  ['src/auth/a5.ts', "import { x } from 'node:fs';", 'no-restricted-imports'],
  ['src/auth/a6.ts', "import { x } from 'commander';", 'no-restricted-imports'],
  ['src/auth/redirect/a7.ts', "import { x } from '../../tokens/x.ts';", 'no-restricted-imports'],
  ['src/auth/redirect/a8.ts', "import { x } from '../../render/x.ts';", 'no-restricted-imports'],
  ['src/auth/redirect/a9.ts', "import { x } from 'node:fs';", 'no-restricted-imports'],
  ['src/tokens/t1.ts', "import { x } from '../platform/x.ts';", 'no-restricted-imports'],
  ['src/tokens/t2.ts', "import { x } from '../commands/x.ts';", 'no-restricted-imports'],
  ['src/tokens/t3.ts', "import { x } from 'node:child_process';", 'no-restricted-imports'],
  ['src/commands/c1.ts', "import { x } from '../platform/x.ts';", 'no-restricted-imports'],
  ['src/commands/c2.ts', "import { x } from '../emulator/x.ts';", 'no-restricted-imports'],
  ['src/commands/c3.ts', "import { x } from '@napi-rs/keyring';", 'no-restricted-imports'],
  ['src/commands/c4.ts', "import { x } from '@clack/prompts';", 'no-restricted-imports'],
  ['src/render/r1.ts', "import { x } from '../auth/x.ts';", 'no-restricted-imports'],
  ['src/render/r2.ts', "import { x } from 'node:fs';", 'no-restricted-imports'],
  ['src/platform/p1.ts', "import { x } from '../auth/x.ts';", 'no-restricted-imports'],
  ['src/platform/p2.ts', "import { x } from '../commands/x.ts';", 'no-restricted-imports'],
  ['src/emulator/e1.ts', "import { x } from '../auth/x.ts';", 'no-restricted-imports'],
  ['src/emulator/e2.ts', "import { x } from 'openid-client';", 'no-restricted-imports'],
  ['src/cli.ts', "import { x } from './platform/x.ts';", 'no-restricted-imports'],
  ['src/settings.ts', "import { x } from './commands/x.ts';", 'no-restricted-imports'],
  ['src/context.ts', "import { x } from './auth/x.ts';", 'no-restricted-imports'],
  ['src/auth/g1.ts', 'process.exitCode = 1;', 'no-restricted-globals'],
  ['src/tokens/g2.ts', "void fetch('https://example.com');", 'no-restricted-globals'],
  ['src/render/g3.ts', "console.log('x');", 'no-console'],
  ['src/auth/d1.ts', 'export default 1;', 'no-default-export'],
  ['src/auth/y1.ts', "import { two } from './y2.ts';\nexport const one = (): number => two();", 'no-cycle'],
  ['src/auth/y2.ts', "import { one } from './y1.ts';\nexport const two = (): number => one();", 'no-cycle'],
];

const allowed: readonly (readonly [file: string, source: string])[] = [
  [
    'src/auth/redirect/ok0.ts',
    "import { x } from '../json.ts';\nimport { z } from '../../errors.ts';\nexport const y = [x, z];",
  ],
  ['src/render/ok1.ts', "import type { X } from '../auth/x.ts';\nexport type Y = X;"],
  ['src/commands/demo.ts', "import { x } from '../emulator/x.ts';\nexport const y = x;"],
  ['src/commands/setup-prompts.ts', "import { x } from '@clack/prompts';\nexport const y = x;"],
  ['src/platform/ok2.ts', "import { x } from 'node:fs';\nexport const y = x;"],
  [
    'src/tokens/ok3.ts',
    "import { x } from '../auth/x.ts';\nimport { z } from '../errors.ts';\nexport const y = [x, z];",
  ],
];

describe('the linter', () => {
  it('refuses each planted breach of the layers, and nothing that is allowed', async () => {
    for (const [file, source] of [...planted, ...allowed]) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), `${source}\n`);
    }
    // Rules that need types ask for a whole project; the layers do not.
    const rules = JSON.parse(readFileSync('.oxlintrc.json', 'utf8')) as { options: object };
    writeFileSync(join(root, '.oxlintrc.json'), JSON.stringify({ ...rules, options: {} }));
    symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
    const oxlint = resolve('node_modules/oxlint/bin/oxlint');
    const run = promisify(execFile)(process.execPath, [oxlint, '--format', 'json', 'src'], { cwd: root });
    const stdout = await run.then(
      (result) => result.stdout,
      (error: { stdout: string }) => error.stdout,
    );
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
    const found = (file: string): string[] => diagnostics.filter((d) => d.filename === file).map(({ code }) => code);
    const missed = planted.filter(([file, , rule]) => !found(file).some((code) => code.includes(rule)));
    const tooMuch = allowed.filter(([file]) => found(file).some((code) => code.includes('restricted')));
    expect({ missed, tooMuch }).toEqual({ missed: [], tooMuch: [] });
  });
});
