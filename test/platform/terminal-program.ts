import process from 'node:process';
import { EntraLoginError } from '../../src/errors.ts';
import { createInput, createOutput } from '../../src/platform/terminal.ts';

/** Tells what the ports say of this process's streams, then reads lines as its arguments say: `hidden`, `shown`, `aborted`. */
async function main(): Promise<void> {
  const controller = new AbortController();
  const sources = { env: process.env, argv: [] };
  const stdout = createOutput({ descriptor: 1, open: () => process.stdout }, sources);
  const stderr = createOutput({ descriptor: 2, open: () => process.stderr }, sources);
  const stdin = createInput(() => process.stdin);
  const tell = (what: object): void => stdout.write(`${JSON.stringify(what)}\n`);
  const outputs = [stdout, stderr].map(({ isTerminal, columns, colorLevel }) => ({ isTerminal, columns, colorLevel }));
  tell({ stdin: stdin.isTerminal, outputs });
  for (const word of process.argv.slice(2)) {
    const reading = stdin.readLine({ hidden: word !== 'shown', signal: controller.signal });
    tell({ reads: word });
    if (word === 'aborted') controller.abort(new EntraLoginError('timeout', 'Nobody answered.'));
    await reading.then(
      (line) => tell({ line: line ?? 'none', length: line?.length }),
      (error: EntraLoginError) => tell({ code: error.code, message: error.message }),
    );
  }
}

void main();
