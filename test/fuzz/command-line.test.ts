import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { contoso } from '../../src/emulator/default-directory.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { itHolds } from '../support/fuzz.ts';
import { anyCuts, anyText, applyCuts, controls, foreseenExitCodes } from '../support/hostile-values.ts';
import type { RunOptions, RunResult, World } from '../support/world.ts';
import { missingKeychain, startWorld } from '../support/world.ts';

// One machine for all cases of a file: somebody is signed in at times, and what is kept goes with the cases.
let world: World;
let options: Map<string, readonly (readonly [name: string, takesValue: boolean])[]>;
beforeAll(async () => {
  world = await startWorld();
  options = await readOptions();
  await world.run(['login']);
});
afterAll(() => world.close());

/** The commands and their options, as `--help` tells them. */
async function readOptions(): Promise<typeof options> {
  const { stdout } = await world.run(['--help']);
  const commands = [...stdout.matchAll(/^  ([a-z][a-z-]*)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
  const found: typeof options = new Map();
  for (const name of commands) {
    const help = await world.run([name, '--help']);
    const flags = [...help.stdout.matchAll(/^ +(?:-\w, )?(--[a-z][a-z-]*)( <)?/gm)];
    found.set(
      name,
      flags.map(([, flag = '', value]) => [flag, value !== undefined]),
    );
  }
  return found;
}

/** Looks like a client secret of Entra's and is valid as no setting that is repeated to the person. */
const secret = 'Zz~8Q~fuzzed/secret+value==';

const soundValues = fc.constantFrom(
  'default',
  'work',
  contoso.id,
  'contoso.com',
  'fabrikam.com',
  'openid User.Read',
  'https://management.azure.com',
  'User.Read https://management.azure.com/.default',
  '0',
  '1ms',
  '1h',
  'json',
  'raw',
  'az',
  'env',
  'exec-credential',
  'bash',
  'file',
  'memory',
  'keychain',
  'none',
  'query',
  'http://localhost',
  'http://127.0.0.1:0/x',
  'public',
  'https://login.microsoftonline.com',
  '{"id_token":{"auth_time":null}}',
  'oid',
  '/nowhere/file.pem',
  '-',
  '',
);
const looseWords = fc.oneof(
  { weight: 3, arbitrary: soundValues },
  { weight: 2, arbitrary: anyText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      secret,
      '--',
      '--json',
      '-h',
      '-V',
      '__proto__',
      `--client-secret=${secret}`,
      `--${secret}`,
    ),
  },
);

interface Choice {
  readonly command: number;
  readonly words: readonly (readonly [pick: number, value: string | undefined, form: 'apart' | 'joined' | 'loose'])[];
}

const choices: fc.Arbitrary<Choice> = fc.record({
  command: fc.nat(),
  words: fc.array(
    fc.tuple(fc.nat(), fc.option(looseWords, { nil: undefined }), fc.constantFrom('apart', 'apart', 'joined', 'loose')),
    { maxLength: 5 },
  ),
});

// What only some people type: half a secret, a word that is no command.
function argvOf({ command, words }: Choice): string[] {
  const names = [...options.keys(), 'help', 'nonsense'];
  const name = names[command % names.length] ?? '';
  const flags = options.get(name) ?? [['--json', false]];
  const argv = words.flatMap(([pick, value, form]) => {
    const [flag, takesValue] = flags[pick % flags.length] ?? ['--json', false];
    // Every port but a free one may be somebody's.
    const fitting = flag === '--port' && /^\d+$/.test(value ?? '') ? '0' : (value ?? '0');
    if (form === 'loose') return [fitting];
    if (form === 'joined') return [`${flag}=${fitting}`];
    return takesValue ? [flag, fitting] : [flag];
  });
  return [name, ...argv];
}

/** Whoever would wait for a person or a retry is ended by Ctrl-C. */
async function run(argv: readonly string[], more: RunOptions = {}): Promise<RunResult> {
  const ctrlC = new AbortController();
  const timer = setTimeout(() => ctrlC.abort(new EntraLoginError('cancelled', 'Cancelled.')), 400);
  const fetch: typeof globalThis.fetch = (input, init) =>
    new URL(input instanceof Request ? input.url : input).host === new URL(world.emulator.origin).host
      ? globalThis.fetch(input, init)
      : Promise.reject(new TypeError('nothing leaves this machine'));
  try {
    return await world.run(argv, { fetch, signal: ctrlC.signal, ...more });
  } finally {
    clearTimeout(timer);
  }
}

function check(argv: readonly string[], { exitCode, stdout, ...result }: RunResult): void {
  const told = JSON.stringify(argv);
  // The countdown writes itself over.
  const stderr = result.stderr.replaceAll('\r\u001b[K', '');
  expect(foreseenExitCodes, `${told}\n${stderr}`).toContain(exitCode || 2);
  expect(stderr, told).not.toMatch(controls);
  expect(stderr, told).not.toContain('unexpected');
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  if (exitCode !== 0) {
    // What was found, or done before it failed, is a result too.
    const tells = ['exec', 'demo', 'status', ...(exitCode === 9 ? ['doctor'] : [])];
    if (!tells.includes(argv[0] ?? '')) expect(stdout, told).toBe('');
    if (own.includes('--json') && stderr !== '')
      expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? ''), told).toHaveProperty('error.code');
  }
}

