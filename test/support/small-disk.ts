import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A disk of its own with little room, mounted at a directory. */
export interface SmallDisk {
  /** Takes all its room, for bytes or for more files. */
  fill(what: 'bytes' | 'files'): void;
  empty(): void;
  makeReadOnly(): void;
  unmount(): void;
}

/** Tells whether a disk can be mounted here (root on Linux); where not, prints that tests are skipped. */
export function canMount(): boolean {
  if (process.platform === 'linux' && process.geteuid?.() === 0) {
    const directory = mkdtempSync(join(tmpdir(), 'entra-login-mount-'));
    try {
      mountSmallDisk(directory).unmount();
      return true;
    } catch {
      // A container may forbid it to root too.
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
  process.stderr.write('Tests with a full and a read-only disk are skipped: they need root and mount\n');
  return false;
}

/** Mounts a disk of 128 KiB and 64 files. */
export function mountSmallDisk(directory: string): SmallDisk {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const options = ['-t', 'tmpfs', '-o', 'size=128k,nr_inodes=64,mode=700', 'tmpfs'];
  execFileSync('mount', [...options, directory], { stdio: 'ignore' });
  const write = (name: string, bytes: number): boolean => {
    try {
      writeFileSync(join(directory, name), Buffer.alloc(bytes), { flag: 'a' });
      return true;
    } catch {
      return false; // full
    }
  };
  return {
    fill: (what) => {
      if (what === 'bytes') while (write('filler', 4_096));
      else for (let count = 0; write(`filler-${count}`, 0); count += 1);
    },
    empty: () => {
      for (const name of readdirSync(directory)) if (name.startsWith('filler')) rmSync(join(directory, name));
    },
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', directory]),
    unmount: () => void execFileSync('umount', [directory]),
  };
}
