import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { TestKeyring } from '../test/support/keyring.ts';
import { startKeyring } from '../test/support/keyring.ts';
import { floors, gh, msal, ourBinary, ours } from './contenders.ts';
import { judgeHundred, judgeJourneys, judgeProcesses } from './goals.ts';
import { judgeInstalled } from './installed.ts';
import { measureJourneys } from './journeys.ts';
import type { Contender, Figures } from './measure.ts';
import { measure } from './measure.ts';
import type { Seed } from './profiles.ts';
import { seedHere, seedProfiles } from './profiles.ts';
import { renderTable, replaceBetweenMarkers } from './report.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    'without-msal': { type: 'boolean', default: false },
    'without-journeys': { type: 'boolean', default: false },
    seed: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const temporary = mkdtempSync(join(tmpdir(), 'entra-login-bench-'));
const keyrings: TestKeyring[] = [];

let kilobytes = 0;

async function prepare(resources: number, profiles: number, kind: Seed['kind'] = 'keychain'): Promise<TestKeyring> {
  const keyring = await startKeyring();
  keyrings.push(keyring);
  const size = seedProfiles(keyring, { kind, resources, profiles });
  if (resources === 1) kilobytes = size / 1_000;
  return keyring;
}

async function run(): Promise<void> {
  const one = await prepare(1, 1);
  const file = await prepare(1, 1, 'file');
  const eight = await prepare(8, 1);
  const twenty = await prepare(20, 1);
  const many = await prepare(32, 1);
  const ten = await prepare(1, 10);
  const hundred = await prepare(1, 100);
  const contenders: Contender[] = [
    ...floors(one),
    ...gh(one),
    ...(options['without-msal'] ? [] : [msal(one, temporary)]),
    ours('token, keychain', one, ['token']),
    ours('token, file', file, ['token']),
    ...ourBinary('token, keychain, standalone binary', one, ['token']),
    ...ourBinary('token, file, standalone binary', file, ['token']),
    ours('whoami', one, ['whoami'], /^Name /),
    ours('--help', one, ['--help'], /^Usage: /),
    ours('--version', one, ['--version'], /^\d+\.\d+\.\d+/),
    ours('token, 8 kept resources', eight, ['token']),
    ours('token, 20 kept resources', twenty, ['token']),
    ours('token, 32 kept resources', many, ['token']),
    ours('token, 10 profiles', ten, ['token']),
    ours('token, 100 profiles', hundred, ['token']),
  ];
  const load = loadavg()[0]?.toFixed(2);
  const figures = measure(contenders, rounds);
  const parts = [
    describeMachine(load),
    renderFigures(figures),
    renderTable(['goal', 'at most', 'measured', ''], judgeProcesses(figures)),
  ];
  if (!options['without-journeys']) {
    const journeys = await measureJourneys(Math.ceil(rounds / 2));
    parts.push(
      renderTable(['goal', 'at most', 'measured', ''], [...judgeJourneys(journeys), ...judgeHundred(journeys)]),
    );
  }
  parts.push(renderTable(['goal', 'at most', 'measured', ''], judgeInstalled(join(temporary, 'installed'))));
  const text = parts.join('\n\n');
  process.stdout.write(`${text}\n`);
  if (options.write) replaceBetweenMarkers('docs/performance.md', text);
}

function describeMachine(load: string | undefined): string {
  const model = cpus()[0]?.model ?? '';
  const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  return (
    `${system}, Node ${process.versions.node}, ${cpus().length} × ${model.trim()}, load ${load} before it began, commit ` +
    `${commit}; ${rounds} rounds, a profile of ${kilobytes.toFixed(1)} kB; whole processes, milliseconds and MB.`
  );
}

function renderFigures(figures: ReadonlyMap<string, Figures>): string {
  const floor = figures.get('node -e 0')?.median ?? Number.NaN;
  const rows = [...figures].map(([name, { median, p10, p90, peakMegabytes }]) => [
    name,
    ...[median, p10, p90].map((value) => value.toFixed(1)),
    (median / floor).toFixed(2),
    peakMegabytes.toFixed(0),
  ]);
  return renderTable(['program', 'median', 'p10', 'p90', '× node -e 0', 'peak MB'], rows);
}

try {
  if (options.seed === undefined) await run();
  else process.stdout.write(String(await seedHere(JSON.parse(options.seed) as Seed)));
} finally {
  await Promise.all(keyrings.map((keyring) => keyring.stop()));
  rmSync(temporary, { recursive: true, force: true });
}