describe('any command line', () => {
  itHolds(
    'ends with an exit code of the contract, words without control characters, and stdout empty on failure',
    120,
    fc.asyncProperty(
      choices,
      fc.constantFrom(true, false),
      fc.constantFrom('keychain', 'none'),
      async (choice, terminal, keychain) => {
        const argv = argvOf(choice);
        // The questions of setup need a terminal to draw on: test/e2e/setup.test.ts.
        const isTerminal = terminal && argv[0] !== 'setup';
        check(
          argv,
          await run(argv, { terminal: isTerminal, ...(keychain === 'none' ? { keychain: missingKeychain() } : {}) }),
        );
      },
    ),
  );

  itHolds(
    'with --json that goes well prints one JSON document',
    60,
    fc.asyncProperty(choices, async (choice) => {
      const argv = argvOf(choice);
      fc.pre(!argv.some((word) => ['--help', '-h', '--', '--version', '-V', 'help'].includes(word)));
      const [name = '', ...rest] = argv;
      const result = await run([name, '--json', ...rest]);
      check([name, '--json', ...rest], result);
      if (result.exitCode === 0 && result.stdout !== '') expect(JSON.parse(result.stdout)).toBeTypeOf('object');
    }),
  );

  itHolds(
    'with a secret in a wrong place does not repeat it',
    100,
    fc.asyncProperty(
      choices,
      fc.nat(),
      fc.constantFrom('option', 'value', 'argument', 'joined'),
      async (choice, pick, place) => {
        const [name = '', ...rest] = argvOf({ ...choice, words: choice.words.filter(([, value]) => value !== secret) });
        // Names that people see again (a profile, a client ID, a scope, a claim, …) are no place for this test.
        const shown = [
          '--client-id',
          '--profile',
          '--scope',
          '--resource',
          '--claim',
          '--claims',
          '--login-hint',
          '--domain-hint',
          '--browser',
          '--client-certificate',
          '--federated-token-file',
        ];
        const flags = (options.get(name) ?? []).filter(([flag, takesValue]) => takesValue && !shown.includes(flag));
        const [flag] = flags[pick % Math.max(1, flags.length)] ?? ['--store'];
        const words = {
          option: [`--${secret}`],
          value: [flag, secret],
          argument: [secret],
          joined: [`--client-secret=${secret}`],
        }[place];
        const result = await run([name, ...words, ...rest]);
        if (name !== 'exec') expect(`${result.stdout}${result.stderr}`).not.toContain(secret);
      },
    ),
  );
});

