import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../support/program.ts';
import { nodeBinary, startMachine, whyMissing } from '../support/program.ts';

const program = fileURLToPath(new URL('../../bin/entra-login.cjs', import.meta.url));

let machine: Machine;
let env: Record<string, string>;
beforeAll(async () => {
  machine = await startMachine();
  const bin = join(machine.home, 'bin');
  mkdirSync(bin);
  symlinkSync(program, join(bin, 'entra-login'));
  symlinkSync(nodeBinary, join(bin, 'node'));
  const config = join(machine.home, 'config');
  mkdirSync(config);
  writeFileSync(join(config, 'config.json'), '{"profiles":{"work":{},"home":{}}}');
  writeFileSync(join(machine.home, 'key one.pem'), '');
  env = { ...machine.env, PATH: `${bin}:${machine.env['PATH']}`, ENTRA_LOGIN_CONFIG_DIR: config, TERM: 'xterm' };
});
afterAll(() => machine.close());

/** Runs a script in a shell, in a directory with one file; answers its lines. */
function runShell(words: readonly string[], script: string): string[] {
  const [shell = '', ...rest] = words;
  const ran = spawnSync(shell, [...rest, script], { cwd: machine.home, env, encoding: 'utf8', timeout: 20_000 });
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
  return ran.stdout.split('\n').slice(0, -1);
}

/** What each shell must answer at a Tab after these words; `_` for a word not begun. */
const cases: readonly (readonly [words: string, expected: readonly string[]])[] = [
  ['lo', ['login', 'logout']],
  ['token --output e', ['env', 'exec-credential']],
  ['whoami --profile _', ['home', 'work']],
  ['explain 50105', ['50105']],
  ['login --login-h', ['--login-hint']],
  ['token --client-certificate key', ['key one.pem']],
  ['exec -- unam', ['uname']],
  ['exec --resource x -- cat key', ['key one.pem']],
];

describe.skipIf(whyMissing(['bash'], 'bash') !== undefined)('in bash, a Tab', () => {
  it.each(cases)('after "%s" offers what can stand there', (words, expected) => {
    const typed = words.split(' ').map((word) => (word === '_' ? "''" : word));
    const script = `source <(entra-login completion bash)
COMP_WORDS=(entra-login ${typed.join(' ')}); COMP_CWORD=${typed.length}
_entra_login entra-login "\${COMP_WORDS[COMP_CWORD]}"
printf '%s\\n' "\${COMPREPLY[@]}" | sort -u`;
    expect(runShell(['bash', '--norc', '-c'], script)).toEqual(expected);
  });

  it('completes after the = that bash makes a word of its own', () => {
    const script = `source <(entra-login completion bash)
COMP_WORDS=(entra-login token --output =); COMP_CWORD=3; _entra_login entra-login ''; echo "\${COMPREPLY[*]}"
COMP_WORDS=(entra-login token --output = js); COMP_CWORD=4; _entra_login entra-login js; echo "\${COMPREPLY[*]}"`;
    expect(runShell(['bash', '--norc', '-c'], script)).toEqual(['raw json header env az exec-credential', 'json']);
  });
});

describe.skipIf(whyMissing(['zsh'], 'zsh') !== undefined)('in zsh, a Tab', () => {
  it.each(cases)('after "%s" offers what can stand there', (words, expected) => {
    const typed = words.replace(/_$/, '');
    // A function in place of the builtin writes down what it was given, as zsh's own tests of completion do it.
    const script = `zmodload zsh/zpty
zpty -b shell zsh -f -i
wait_for() { zpty -r shell seen "*$1*" }
zpty -w shell 'PS1=; autoload -U compinit; compinit -u -D; source <(entra-login completion zsh); print rea""dy'
wait_for ready
zpty -w shell 'compadd() { local -a hits; builtin compadd -O hits "$@"; print -rl -- $hits >>offered; builtin compadd "$@" }; print rea""dy2'
wait_for ready2
zpty -w -n shell $'entra-login ${typed}\\t\\C-u'
zpty -w shell 'print do""ne'
wait_for done
tr -d '\\\\' <offered | sort -u | grep .; rm offered`;
    expect(runShell(['zsh', '-f', '-c'], script)).toEqual(expected);
  });
});

describe.skipIf(whyMissing(['fish'], 'fish') !== undefined)('in fish, a Tab', () => {
  it.each(cases)('after "%s" offers what can stand there', (words, expected) => {
    const typed = words.replace(/_$/, '');
    const script = `entra-login completion fish | source; complete -C "entra-login ${typed}"`;
    const offered = runShell(['fish', '--no-config', '-c'], script).map((line) => line.split('\t')[0]);
    expect(offered.map((one) => one?.replaceAll('\\', ''))).toEqual(expected);
  });
});
