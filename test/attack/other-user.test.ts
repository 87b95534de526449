import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alice } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { takeLock } from '../../src/platform/profile-lock.ts';
import { usersOf } from '../../src/platform/peer-user.ts';
import type { CopiedProgram } from '../support/copied-program.ts';
import { copyProgram } from '../support/copied-program.ts';
import type { Machine, Program } from '../support/program.ts';
import { startMachine, whyMissing } from '../support/program.ts';

// Two users of one machine: who signs in, and who wants to be signed in as them, or to have them signed in as somebody.
const victim = 47_001;
const attacker = 47_002;
const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('Attacks by another user are skipped: to be two users takes root\n');
const why = isRoot ? whyMissing(['setpriv', 'curl', 'python3'], 'util-linux curl python3') : 'not root';

const as = (user: number): string[] => ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];

describe.skipIf(why !== undefined)('another user of the machine', () => {
  let machine: Machine;
  let copied: CopiedProgram;
  const servers: Server[] = [];
  beforeAll(() => void (copied = copyProgram()));
  afterAll(() => copied.remove());
  beforeEach(async () => {
    machine = await startMachine();
    chownSync(machine.home, victim, victim);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    await machine.close();
  });

  const startAs = (user: number, argv: readonly string[], env: Record<string, string> = {}): Program =>
    machine.start(argv, { through: as(user), command: copied.command, env });

  async function runAs(user: number, ...argv: readonly string[]): Promise<string> {
    const [program = '', ...words] = [...as(user), ...argv];
    // What root has installed for itself is not for other users.
    return (await promisify(execFile)(program, words, { env: { PATH: '/usr/bin:/bin' } })).stdout;
  }
  const fetchAs = (user: number, url: string, ...more: string[]): Promise<string> =>
    runAs(user, 'curl', '-si', '--noproxy', '*', '--max-time', '5', ...more, url);

  it('who reads the start page’s address in the arguments of the browser does not get the state', async () => {
    const seen = join(machine.home, 'seen');
    const browser = join(machine.home, 'browser');
    writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > "${seen}.new" && mv "${seen}.new" "${seen}"\nexec sleep 5\n`);
    chmodSync(browser, 0o755);
    chmodSync(machine.home, 0o755);
    const program = startAs(victim, ['login'], { ENTRA_LOGIN_BROWSER: browser });
    const [authorizeUrl] = await program.hear(/http\S+\/authorize\?\S+/);
    await expect.poll(() => existsSync(seen)).toBe(true);
    const startUrl = readFileSync(seen, 'utf8');

    const byAttacker = await fetchAs(attacker, startUrl);
    expect(byAttacker).toMatch(/^HTTP\/1\.1 403 /);
    expect(byAttacker).not.toContain('state=');
    await program.hear(/Another user of this machine opened the start page/);
    // ::1, and the address that IPv6 sockets write for 127.0.0.1, are no way round.
    const { port, pathname } = new URL(startUrl);
    for (const host of ['[::1]', '[::ffff:127.0.0.1]']) {
      const url = `http://${host}:${port}${pathname}`;
      expect(await fetchAs(attacker, url, '--header', `Host: localhost:${port}`)).toMatch(/^HTTP\/1\.1 403 /);
    }

    const byVictim = await fetchAs(victim, startUrl);
    expect(byVictim).toMatch(/^HTTP\/1\.1 302 /);
    await signInAsScriptedPerson(authorizeUrl, { username: alice.username });
    expect(await program.ended).toMatchObject({ exitCode: 0 });
  });

  it.each(['127.0.0.1', '::1', '0.0.0.0', '::'])(
    'who has taken %s at the port first gets no sign-in started',
    async (host) => {
      const squatter = createServer();
      servers.push(squatter);
      await new Promise<void>((resolve) => void squatter.listen({ host, port: 0, ipv6Only: host === '::' }, resolve));
      const address = squatter.address();
      const port = typeof address === 'object' ? address?.port : 0;
      const program = startAs(victim, ['login', '--no-browser', '--port', String(port)]);
      const { exitCode, stdout, stderr } = await program.ended;
      expect({ exitCode, stdout }).toEqual({ exitCode: 8, stdout: '' });
      expect(stderr).not.toContain('/authorize?');
    },
  );

  it.each(['127.0.0.1', '::1', '0.0.0.0', '::'])(
    'who wants %s at the port afterwards does not get it',
    async (host) => {
      const program = startAs(victim, ['login', '--no-browser']);
      const [, port = ''] = await program.hear(/redirect_uri=http%3A%2F%2Flocalhost%3A(\d+)/);
      for (const option of ['SO_REUSEADDR', 'SO_REUSEPORT']) {
        const family = host.includes(':') ? 'AF_INET6' : 'AF_INET';
        const script = `import socket
s = socket.socket(socket.${family}); s.setsockopt(socket.SOL_SOCKET, socket.${option}, 1)
${family === 'AF_INET6' ? 's.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)' : ''}
try: s.bind(('${host}', ${port})); s.listen(); print('taken')
except OSError as error: print(error.errno)`;
        expect(await runAs(attacker, 'python3', '-c', script)).not.toContain('taken');
      }
      program.kill('SIGTERM');
      await program.ended;
    },
  );

  it('can neither read nor plant what is kept, in a directory left open to all', async () => {
    const state = join(machine.home, 'state');
    mkdirSync(state);
    chmodSync(machine.home, 0o755);
    chmodSync(state, 0o777);
    chownSync(state, victim, victim);
    const env = { ENTRA_LOGIN_STATE_DIR: state };
    // The attacker makes the directory of profiles first.
    mkdirSync(join(state, 'profiles'), { mode: 0o777 });
    chownSync(join(state, 'profiles'), attacker, attacker);
    const refused = await startAs(victim, ['login', '--no-browser'], env).ended;
    expect(refused).toMatchObject({ exitCode: 6, stdout: '' });
    expect(refused.stderr).toContain('belongs to another user');
    expect(refused.stderr).not.toContain('/authorize?');
    rmSync(join(state, 'profiles'), { recursive: true });

    const program = startAs(victim, ['login', '--no-browser'], env);
    const [url] = await program.hear(/http\S+\/authorize\?\S+/);
    await signInAsScriptedPerson(url, { username: alice.username });
    expect(await program.ended).toMatchObject({ exitCode: 0 });
    const kept = join(state, 'profiles', 'default.json');
    expect([statSync(kept).mode & 0o777, statSync(join(state, 'profiles')).mode & 0o777]).toEqual([0o600, 0o700]);
    for (const command of [
      `cat ${kept}`,
      `ls ${state}/profiles`,
      `ln ${kept} ${state}/copy`,
      `touch ${state}/profiles/x`,
    ]) {
      await expect(runAs(attacker, 'sh', '-c', command)).rejects.toThrow();
    }
    rmSync(state, { recursive: true });
  });

  it('who has made the directory for locks in /tmp first holds nobody up', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'entra-login-locks-'));
    try {
      chmodSync(temporary, 0o1777);
      mkdirSync(join(temporary, `entra-login-${victim}`), { mode: 0o777 });
      chownSync(join(temporary, `entra-login-${victim}`), attacker, attacker);
      const place = { stateDir: `/${'long/'.repeat(30)}`, temporary, platform: process.platform, userId: victim };
      const lock = await takeLock('default', place, AbortSignal.timeout(5_000));
      expect(lock).toMatchObject({ outcome: 'unavailable' });
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });

  it('who puts a project file above the working directory gets nobody to use it', async () => {
    const shared = mkdtempSync(join(tmpdir(), 'entra-login-shared-'));
    try {
      chmodSync(shared, 0o1777);
      const work = join(shared, 'work');
      mkdirSync(work);
      chownSync(work, victim, victim);
      const project = join(shared, '.entra-login.json');
      writeFileSync(project, '{"tenant":"evil.example"}');
      chownSync(project, attacker, attacker);
      const program = machine.start(['token'], {
        through: as(victim),
        command: copied.command,
        workingDirectory: work,
      });
      const { exitCode, stderr } = await program.ended;
      expect(exitCode).toBe(2);
      expect(stderr).toContain('belongs to another user');
    } finally {
      rmSync(shared, { recursive: true });
    }
  });
});

