// Runs test/soak with its full numbers: 8 tokens a day for 90 emulated days, 10,000 calls in a row, 1,000 processes.
import { spawnSync } from 'node:child_process';

const env = {
  ENTRA_LOGIN_SOAK_CALLS: '8',
  ENTRA_LOGIN_SOAK_TOKENS: '10000',
  ENTRA_LOGIN_SOAK_PROCESSES: '1000',
  ...process.env,
};
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'parts', 'test/soak'];
const { status } = spawnSync(process.execPath, vitest, { env, stdio: 'inherit' });
process.exitCode = status ?? 1;
