import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../src/errors.ts';

const architecture = readFileSync('docs/architecture.md', 'utf8');
const readme = readFileSync('README.md', 'utf8');
const answers = [...architecture.matchAll(/^\| ([^|]+?) +\| `(src\/[^`]+)` +\| `(\w+)` +\|$/gm)];

describe('docs/architecture.md', () => {
  it('answers at least twelve where-is questions', () => {
    expect(answers.length).toBeGreaterThanOrEqual(12);
  });

  it.each(answers.map(([, question = '', file = '', name = '']) => [question, file, name] as const))(
    'tells the truth about %s',
    (_question, file, name) => {
      const exported = readFileSync(file, 'utf8').matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm);
      expect([...exported].map(([, found]) => found)).toContain(name);
    },
  );

  it('names functions of the walk that exist', () => {
    const walk = architecture.slice(
      architecture.indexOf('## `entra-login login`'),
      architecture.indexOf('## Where is'),
    );
    const names = [...walk.matchAll(/`([a-z]+[A-Z]\w+)`/g)].map(([, name = '']) => name);
    const files = [
      ...['src/commands/login.ts', 'src/commands/login-store.ts', 'src/settings.ts', 'src/tokens/sign-in.ts'],
      ...['src/auth/discovery.ts', 'src/auth/authorization-code.ts', 'src/auth/browser-sign-in.ts'],
      ...['src/auth/redirect/listener.ts', 'src/auth/redirect/page.ts', 'src/auth/token-endpoint.ts'],
      ...['src/auth/id-token.ts', 'src/render/claims.ts'],
      ...['src/commands/sign-in-person.ts', 'src/commands/sign-in-flow.ts', 'src/commands/flow-choice.ts'],
      'src/auth/device-code.ts',
    ];
    const sources = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !new RegExp(`function ${name}\\b`).test(sources))).toEqual([]);
  });
});

describe('README.md', () => {
  it('begins with the two commands', () => {
    const [, block = ''] = /```sh\n([^`]*)```/.exec(readme) ?? [];
    expect(block.split('\n').map((line) => line.replace(/\s*#.*/, ''))).toEqual(['npm run demo', 'npm test', '']);
  });

  it('lists every exit code that there is', () => {
    const listed = new Set([...readme.matchAll(/^\| (\d+) +\| /gm)].map(([, code]) => Number(code)));
    // 9 comes with `doctor`.
    const used = Object.values(exitCodes).filter((code) => code !== exitCodes.check_failed);
    expect([...new Set(used)].filter((code) => !listed.has(code))).toEqual([]);
  });
});
