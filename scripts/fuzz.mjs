// Tests the properties of test/fuzz with new seeds, round after round, until Ctrl-C or for the minutes given:
// npm run fuzz -- 30. Prints what was tried and found; failing seeds go to coverage/fuzz-failures.jsonl.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';

const failures = 'coverage/fuzz-failures.jsonl';
const reports = 'coverage/fuzz-round.jsonl';
// Each property gets as long in each round: a minute a round, so that no end is far.
const seconds = process.env.ENTRA_LOGIN_FUZZ_SECONDS ?? '3';
const minutes = Number(process.argv[2] ?? Infinity);
if (!(minutes > 0)) throw new Error('usage: npm run fuzz -- [MINUTES]');

const endsAt = Date.now() + minutes * 60_000;
const total = { rounds: 0, cases: 0, failures: 0 };
const properties = new Map();
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => stop.abort());

mkdirSync('coverage', { recursive: true });
while (!stop.signal.aborted && Date.now() < endsAt) {
  rmSync(reports, { force: true });
  const seed = randomInt(2 ** 31);
  const output = await runRound(seed);
  const lines = existsSync(reports) ? readFileSync(reports, 'utf8').trim().split('\n').filter(Boolean) : [];
  const round = lines.map((line) => JSON.parse(line));
  for (const { file, name, cases, failure } of round) {
    properties.set(`${file} ${name}`, (properties.get(`${file} ${name}`) ?? 0) + cases);
    total.cases += cases;
    if (failure === undefined) continue;
    total.failures += 1;
    appendFileSync(failures, `${JSON.stringify({ file, name, ...failure, at: new Date().toISOString() })}\n`);
    console.log(
      `found: ${name}\n  ENTRA_LOGIN_FUZZ_SEED=${failure.seed} ENTRA_LOGIN_FUZZ_PATH=${failure.path} npx vitest run ${file} -t "${name}"`,
    );
  }
  // What broke without a property failing: an exception that nobody caught.
  if (output !== undefined && !stop.signal.aborted && round.every(({ failure }) => failure === undefined)) {
    total.failures += 1;
    console.log(output);
  }
  total.rounds += 1;
  console.log(`round ${total.rounds}, seed ${seed}: ${total.cases} cases so far, ${total.failures} failures`);
}
rmSync(reports, { force: true });
console.log(
  `\n${total.rounds} rounds, ${total.cases} cases of ${properties.size} properties, ${total.failures} failures`,
);
if (total.failures > 0) console.log(`The seeds stand in ${failures}.`);
process.exitCode = total.failures === 0 ? 0 : 1;

/** Answers what vitest said, if it failed. */
async function runRound(seed) {
  const env = {
    ...process.env,
    ENTRA_LOGIN_FUZZ_SEED: String(seed),
    ENTRA_LOGIN_FUZZ_SECONDS: seconds,
    ENTRA_LOGIN_FUZZ_REPORT: reports,
  };
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'parts', 'test/fuzz'];
  const child = spawn(process.execPath, vitest, {
    env,
    signal: stop.signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  child.on('error', () => {}); // stopped
  const code = await new Promise((resolve) => child.once('close', resolve));
  return code === 0 ? undefined : output;
}
