import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

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
  /** Gives the process, for a program that is to freeze it at a certain moment. */
  processId(part: 'keyring' | 'bus'): number;
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
  /** Adds an item with any attributes, as another program does. */
  putItem(attributes: Readonly<Record<string, string>>, secret: string): Promise<void>;
  /** Removes every item that has the attributes. */
  removeItems(attributes: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

const password = 'a password for tests';
const defaultCollection = '/org/freedesktop/secrets/aliases/default';

/**
 * Tells whether a keyring can be started here; where not, prints why and what to install. With
 * `ENTRA_LOGIN_TEST_REAL_PARTS=1` it throws instead, so that a machine meant to have it cannot skip silently.
 */
export function hasKeyring(): boolean {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const missing = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon', 'secret-tool'].filter(
    (program) => !directories.some((directory) => existsSync(join(directory, program))),
  );
  if (missing.length === 0) return true;
  const reason = `${missing.join(' and ')} missing: apt-get install dbus gnome-keyring libsecret-tools`;
  if (process.env['ENTRA_LOGIN_TEST_REAL_PARTS'] === '1') throw new Error(reason);
  process.stderr.write(`Tests with a real keychain are skipped; ${reason}\n`);
  return false;
}

/** What is to be other than usual. */
export interface KeyringChanges {
  /** Has it ask to be unlocked in a dialog that nobody answers; without, there is no dialog and it gives up at once. */
  readonly silentDialog?: boolean;
}

/** Starts a D-Bus and an unlocked gnome-keyring in a temporary home directory. */
export async function startKeyring(changes: KeyringChanges = {}): Promise<TestKeyring> {
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
  const services = join(home, 'services');
  mkdirSync(services);
  if (changes.silentDialog === true) {
    // What the bus starts for the dialog never comes up; it ends by itself.
    const service = `[D-BUS Service]\nName=${prompter}\nExec=/bin/sleep 30\n`;
    writeFileSync(join(services, `${prompter}.service`), service);
  }
  writeFileSync(join(home, 'bus.conf'), busConfiguration(socketPath, services));

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

  const run = async (command: string, args: string[], input = ''): Promise<string> => {
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // dbus-send reads none, and may be gone already.
    child.stdin.on('error', () => {}).end(input);
    const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    if (child.exitCode !== 0) throw new Error(`${command}: ${complaint}`);
    return output;
  };
  const send = (path: string, method: string, ...args: string[]): Promise<string> =>
    run('dbus-send', ['--session', '--print-reply', '--dest=org.freedesktop.secrets', path, method, ...args]);
  const untilItAnswers = (): Promise<void> =>
    until('the keyring answers', () =>
      send('/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.ReadAlias', 'string:default').then(
        (reply) => reply.includes('/collection/'),
        () => false,
      ),
    );
  await untilItAnswers();

  return {
    env,
    async lock() {
      await send(
        '/org/freedesktop/secrets',
        'org.freedesktop.Secret.Service.Lock',
        `array:objpath:${defaultCollection}`,
      );
    },
    unlock: () => unlockKeyring(join(env.XDG_RUNTIME_DIR, 'keyring', 'control')),
    async removeDefaultCollection() {
      await send(defaultCollection, 'org.freedesktop.Secret.Collection.Delete');
    },
    freeze(part) {
      (part === 'bus' ? children[0] : keyring)?.kill('SIGSTOP');
    },
    processId: (part) => (part === 'bus' ? children[0] : keyring)?.pid ?? 0,
    thaw() {
      for (const child of children) child.kill('SIGCONT');
    },
    kill() {
      keyring.kill('SIGKILL');
    },
    async revive() {
      // The bus may tell of the crash before the process's end is seen.
      const listening = new AbortController();
      const ended = once(keyring, 'exit', listening).then(() => true);
      const crashed = !isRunning(keyring) || (await Promise.race([ended, delay(1_000, false, { ref: false })]));
      ended.catch(() => {});
      listening.abort();
      if (!crashed) return undefined;
      const lastWords = readFileSync(logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
      keyring = startDaemon();
      await untilItAnswers();
      return lastWords;
    },
    async putItem(attributes, secret) {
      await run('secret-tool', ['store', '--label=by a test', ...Object.entries(attributes).flat()], secret);
    },
    async removeItems(attributes) {
      await run('secret-tool', ['clear', ...Object.entries(attributes).flat()]);
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

/** Unlocks as pam_gnome_keyring does at a login: a zero byte, then length, operation 1, password. */
async function unlockKeyring(socketPath: string): Promise<void> {
  const secret = Buffer.from(password);
  const request = Buffer.alloc(13 + secret.length);
  request.writeUInt32BE(request.length - 1, 1);
  request.writeUInt32BE(1, 5);
  request.writeUInt32BE(secret.length, 9);
  secret.copy(request, 13);
  const socket = connect(socketPath);
  socket.end(request);
  const answer = await buffer(socket);
  if (answer.length !== 8 || answer.readUInt32BE(4) !== 0) throw new Error('the keyring was not unlocked');
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Where GNOME Keyring has its dialogs shown. */
const prompter = 'org.gnome.keyring.SystemPrompter';

/** Without the system's service directories: nothing is started on this bus but what the test means to be. */
function busConfiguration(socketPath: string, services: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socketPath}</listen>
  <servicedir>${services}</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
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
