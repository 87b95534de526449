import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, describe, expect, test } from 'vitest';
import { listeningSockets } from '../../src/platform/port-owner-linux.ts';
import { findPortOwnerWithLsof, parseLsof, parsePs } from '../../src/platform/port-owner-macos.ts';
import { nameProcess, takesLoopback, type RunProgram } from '../../src/platform/port-owner-process.ts';
import { findPortOwnerWithNetstat, parseDescription, parseNetstat } from '../../src/platform/port-owner-windows.ts';
import { findPortOwner } from '../../src/platform/port-owner.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const listenOnIpc = `
  const server = require('node:net').createServer().listen(0, process.argv[2], () => process.send(server.address().port));
`;

/** Starts a node process that listens, under the given file name. */
async function startListening(fileName: string, host: string): Promise<{ port: number; child: ChildProcess }> {
  const directory = await mkdtemp(join(tmpdir(), 'entra-login-port-'));
  ends.push(() => rm(directory, { recursive: true }));
  const file = join(directory, fileName);
  await writeFile(file, listenOnIpc);
  const child = fork(file, [host], { execArgv: [] });
  ends.push(() => child.kill());
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  return { port, child };
}

describe.skipIf(process.platform !== 'linux')('on Linux, from /proc', () => {
  test.each(['127.0.0.1', '::1', '0.0.0.0', '::'])(
    'names the program that listens on %s, and since when',
    async (host) => {
      const before = Date.now();
      const { port, child } = await startListening('server.cjs', host);
      const owner = await findPortOwner(port);
      expect(owner).toEqual({ processId: child.pid, name: 'node', startedAt: expect.any(Date) as Date });
      expect(Math.abs((owner?.startedAt?.getTime() ?? 0) - before)).toBeLessThan(10_000);
    },
  );

  test('knows another sign-in', async () => {
    const { port, child } = await startListening('entra-login.cjs', '127.0.0.1');
    expect(await findPortOwner(port)).toMatchObject({ processId: child.pid, name: 'entra-login' });
  });

  test('names nobody for a free port, or where another address is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await findPortOwner(port)).toBeUndefined();
  });

  test('tells the user of a process that it may not look into', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can become another user');
    const { port } = await startListening('server.cjs', '127.0.0.1');
    // Another user, in a process of its own, asks who holds the port that root holds.
    const directory = await mkdtemp(join(tmpdir(), 'entra-login-port-'));
    ends.push(() => rm(directory, { recursive: true }));
    const { rolldown } = await import('rolldown');
    const bundle = await rolldown({
      input: join(import.meta.dirname, '../../src/platform/port-owner.ts'),
      platform: 'node',
    });
    const { output } = await bundle.generate({ format: 'esm' });
    const question = `${output[0].code}\nprocess.stdout.write(JSON.stringify(await findPortOwner(${port})));`;
    const child = spawn(process.execPath, ['--input-type=module'], {
      uid: 65_534,
      gid: 65_534,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let answer = '';
    child.stdout.on('data', (data) => (answer += String(data)));
    child.stdin.end(question);
    await new Promise((resolve) => child.once('close', resolve));
    expect(JSON.parse(answer)).toEqual({ name: 'a program of user ID 0' });
  });

  test('reads the tables of the kernel', () => {
    const line = (address: string, state: string): string =>
      `   0: ${address}:1388 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0`;
    const found = [
      '0100007F',
      '00000000',
      '0101A8C0', // 192.168.1.1: no bar to ours
      '00000000000000000000000001000000', // ::1
      '00000000000000000000000000000000',
      '0000000000000000FFFF00000100007F', // ::ffff:127.0.0.1
      'B80D01200000000000000000010000AA', // 2001:db8::…
    ].map((address) => listeningSockets(`  sl  local_address\n${line(address, '0A')}\n`, 5_000).length);
    expect(found).toEqual([1, 1, 0, 1, 1, 1, 0]);
    expect(listeningSockets(line('0100007F', '0A'), 5_000)).toEqual([{ inode: '4711', userId: '1000' }]);
    expect([listeningSockets(line('0100007F', '01'), 5_000), listeningSockets(line('0100007F', '0A'), 5_001)]).toEqual([
      [],
      [],
    ]);
  });
});

/** Plays the system's programs: answers by file name, and notes what was run. */
function playPrograms(answers: Record<string, string>): { run: RunProgram; ran: string[] } {
  const ran: string[] = [];
  const run: RunProgram = async (file, words) => {
    ran.push([file, ...words].join(' '));
    const answer = answers[file.replace(/^.*[\\/]/, '')];
    if (answer === undefined) throw new Error(`${file} ended with exit code 1`);
    return answer;
  };
  return { run, ran };
}

describe('on macOS, from lsof and ps', () => {
  test('asks both by their full paths', async () => {
    const { run, ran } = playPrograms({
      lsof: 'p612\ncnode\nf9\nn127.0.0.1:5000\n',
      ps: 'Mon Nov 23 21:07:09 2026     node /usr/local/bin/entra-login login\n',
    });
    expect(await findPortOwnerWithLsof(5_000, run)).toEqual({
      processId: 612,
      name: 'entra-login',
      startedAt: new Date(2026, 10, 23, 21, 7, 9),
    });
    expect(ran).toEqual([
      '/usr/sbin/lsof -nP +c 0 -iTCP:5000 -sTCP:LISTEN -F pcn',
      '/bin/ps -o lstart=,command= -p 612',
    ]);
  });

  test('makes do without ps, and without anybody to name', async () => {
    const { run } = playPrograms({ lsof: 'p612\ncControlCenter\nf9\nn*:5000\n' });
    expect(await findPortOwnerWithLsof(5_000, run)).toEqual({
      processId: 612,
      name: 'AirPlay Receiver (ControlCenter)',
      startedAt: undefined,
    });
    expect(await findPortOwnerWithLsof(5_000, playPrograms({ lsof: '' }).run)).toBeUndefined();
  });

  test('finds AirPlay Receiver on port 5000', () => {
    const listener = parseLsof('p612\ncControlCenter\nf9\nn*:5000\nf10\nn*:5000\n');
    expect(listener).toEqual({ processId: 612, command: 'ControlCenter' });
    expect(nameProcess('', listener?.command ?? '')).toBe('AirPlay Receiver (ControlCenter)');
    expect(nameProcess('', 'ControlCe')).toBe('AirPlay Receiver (ControlCenter)');
  });

  test('passes over listeners on other addresses', () => {
    const output = 'p1\ncone\nf3\nn192.168.1.5:5000\np2\ncGoogle\\x20Chrome\\x20Helper\nf4\nn[::1]:5000\n';
    expect(parseLsof(output)).toEqual({ processId: 2, command: 'Google Chrome Helper' });
    expect([parseLsof(''), parseLsof('p1\ncone\nf3\nn192.168.1.5:5000\n')]).toEqual([undefined, undefined]);
  });

  test('reads when a process started, and its command line', () => {
    expect(parsePs('Mon Nov 23 21:07:09 2026     node /usr/local/bin/entra-login login\n')).toEqual({
      startedAt: new Date(2026, 10, 23, 21, 7, 9),
      commandLine: 'node /usr/local/bin/entra-login login',
    });
    expect(parsePs('')).toEqual({ startedAt: undefined, commandLine: '' });
  });
});

describe('on Windows, from netstat, tasklist and PowerShell', () => {
  const netstat = [
    '',
    'Aktive Verbindungen',
    '  Proto  Lokale Adresse         Remoteadresse          Status           PID',
    '  TCP    192.168.1.5:5000       0.0.0.0:0              ABHÖREN         1',
    '  TCP    127.0.0.1:49670        127.0.0.1:5000         HERGESTELLT     2',
    '  TCP    127.0.0.1:5000         127.0.0.1:49670        HERGESTELLT     3',
    '  TCP    [::1]:5000             [::]:0                 ABHÖREN         4711',
    '  UDP    0.0.0.0:5001           *:*                                    5',
  ].join('\r\n');

  test('asks all by their full paths', async () => {
    const { run, ran } = playPrograms({
      'netstat.exe': netstat,
      'tasklist.exe': '"node.exe","4711","Console","1","40,000 K"\r\n',
      'powershell.exe': '2026-11-23T20:07:00.0000000Z\r\nnode.exe C:\\npm\\entra-login.cjs login\r\n',
    });
    expect(await findPortOwnerWithNetstat(5_000, run, 'D:\\Windows')).toEqual({
      processId: 4_711,
      name: 'entra-login',
      startedAt: new Date('2026-11-23T20:07:00Z'),
    });
    expect(ran).toEqual([
      String.raw`D:\Windows\System32\netstat.exe -ano`,
      String.raw`D:\Windows\System32\tasklist.exe /FI PID eq 4711 /FO CSV /NH`,
      expect.stringMatching(
        /^D:\\Windows\\System32\\WindowsPowerShell\\v1\.0\\powershell\.exe -NoProfile -NonInteractive -Command /,
      ),
    ]);
  });

  test('makes do with what it is told', async () => {
    const listed = playPrograms({ 'netstat.exe': netstat, 'tasklist.exe': '"Code.exe","4711"\r\n' });
    const silent = playPrograms({ 'netstat.exe': netstat });
    expect([
      await findPortOwnerWithNetstat(5_000, listed.run),
      await findPortOwnerWithNetstat(5_000, silent.run),
      await findPortOwnerWithNetstat(5_002, silent.run),
    ]).toEqual([
      { processId: 4_711, name: 'Code', startedAt: undefined },
      { processId: 4_711, name: 'another program', startedAt: undefined },
      undefined,
    ]);
  });

  test('finds the listener in any language', () => {
    expect([parseNetstat(netstat, 5_000), parseNetstat(netstat, 5_001), parseNetstat('', 5_000)]).toEqual([
      4_711,
      undefined,
      undefined,
    ]);
  });

  test('reads when a process started, and its command line, where it may be seen', () => {
    expect(parseDescription('2026-11-23T20:07:00.1234567Z\r\nnode.exe C:\\x\\entra-login.cjs login\r\n')).toEqual([
      new Date('2026-11-23T20:07:00.123Z'),
      'node.exe C:\\x\\entra-login.cjs login',
    ]);
    expect(parseDescription('')).toEqual([undefined, '']);
  });
});

describe('whatever the system', () => {
  test.each([
    ['node\0/usr/bin/entra-login\0login\0', 'entra-login'],
    ['./entra-login-linux-x64-musl\0login\0', 'entra-login'],
    ['C:\\entra-login-windows-x64.exe login', 'entra-login'],
    ['"C:\\node.exe" "C:\\npm\\entra-login.cjs" login', 'entra-login'],
    ['node\0/home/ada/entra-login/server.js\0', 'node'],
    ['nginx: master process /usr/sbin/nginx', 'nginx'],
    ['/usr/lib/postgresql/15/bin/postgres\0-D\0', 'postgres'],
    ['', 'comm'],
  ])('names %j as a person knows it', (commandLine, name) => {
    expect(nameProcess(commandLine, 'comm')).toBe(name);
  });

  test.each(['*', '0.0.0.0', '127.0.0.1', '127.9.9.9', '::', '[::]', '::1', '[::1]'])(
    'a listener on %s keeps us out',
    (host) => {
      expect(takesLoopback(host)).toBe(true);
    },
  );

  test.each(['192.168.1.5', '[fe80::1]', '10.127.0.1', ''])('a listener on %s does not', (host) => {
    expect(takesLoopback(host)).toBe(false);
  });

  test.each<NodeJS.Platform>(['darwin', 'win32', 'freebsd'])(
    'answers nobody rather than fail (%s without its programs)',
    async (platform) => {
      expect(await findPortOwner(5_000, platform)).toBeUndefined();
    },
  );
});
