import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

import { connectDbus, type DbusConnection } from '../../src/platform/keychain-dbus.ts';
import type { DbusValue } from '../../src/platform/keychain-dbus-values.ts';

/** A real gnome-keyring on a D-Bus of its own, apart from the person's. */
export interface TestKeyring {
  /** What a program needs to reach this keyring and no other: the bus, and a home directory of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Locks it. There is no dialog on this bus, so nobody can be asked to unlock it. */
  lock(): Promise<void>;
  /** Unlocks it from elsewhere, as a person does in another window. */
  unlock(): Promise<void>;
  /** Takes away the default keyring, as on a machine where none was ever made. */
  removeDefaultCollection(): Promise<void>;
  /** Stops the keyring or the bus: it takes connections and calls and never answers (SIGSTOP). */
  freeze(part: 'keyring' | 'bus'): void;
  /** Lets what was frozen go on. */
  thaw(): void;
  /** Kills the keyring; nothing starts it again. */
  kill(): void;
  /**
   * Starts the keyring again if it crashed, as a desktop's bus does; answers its last words, or `undefined` if it runs.
   * gnome-keyring has a defect that makes it abort, rarely, when a client vanishes at a bad moment
   * (https://github.com/jkoestinger/omarchy-vpn/issues/42 collects the traces).
   */
  revive(): Promise<string | undefined>;
  /** Adds an item as another program would, beside those of entra-login or in their place. */
  putItem(attributes: Readonly<Record<string, string>>, secret: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

const password = 'a password for tests';
const secretInterface = 'org.freedesktop.Secret';
const servicePath = '/org/freedesktop/secrets';

/**
 * Tells whether a keyring can be started here; where not, prints why and what to install. With
 * `ENTRA_LOGIN_TEST_REAL_PARTS=1` it throws instead, so that a machine meant to have it cannot skip silently.
 */
export function hasKeyring(): boolean {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const missing = ['dbus-daemon', 'gnome-keyring-daemon'].filter(
    (program) => !directories.some((directory) => existsSync(join(directory, program))),
  );
  if (missing.length === 0) return true;
  const reason = `${missing.join(' and ')} missing: apt-get install dbus gnome-keyring`;
  if (process.env['ENTRA_LOGIN_TEST_REAL_PARTS'] === '1') throw new Error(reason);
  process.stderr.write(`Tests with a real keychain are skipped; ${reason}\n`);
  return false;
}

/** Starts a D-Bus and an unlocked gnome-keyring in a temporary home directory. */
export async function startKeyring(): Promise<TestKeyring> {
  const home = mkdtempSync(join(tmpdir(), 'entra-login-keyring-'));
  const socketPath = join(home, 'run', 'bus');
  const logFile = join(home, 'log');
  const env = {
    HOME: home,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socketPath}`,
    XDG_RUNTIME_DIR: join(home, 'run'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_STATE_HOME: join(home, 'state'),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
  };
  for (const [name, path] of Object.entries(env)) if (name.startsWith('XDG_')) mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(home, 'bus.conf'), busConfiguration(socketPath));

  const children: ChildProcess[] = [];
  const start = (command: string, args: string[]): ChildProcess => {
    const log = openSync(logFile, 'a');
    const child = spawn(command, args, { env: { PATH: process.env['PATH'], ...env }, stdio: ['pipe', log, log] });
    closeSync(log);
    children.push(child);
    return child;
  };
  const startDaemon = (): ChildProcess => {
    const child = start('gnome-keyring-daemon', ['--foreground', '--unlock', '--components=secrets']);
    child.stdin?.end(password);
    return child;
  };
  const killAll = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  // Also when the test's own process ends before it came to stop().
  process.once('exit', killAll);

  start('dbus-daemon', ['--nofork', '--nopidfile', `--config-file=${join(home, 'bus.conf')}`]);
  await until('the bus listens', async () => existsSync(socketPath));
  let keyring = startDaemon();

  /** Runs work on a connection of its own, so that no connection has to outlive a bus that a test kills. */
  const onBus = async <T>(work: (ask: Ask) => Promise<T>): Promise<T> => {
    const connection = connectDbus(
      socketPath,
      (failure, cause) => new Error(`the test's D-Bus: ${failure}`, { cause }),
    );
    try {
      const ask = askOn(connection);
      // See keychain-secret-service.ts: a first message that needs no client, lest gnome-keyring aborts.
      await ask(servicePath, 'org.freedesktop.DBus.Properties', 'Get', 'ss', [
        `${secretInterface}.Service`,
        'Collections',
      ]);
      return await work(ask);
    } finally {
      connection.close();
    }
  };
  const untilItAnswers = (): Promise<void> =>
    until('the keyring answers', () =>
      onBus(defaultCollection)
        .then((path) => path !== '/')
        .catch(() => false),
    );
  await untilItAnswers();

