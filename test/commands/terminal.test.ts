import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { webApplication } from '../../src/emulator/default-directory.ts';
import { EntraLoginError } from '../../src/errors.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.close());

interface Look {
  readonly argv: readonly string[];
  /** What is done to the world before each time the command line is run. */
  readonly before?: (world: World) => unknown;
  readonly options?: RunOptions;
  /** Nobody comes: it is ended once all is said and the countdown runs. */
  readonly endsByCtrlC?: boolean;
}

const signIn = (w: World): Promise<unknown> => w.run(['login', '--force']);
const web = { ENTRA_LOGIN_CLIENT_ID: webApplication.clientId };

// Everything that is written for people, command by command; a new command adds its lines here.
const looks: Readonly<Record<string, Look>> = {
  'login in a browser': { argv: ['login', '--force'] },
  'login with --verbose': { argv: ['login', '--force', '--verbose'] },
  'login of somebody signed in': { argv: ['login'], before: signIn },
  'login by hand': { argv: ['login', '--no-browser'], endsByCtrlC: true },
  'login with a browser that fails': {
    argv: ['login', '--no-fallback'],
    endsByCtrlC: true,
    options: { browser: () => Promise.resolve({ outcome: 'failed', reason: 'xdg-open ended with exit code 3' }) },
  },
  'login by device code': { argv: ['login', '--device-code'], endsByCtrlC: true },
  'login that falls back to a device code': {
    argv: ['login'],
    options: { surroundings: { ssh: true } },
    endsByCtrlC: true,
  },
  'login with a large screen': {
    argv: ['login', '--device-code'],
    endsByCtrlC: true,
    options: { size: { columns: 120, rows: 60 } },
  },
  'login by paste': { argv: ['login', '--manual'], options: { stdin: ['x', 'https://contoso.example/?code=y', 'z'] } },
  'login without a keychain': {
    argv: ['login'],
    options: { keychain: missingKeychain(), stdin: ['n'] },
  },
  'login that Entra refuses': { argv: ['login'], options: { env: web } },
  'login at an unknown tenant': { argv: ['login', '--tenant', 'nowhere.example'] },
  'login without a tenant': { argv: ['login'], options: { env: { ENTRA_LOGIN_TENANT: '' } } },
  whoami: { argv: ['whoami'], before: signIn },
  'whoami on a wide terminal': { argv: ['whoami'], before: signIn, options: { size: { columns: 120, rows: 40 } } },
  'whoami --userinfo': { argv: ['whoami', '--userinfo'], before: signIn },
  'whoami when nobody is signed in': { argv: ['whoami'] },
  'whoami of an absent claim': { argv: ['whoami', '--claim', 'x'], before: signIn },
  'token with a broken answer': {
    argv: ['token', '--refresh'],
    before: async (w) => {
      await signIn(w);
      w.emulator.injectFault({ endpoint: 'token', kind: 'html_page' });
    },
  },
  'token of an application without a credential': { argv: ['token', '--client-credentials'], options: { env: web } },
  logout: { argv: ['logout'], before: signIn },
  'logout of the browser too': { argv: ['logout', '--end-browser-session', '--no-browser'], before: signIn },
  'logout of nobody': { argv: ['logout', '--all'] },
  explain: { argv: ['explain', 'AADSTS50011', '53003'] },
  status: { argv: ['status'], before: signIn },
  config: { argv: ['config'] },
  'profile list': { argv: ['profile', 'list'] },
  'explain of an unknown code': { argv: ['explain', '999999'] },
  demo: { argv: ['demo'], options: { surroundings: { container: true } } },
  'an option that does not exist': { argv: ['login', '--nonsense'] },
  help: { argv: ['--help'] },
  ...Object.fromEntries(
    [
      ...['login', 'whoami', 'token', 'exec', 'git-credential', 'logout', 'explain', 'decode', 'completion', 'demo'],
      ...['setup', 'doctor', 'status', 'profile', 'config'],
    ].map((name) => [`${name} --help`, { argv: [name, '--help'] }]),
  ),
};

describe('on a terminal', () => {
  it.each(Object.entries(looks))('is the same in colours, less the escapes: %s', async (_what, look) => {
    const plain = await run(look, 0);
    const colored = await run(look, 1);
    expect(plain.stdout + plain.stderr).not.toMatch(/\u001b\[[\d;]*m/);
    expect(sameEachTime(withoutEscapes(colored))).toEqual(sameEachTime(withoutEscapes(plain)));
  });

  it.each(Object.entries(looks))('has no line wider than the terminal, URLs excepted: %s', async (_what, look) => {
    const { stdout, stderr } = await run(look, 0);
    const columns = look.options?.size?.columns ?? 80;
    const lines = withoutEscapes({ exitCode: 0, stdout, stderr: stderr.replaceAll('\r\u001b[K', '\n') });
    const wide = `${lines.stdout}\n${lines.stderr}`.split('\n').filter((line) => widthOf(line) > columns);
    expect(wide).toEqual([]);
  });
});

async function run({ argv, before, options, endsByCtrlC }: Look, colorLevel: 0 | 1): Promise<RunResult> {
  await before?.(world);
  const ctrlC = new AbortController();
  const end = (): void => ctrlC.abort(new EntraLoginError('cancelled', 'Cancelled.'));
  const onStderr = (text: string): void => {
    if (endsByCtrlC === true && text.includes('aiting for the sign-in')) setImmediate(end);
  };
  return await world.run(argv, { terminal: true, ...options, colorLevel, signal: ctrlC.signal, onStderr });
}

function withoutEscapes({ exitCode, stdout, stderr }: RunResult): RunResult {
  return { exitCode, stdout: stripVTControlCharacters(stdout), stderr: stripVTControlCharacters(stderr) };
}

/** Takes out what differs from one sign-in to the next: ports, random values, the countdown. */
function sameEachTime({ exitCode, stdout, stderr }: RunResult): RunResult {
  const same = (text: string): string =>
    text
      .replaceAll(/^((?:aio|nonce|rh|uti|sid) +).*(?:\n .*)*/gm, '$1')
      .replaceAll(/(localhost|127\.0\.0\.1)(?::|%3A)\d+(?:\/[\w-]{22}\b)?/g, '$1:PORT')
      .replaceAll(/\b(state|nonce|code_challenge|claims)=[^&\s]+/g, '$1=X')
      .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b/g, 'GUID')
      .replaceAll(/\b[A-Z0-9]{9}\b/g, 'CODE')
      .replaceAll(/^[█▀▄ ]{20,}$/gm, 'QR')
      .replaceAll(/(?:The browser came by; w|W)aiting for the sign-in, [\d:]+ left \(Ctrl-C ends it\)\r?/g, '')
      .replaceAll(/\d\d:\d\d:\d\d/g, 'TIME')
      .replaceAll(/\d+ (?:(?:milli)?seconds?|minutes?)\b/g, 'A WHILE')
      .replaceAll(/eyJ\S+/g, 'TOKEN');
  return { exitCode, stdout: same(stdout), stderr: same(stderr) };
}

// A URL is one word that nobody may cut.
function widthOf(line: string): number {
  return line.replaceAll(/https?:\/\/\S+/g, '').length;
}