describe('the table that says whose connection it is (proc_net_tcp(5))', () => {
  const connection = { remoteAddress: '127.0.0.1', remotePort: 0xd431, localPort: 5_000 };
  const line = (local: string, remote: string, user: number): string =>
    `   1: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000  ${user}        0 4711 1 0000000000000000 20 4 30 10 -1`;

  it('names the far end, not ours, by IPv4, by IPv6 and by IPv4 in IPv6', () => {
    const far = line('0100007F:D431', '0100007F:1388', 1_001);
    const near = line('0100007F:1388', '0100007F:D431', 1_000);
    expect(usersOf(`${near}\n${far}\n`, connection)).toEqual([1_001]);
    const mapped = '0000000000000000FFFF00000100007F';
    expect(usersOf(line(`${mapped}:D431`, `${mapped}:1388`, 1_002), connection)).toEqual([1_002]);
    const six = '00000000000000000000000001000000';
    expect(usersOf(line(`${six}:D431`, `${six}:1388`, 1_003), { ...connection, remoteAddress: '::1' })).toEqual([
      1_003,
    ]);
    expect(usersOf(line(`${six}:D431`, `${six}:1388`, 1_003), connection)).toEqual([]);
    expect(usersOf(line('0100007F:D432', '0100007F:1388', 1_001), connection)).toEqual([]);
  });
});
