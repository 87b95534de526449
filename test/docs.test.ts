import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findAadsts } from '../src/auth/aadsts.ts';
import { exitCodes } from '../src/errors.ts';
import type { World } from './support/world.ts';
import { startWorld } from './support/world.ts';

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
    expect([...new Set(Object.values(exitCodes))].filter((code) => !listed.has(code))).toEqual([]);
  });

  it('names AADSTS codes that are explained here', () => {
    const codes = [...readme.matchAll(/AADSTS(\d+)/g)].map(([, digits]) => Number(digits));
    expect(codes.length).toBeGreaterThan(10);
    expect(codes.filter((code) => findAadsts(code) === undefined)).toEqual([]);
  });

  it('is short enough to be read', () => {
    expect(readme.split('\n').length).toBeLessThan(250);
  });
});

// Commands that the README tells of and that are not in the program yet.
const notYet: readonly string[] = [];

describe('the command lines of README.md and docs/*.md', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.close());

  const documents = ['README.md', ...list('docs', '.md')];
  const commandLines = documents.flatMap((file) => findCommandLines(readFileSync(file, 'utf8')));

  it('are found', () => {
    expect(commandLines.length).toBeGreaterThan(40);
  });

  it('name commands and options that the program has', async () => {
    const helps = new Map<string, string>();
    const helpOf = async (command: string): Promise<string> => {
      const help = helps.get(command) ?? (await world.run([command, '--help'])).stdout;
      helps.set(command, help);
      return help;
    };
    const program = (await world.run(['--help'])).stdout;
    const wrong: string[] = [];
    for (const line of commandLines) {
      const [command = '', ...words] = line.split(' ');
      if (notYet.includes(command)) continue;
      const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
      const options = own.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''));
      const isCommand = program.includes(`\n  ${command} `);
      const help = isCommand ? await helpOf(command) : program;
      if ((!isCommand && !command.startsWith('-')) || options.some((option) => !has(help, option))) wrong.push(line);
    }
    expect(wrong).toEqual([]);
  });

  it('leave out of the check only commands that are not there yet', async () => {
    const program = (await world.run(['--help'])).stdout;
    expect(notYet.filter((command) => program.includes(`\n  ${command} `))).toEqual([]);
  });
});

describe('README.md and docs/', () => {
  it.each(['README.md', 'CHANGELOG.md', ...list('docs', '.md'), ...list('docs/decisions', '.md')])(
    'has no broken link: %s',
    (file) => {
      const text = readFileSync(file, 'utf8');
      const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
      const broken = targets
        .filter((target) => !/^https?:/.test(target))
        .filter((target) => !leadsSomewhere(file, target));
      expect(broken).toEqual([]);
    },
  );

  it('names test files that exist', () => {
    const named = [...readFileSync('docs/comparison.md', 'utf8').matchAll(/`(test\/[\w./-]+\.ts)`/g)];
    expect(named.length).toBeGreaterThan(20);
    expect(named.map(([, file = '']) => file).filter((file) => !existsSync(file))).toEqual([]);
  });

  it('shows images that load and run nothing', () => {
    const images = list('docs/images', '.svg').map((file) => readFileSync(file, 'utf8'));
    expect(images.length).toBeGreaterThan(1);
    const addresses = /(?:href|src)\s*=|url\((?!#)|@import/;
    expect(images.filter((image) => /<script|\son\w+=|<foreignObject/i.test(image) || addresses.test(image))).toEqual(
      [],
    );
    // What a token begins with, longer than the demo shows of one.
    expect(images.filter((image) => /eyJ[\w-]{8}/.test(image))).toEqual([]);
  });
});

/** What follows `entra-login` in fenced shell lines and in code spans, up to a comment, a pipe or the end. */
function findCommandLines(text: string): string[] {
  const fenced = [...text.matchAll(/```(?:sh|bash|yaml)\n([^]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const spans = [...text.replaceAll(/```[^]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
  const lines = [...fenced.map((line) => line.replace(/\s#.*$/, '')), ...spans];
  const found = lines.flatMap((line) => [
    ...line.matchAll(/(?:^|[\s!(<"'])entra-login ((?:[a-z-][\w-]*)(?: [^|#;)&>`]+)?)/g),
  ]);
  return found.map(([, words = '']) => words.trim().replaceAll(/\s+/g, ' '));
}

function has(help: string, option: string): boolean {
  return new RegExp(`${option}(?![\\w-])`).test(help);
}

function leadsSomewhere(file: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const to = path === '' ? file : join(dirname(file), path);
  if (!existsSync(to)) return false;
  if (anchor === undefined || !to.endsWith('.md')) return true;
  const headings = [...readFileSync(to, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slugOf(heading));
  return headings.includes(anchor);
}

/** As GitHub makes anchors of headings. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

function list(folder: string, ending: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);
}
