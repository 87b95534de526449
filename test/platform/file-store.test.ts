import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { openFileStore } from '../../src/platform/file-store.ts';
import { buildPrograms, type BuiltPrograms } from '../support/bundle-program.ts';
import { killCount, killWriters } from '../support/kill-writers.ts';
import { runStoreProgram } from '../support/run-store-program.ts';
import { describeSecretStore, profileSized } from '../support/secret-store-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'entra-login-file-store-'));
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describeSecretStore('the file store', () => openFileStore(join(root, 'contract')));

let stateDir: string;
let profiles: string;
let file: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(root, 'state-'));
  profiles = join(stateDir, 'profiles');
  file = join(profiles, 'work.json');
});

describe.skipIf(process.platform === 'win32')('the file of a profile', () => {
  it('is readable by its owner alone, in a directory of its owner alone, both made when first written', async () => {
    const store = openFileStore(join(stateDir, 'not', 'yet'));
    expect(await store.read('work')).toBeUndefined();
    expect(existsSync(join(stateDir, 'not'))).toBe(false);
    await store.write('work', '{}');
    await store.write('work/client-secret', '{}');
    const directory = join(stateDir, 'not', 'yet', 'profiles');
    expect(readdirSync(directory).toSorted()).toEqual(['work%2Fclient-secret.json', 'work.json']);
    expect([modeOf(directory), modeOf(join(directory, 'work.json')), modeOf(join(stateDir, 'not'))]).toEqual([
      '700',
      '600',
      '700',
    ]);
  });

  it('gets these modes back at the next write when others could read it', async () => {
    await openFileStore(stateDir).write('work', '{}');
    chmodSync(file, 0o644);
    chmodSync(profiles, 0o755);
    expect(await openFileStore(stateDir).read('work')).toBe('{}');
    await openFileStore(stateDir).write('work', '{}');
    expect([modeOf(profiles), modeOf(file)]).toEqual(['700', '600']);
  });

  const attacks: [string, () => unknown][] = [
    ['a symbolic link', () => symlinkSync(plant('elsewhere.json'), file)],
    ['a symbolic link to nothing', () => symlinkSync(join(stateDir, 'nothing'), file)],
    ['a hard link', () => linkSync(plant('elsewhere.json'), file)],
    ['a FIFO', () => execFileSync('mkfifo', [file])],
    ['a directory', () => mkdirSync(file)],
  ];
  function plant(name: string): string {
    const path = join(stateDir, name);
    writeFileSync(path, '{"planted":true}', { mode: 0o600 });
    return path;
  }

  it.each(attacks)('is neither read nor written where it is %s', async (_title, attack) => {
    mkdirSync(profiles, { mode: 0o700 });
    attack();
    const refusal = {
      code: 'store_failed',
      message: expect.stringContaining(file),
      hint: expect.stringContaining(file),
    };
    await expect(openFileStore(stateDir).read('work')).rejects.toMatchObject(refusal);
    await expect(openFileStore(stateDir).write('work', '{}')).rejects.toMatchObject(refusal);
    const planted = join(stateDir, 'elsewhere.json');
    if (existsSync(planted)) expect(readFileSync(planted, 'utf8')).toBe('{"planted":true}');
  });

  it.each(attacks.slice(0, 4))('is deleted, and what it leads to is not, where it is %s', async (_title, attack) => {
    mkdirSync(profiles, { mode: 0o700 });
    attack();
    expect(await openFileStore(stateDir).delete('work')).toBe(true);
    expect(readdirSync(profiles)).toEqual([]);
    expect(readdirSync(stateDir).filter((name) => name === 'elsewhere.json').length).toBe(
      attack.toString().includes('plant') ? 1 : 0,
    );
  });

  it.each([0o620, 0o602, 0o666])('is not read where others could have written it (mode %i)', async (mode) => {
    await openFileStore(stateDir).write('work', '{}');
    chmodSync(file, mode);
    await expect(openFileStore(stateDir).read('work')).rejects.toMatchObject({
      code: 'store_failed',
      message: expect.stringContaining('could have been written by other users'),
    });
    await openFileStore(stateDir).write('work', '"new"');
    expect(await openFileStore(stateDir).read('work')).toBe('"new"');
  });

  it('is not used where the directory is a symbolic link', async () => {
    const elsewhere = join(stateDir, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, profiles);
    const store = openFileStore(stateDir);
    const refusal = { code: 'store_failed', message: expect.stringContaining('is a symbolic link') };
    await expect(store.read('work')).rejects.toMatchObject(refusal);
    await expect(store.write('work', '{}')).rejects.toMatchObject(refusal);
    await expect(store.delete('work')).rejects.toMatchObject(refusal);
    await expect(store.list()).rejects.toMatchObject(refusal);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('is found where the state directory itself is a symbolic link: the person chose that one', async () => {
    const link = join(root, `link-${Math.random().toString(36).slice(2)}`);
    symlinkSync(stateDir, link);
    await openFileStore(link).write('work', '{}');
    expect(await openFileStore(stateDir).read('work')).toBe('{}');
  });

  it.skipIf(process.geteuid?.() !== 0)('is not used where it belongs to another user', async () => {
    await openFileStore(stateDir).write('work', '{}');
    chownSync(file, 65_534, 65_534);
    const refusal = { code: 'store_failed', message: expect.stringContaining('belongs to another user') };
    await expect(openFileStore(stateDir).read('work')).rejects.toMatchObject(refusal);
    await expect(openFileStore(stateDir).write('work', '{}')).rejects.toMatchObject(refusal);
  });

  it.each<[string, Buffer]>([
    ['empty', Buffer.of()],
    ['no text', Buffer.of(0x7b, 0xff, 0xfe)],
  ])('is refused, left alone and deleted when asked where it is %s', async (_title, content) => {
    mkdirSync(profiles, { mode: 0o700 });
    writeFileSync(file, content, { mode: 0o600 });
    await expect(openFileStore(stateDir).read('work')).rejects.toMatchObject({
      code: 'store_failed',
      hint: 'entra-login logout --profile work',
    });
    expect(readFileSync(file)).toEqual(content);
    expect(await openFileStore(stateDir).delete('work')).toBe(true);
  });

  it('is refused where it is larger than anything that was written', async () => {
    mkdirSync(profiles, { mode: 0o700 });
    writeFileSync(file, Buffer.alloc(5 * 1024 * 1024, 'x'), { mode: 0o600 });
    await expect(openFileStore(stateDir).read('work')).rejects.toMatchObject({ code: 'store_failed' });
  });
});

describe('files of others in the directory', () => {
  it('are neither listed nor touched', async () => {
    await openFileStore(stateDir).write('work', '{}');
    const others = ['notes.txt', '.hidden.json', 'a b.json', 'work.json~', '..json'];
    for (const name of others) writeFileSync(join(profiles, name), 'theirs');
    expect(await openFileStore(stateDir).list()).toEqual(['work']);
    await openFileStore(stateDir).delete('work');
    expect(readdirSync(profiles).toSorted()).toEqual(others.toSorted());
  });
});

describe('a writer that was killed', () => {
  let programs: BuiltPrograms;

  beforeAll(async () => {
    programs = await buildPrograms({ 'store-program': 'test/support/store-program.ts' });
  });
  afterAll(() => programs.remove());

  it('leaves a temporary file that the next write removes; one of a running writer stays', async () => {
    await openFileStore(stateDir).write('work', '{}');
    const ended = spawn(process.execPath, ['-e', '0']);
    await once(ended, 'exit');
    const left = `.${ended.pid}.0123abcd.tmp`;
    const running = `.${process.pid}.0123abcd.tmp`;
    for (const name of [left, running]) writeFileSync(join(profiles, name), 'half');
    await openFileStore(stateDir).write('other', '{}');
    expect(readdirSync(profiles).toSorted()).toEqual([running, 'other.json', 'work.json']);
  });

  it(`leaves the old or the new value, ${killCount} times`, { timeout: 20_000 + killCount * 1_500 }, async () => {
    const report = await killWriters({
      program: join(programs.directory, 'store-program.cjs'),
      argument: JSON.stringify({ store: { kind: 'file', stateDir }, call: 'write until killed' }),
      env: {},
      store: openFileStore(stateDir),
      listEverything: async () => readdirSync(profiles).toSorted(),
    });
    expect(report).toMatchObject({ kills: killCount, faults: [] });
  });

  it.skipIf(process.geteuid?.() !== 0)('has no permission: it is told what to do', async () => {
    mkdirSync(profiles, { mode: 0o700 });
    chownSync(stateDir, 65_534, 65_534);
    chmodSync(root, 0o755);
    chmodSync(stateDir, 0o500);
    chownSync(profiles, 65_534, 65_534);
    chmodSync(profiles, 0o500);
    const program = join(programs.directory, 'store-program.cjs');
    chmodSync(programs.directory, 0o755);
    const request = { store: { kind: 'file', stateDir }, call: 'probe' };
    const child = spawn(process.execPath, [program, JSON.stringify(request)], { uid: 65_534, gid: 65_534, env: {} });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    await once(child, 'close');
    expect({ exitCode: child.exitCode, answer: JSON.parse(Buffer.concat(output).toString()) }).toEqual({
      exitCode: 6,
      answer: {
        code: 'store_failed',
        message: `${profiles} cannot be written: no permission.`,
        hint: expect.stringContaining('ENTRA_LOGIN_STATE_DIR'),
      },
    });
  });

  it('is probed with a file that is never a profile, even if the process is killed then', async () => {
    const store = openFileStore(stateDir);
    await store.write('work', '{}');
    const seen = new Set<string | null>();
    const watcher = watch(profiles, (_event, name) => void seen.add(name));
    await store.probe();
    await vi.waitFor(() => expect(seen.size).toBeGreaterThanOrEqual(2));
    watcher.close();
    expect([...seen].filter((name) => !/^\.\d+\.[0-9a-f]+\.tmp$/.test(name ?? ''))).toEqual([]);
    expect(readdirSync(profiles)).toEqual(['work.json']);
  });

  it('finds a file where a directory should be: it is told what to do', async () => {
    writeFileSync(join(stateDir, 'file'), '');
    const request = { store: { kind: 'file', stateDir: join(stateDir, 'file') }, call: 'write', value: '{}' } as const;
    expect(await runStoreProgram(programs, request, {})).toMatchObject({
      exitCode: 6,
      answer: { code: 'store_failed', message: expect.stringContaining('a part of its path is no directory') },
    });
  });
});

const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return false;
  const directory = mkdtempSync(join(root, 'mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', directory], { stdio: 'ignore' });
    execFileSync('umount', [directory]);
    return true;
  } catch {
    return false;
  }
})();
if (!canMount) process.stderr.write('Tests with a full and a read-only disk are skipped: they need root and mount\n');

describe.skipIf(!canMount)('a disk', () => {
  it.each([
    ['full', 'the disk is full', () => writeFileSync(join(stateDir, 'filler'), Buffer.alloc(12 * 1024))],
    ['read-only', 'the disk is read-only', () => execFileSync('mount', ['-o', 'remount,ro', stateDir])],
  ])('that is %s leaves the old value and says so', async (_title, reason, spoil) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=20k,mode=700', 'tmpfs', stateDir]);
    try {
      const store = openFileStore(stateDir);
      await store.write('work', '"old"');
      spoil();
      await expect(store.write('work', profileSized)).rejects.toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining(reason),
      });
      expect(await store.read('work')).toBe('"old"');
      expect(readdirSync(profiles)).toEqual(['work.json']);
    } finally {
      execFileSync('umount', [stateDir]);
    }
  });
});