describe('any environment', () => {
  const names = fc.constantFrom(
    ...[
      'ENTRA_LOGIN_TENANT',
      'ENTRA_LOGIN_CLIENT_ID',
      'ENTRA_LOGIN_CLIENT_SECRET',
      'ENTRA_LOGIN_REDIRECT_URI',
      'ENTRA_LOGIN_SCOPE',
    ],
    ...[
      'ENTRA_LOGIN_CLOUD',
      'ENTRA_LOGIN_AUTHORITY_HOST',
      'ENTRA_LOGIN_PROFILE',
      'ENTRA_LOGIN_STORE',
      'ENTRA_LOGIN_BROWSER',
      'BROWSER',
    ],
    ...[
      'AZURE_TENANT_ID',
      'AZURE_CLIENT_ID',
      'AZURE_CLIENT_SECRET',
      'AZURE_CLIENT_CERTIFICATE_PATH',
      'AZURE_CLIENT_CERTIFICATE_PASSWORD',
    ],
    ...[
      'AZURE_FEDERATED_TOKEN_FILE',
      'AZURE_AUTHORITY_HOST',
      'AZURE_POD_IDENTITY_AUTHORITY_HOST',
      'IDENTITY_ENDPOINT',
      'IDENTITY_HEADER',
    ],
    ...[
      'ACTIONS_ID_TOKEN_REQUEST_URL',
      'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
      'SYSTEM_OIDCREQUESTURI',
      'SYSTEM_ACCESSTOKEN',
      'AZURESUBSCRIPTION_SERVICE_CONNECTION_ID',
    ],
  );
  const commands = fc.constantFrom<string[][]>(
    ['whoami'],
    ['token', '--json'],
    ['token', '--client-credentials', '--resource', 'https://graph.microsoft.com'],
    ['token', '--managed-identity', '--resource', 'https://graph.microsoft.com', '--json'],
    ['login', '--timeout', '1ms'],
    ['logout', '--json'],
    ['git-credential', 'get'],
  );

  itHolds(
    'ends every command with an exit code of the contract and repeats no secret',
    150,
    fc.asyncProperty(
      fc.dictionary(names, fc.oneof(soundValues, anyText, fc.webUrl()), { maxKeys: 4 }),
      commands,
      async (env, argv) => {
        const secrets = {
          ENTRA_LOGIN_CLIENT_SECRET: secret,
          SYSTEM_ACCESSTOKEN: secret,
          IDENTITY_HEADER: secret,
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret,
        };
        const given = Object.fromEntries(
          Object.keys(env)
            .filter((name) => name in secrets)
            .map((name) => [name, secret]),
        );
        const result = await run(argv, { env: { ...env, ...given } });
        check(argv, result);
        expect(`${result.stdout}${result.stderr}`).not.toContain(secret);
      },
    ),
  );
});

describe('what git asks', () => {
  const hosts = fc.oneof(
    fc.constantFrom('dev.azure.com', 'org.visualstudio.com', 'dev.azure.com:443', 'evil.test', 'github.com'),
    fc
      .tuple(
        fc.constantFrom(
          'dev.azure.com',
          'org.visualstudio.com',
          'evil.test/.visualstudio.com',
          'evil.test?.visualstudio.com',
        ),
        anyCuts,
      )
      .map(([host, cuts]) => applyCuts(host, cuts)),
  );
  const lines = fc.array(
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom('protocol', 'host', 'path', 'username', 'url', 'wwwauth[]'),
          fc.oneof(hosts, anyText, fc.constantFrom('https', 'http', 'HTTPS')),
        )
        .map(([name, value]) => `${name}=${value}`),
      anyText,
    ),
    { maxLength: 6 },
  );

  itHolds(
    'is answered for Azure DevOps over https alone, in lines that nothing can be slipped into',
    200,
    fc.asyncProperty(hosts, lines, fc.constantFrom('get', 'store', 'erase'), async (host, more, operation) => {
      const stdin = ['protocol=https', `host=${host}`, ...more].filter((line) => line !== '' && !/[\r\n]/.test(line));
      const { exitCode, stdout, stderr } = await run(['git-credential', operation], { stdin });
      expect(foreseenExitCodes, stderr).toContain(exitCode || 2);
      if (stdout === '') return;
      expect(operation).toBe('get');
      const last = (name: string): string =>
        stdin.findLast((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
      expect(last('protocol')).toBe('https');
      expect(new URL(`https://${last('host')}/`).hostname).toMatch(/^dev\.azure\.com$|\.visualstudio\.com$/);
      expect(stdout.split('\n').map((line) => line.split('=')[0])).toEqual([
        'username',
        'password',
        'password_expiry_utc',
        '',
      ]);
    }),
  );
});

describe('a profile damaged by other hands', () => {
  itHolds(
    'is refused by every command that reads it, stays as it is, and can be forgotten',
    20,
    fc.asyncProperty(anyCuts, fc.constantFrom('whoami', 'token', 'login', 'exec'), async (cuts, name) => {
      await run(['login', '--profile', 'damaged', '--force']);
      const kept = await world.keychain.read('damaged');
      fc.pre(kept !== undefined);
      const damaged = applyCuts(kept ?? '', cuts);
      fc.pre(damaged !== '');
      await world.keychain.write('damaged', damaged);
      const argv = [name, '--profile', 'damaged', ...(name === 'exec' ? ['--', 'true'] : [])];
      const result = await run(argv);
      check(argv, result);
      if (result.exitCode === 6) {
        expect(result.stderr).toContain('entra-login logout --profile damaged');
        expect(await world.keychain.read('damaged')).toBe(damaged);
      }
      expect(await run(['logout', '--profile', 'damaged'])).toMatchObject({ exitCode: 0 });
      expect(await world.keychain.read('damaged')).toBeUndefined();
    }),
  );
});