  return {
    env,
    async lock() {
      await onBus(async (ask) => ask(servicePath, 'Service', 'Lock', 'ao', [[await defaultCollection(ask)]]));
    },
    async unlock() {
      await onBus(async (ask) => {
        const master = [await openSession(ask), new Uint8Array(), Buffer.from(password), 'text/plain'];
        const collection = await defaultCollection(ask);
        await ask(servicePath, unlocker, 'UnlockWithMasterPassword', 'o(oayays)', [collection, master]);
      });
    },
    async removeDefaultCollection() {
      await onBus(async (ask) => ask(await defaultCollection(ask), 'Collection', 'Delete', '', []));
    },
    freeze(part) {
      (part === 'bus' ? children[0] : keyring)?.kill('SIGSTOP');
    },
    thaw() {
      for (const child of children) child.kill('SIGCONT');
    },
    kill() {
      keyring.kill('SIGKILL');
    },
    async revive() {
      // The bus may tell of the crash before the process's end is seen.
      const ended = once(keyring, 'exit').then(() => true);
      const crashed = !isRunning(keyring) || (await Promise.race([ended, delay(1_000, false, { ref: false })]));
      if (!crashed) return undefined;
      const lastWords = readFileSync(logFile, 'utf8')
        .split('\n')
        .filter((line) => /assertion|ERROR|CRITICAL/.test(line))
        .slice(-8)
        .join('\n');
      keyring = startDaemon();
      await untilItAnswers();
      return lastWords;
    },
    async putItem(attributes, secret) {
      await onBus(async (ask) => {
        const properties = [
          [`${secretInterface}.Item.Label`, { signature: 's', value: 'by a test' }],
          [`${secretInterface}.Item.Attributes`, { signature: 'a{ss}', value: Object.entries(attributes) }],
        ];
        const content = [await openSession(ask), new Uint8Array(), secret, 'text/plain'];
        const collection = await defaultCollection(ask);
        await ask(collection, 'Collection', 'CreateItem', 'a{sv}(oayays)b', [properties, content, true]);
      });
    },
    async stop() {
      process.off('exit', killAll);
      killAll();
      await Promise.all(
        children.map(async (child) => {
          if (isRunning(child)) await once(child, 'exit');
        }),
      );
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** GNOME Keyring's own interface for what its login module does. */
const unlocker = 'org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface';

type Ask = (
  path: string,
  interfaceName: string,
  member: string,
  signature: string,
  values: readonly DbusValue[],
) => Promise<readonly DbusValue[]>;

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function defaultCollection(ask: Ask): Promise<string> {
  const [path] = await ask(servicePath, 'Service', 'ReadAlias', 's', ['default']);
  if (typeof path !== 'string') throw new Error('no path');
  return path;
}

async function openSession(ask: Ask): Promise<DbusValue> {
  const [, session] = await ask(servicePath, 'Service', 'OpenSession', 'sv', ['plain', { signature: 's', value: '' }]);
  if (session === undefined) throw new Error('no session');
  return session;
}

function askOn(connection: DbusConnection): Ask {
  return async (path, interfaceName, member, signature, values) => {
    const reply = await connection.call({
      destination: 'org.freedesktop.secrets',
      path,
      interface: interfaceName.includes('.') ? interfaceName : `${secretInterface}.${interfaceName}`,
      member,
      signature,
      arguments: values,
    });
    if (reply.kind === 'error') throw new Error(`${member}: ${reply.name}: ${reply.text}`);
    return reply.values;
  };
}

/** Without the system's service directories: nothing is started on this bus but what the test starts, no dialog either. */
function busConfiguration(socketPath: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socketPath}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <!-- As on a desktop; without it 256, which a hundred processes with children could reach. -->
  <limit name="max_connections_per_user">100000</limit>
</busconfig>
`;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await delay(10);
  }
}
