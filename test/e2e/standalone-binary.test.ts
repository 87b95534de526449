import {
  lchownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, it } from 'vitest';
import { hasKeyring, startKeyring } from '../support/keyring.ts';
import { standaloneBinary, startMachine } from '../support/program.ts';

const nobody = 65_534;
const reason =
  standaloneBinary === undefined
    ? 'no standalone binary is tested'
    : process.getuid?.() === 0
      ? undefined
      : 'needs root';
if (reason !== undefined) process.stderr.write(`The test of what a standalone binary unpacks is skipped; ${reason}\n`);

// Bun unpacks the keychain library's binary into the directory for temporary files, once.
it.skipIf(reason !== undefined || !hasKeyring())(
  'the library that another user planted for the standalone binary is not loaded',
  async ({ onTestFinished }) => {
    const keyring = await startKeyring();
    const machine = await startMachine();
    onTestFinished(async () => {
      await machine.close();
      await keyring.stop();
    });
    const temporary = join(machine.home, 'tmp');
    mkdirSync(temporary, { mode: 0o1777 });
    const env = {
      ENTRA_LOGIN_STORE: 'keychain',
      DBUS_SESSION_BUS_ADDRESS: keyring.env['DBUS_SESSION_BUS_ADDRESS'] ?? '',
      TMPDIR: temporary,
      BUN_TMPDIR: temporary,
    };
    expect(await machine.signIn([], { env })).toMatchObject({ exitCode: 0 });
    const unpacked = readdirSync(temporary).map((name) => join(temporary, name));
    expect(unpacked).toEqual([expect.stringMatching(/\.node$/)]);
    const [library = ''] = unpacked;
    const { size } = statSync(library);

    // As long as it was; had it been loaded, there would be no keychain.
    rmSync(library);
    writeFileSync(library, 'planted', { mode: 0o755 });
    truncateSync(library, size);
    lchownSync(library, nobody, nobody);
    expect(await machine.run(['token'], { env })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(statSync(library).uid).toBe(0);

    const elsewhere = join(temporary, 'elsewhere');
    writeFileSync(elsewhere, 'planted', { mode: 0o755 });
    truncateSync(elsewhere, size);
    rmSync(library);
    symlinkSync(elsewhere, library);
    lchownSync(library, nobody, nobody);
    expect(await machine.run(['token'], { env })).toMatchObject({ exitCode: 0, stderr: '' });
  },
);
