import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aadstsEntries } from '../../src/auth/aadsts.ts';
import type { World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const offline: typeof fetch = () => Promise.reject(new Error('explain went to the network'));
const run = (...argv: string[]): ReturnType<World['run']> => world.run(['explain', ...argv], { fetch: offline });

describe('explain', () => {
  it('says what a code means, why a command-line tool meets it, what to do, and where to look it up', async () => {
    expect(await run('AADSTS700016')).toEqual({
      exitCode: 0,
      stdout: `AADSTS700016
  There is no application with this client ID in this tenant.

Why
  The client ID has a typing error, the tenant is the wrong one, or the
  application was never added to it.

What to do
  - entra-login login --tenant TENANT-ID --client-id CLIENT-ID
  - Entra admin center > Entra ID > App registrations > your app > Overview:
    copy Application (client) ID and Directory (tenant) ID.

Look it up
  https://login.microsoftonline.com/error?code=700016
`,
      stderr: '',
    });
  });

  it.each([
    [['50011']],
    [['aadsts50011']],
    [['https://login.microsoftonline.com/error?code=50011']],
    [['error:', 'invalid_request:', 'AADSTS50011:', 'The', 'redirect', 'URI', 'is', 'wrong.']],
    [["error: AADSTS50011: The redirect URI 'http://localhost' does not match.\r\nTrace ID: 1"]],
  ])('takes %j', async (argv) => {
    expect(await run(...argv)).toEqual(await run('AADSTS50011'));
  });

  it.each([[[]], [['-']]])('reads standard input to its end for %j', async (argv) => {
    const stdin = ['Login failed.', '', 'AADSTS50011: The redirect URI does not match.', 'Trace ID: 1'];
    expect(await world.run(['explain', ...argv], { stdin })).toEqual(await run('AADSTS50011'));
  });

  it('asks on a terminal, line by line until there is a code', async () => {
    const stdin = ['error: it failed', 'AADSTS50011: The redirect URI …', 'never read'];
    const result = await world.run(['explain'], { stdin, terminal: true });
    expect(result).toEqual({
      ...(await run('50011')),
      stderr: 'Paste the error text or a code and press Enter (it is not shown):\n',
    });
    expect(await world.run(['explain'], { stdin: [''], terminal: true })).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('answers --json with the object of the contract, for every code of the table', async () => {
    for (const { code, ...entry } of aadstsEntries) {
      const { exitCode, stdout, stderr } = await run(String(code), '--json');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const url = `https://login.microsoftonline.com/error?code=${code}`;
      expect(JSON.parse(stdout)).toEqual({ code: `AADSTS${code}`, ...entry, url });
    }
  });

  it('keeps every explanation within the terminal, and its commands whole or continued', async () => {
    for (const columns of [80, 120]) {
      const codes = aadstsEntries.map(({ code }) => String(code));
      const { stdout } = await world.run(['explain', ...codes], { size: { columns, rows: 24 } });
      expect(stdout.split('\n').filter(({ length }) => length > Math.min(columns, 100))).toEqual([]);
      const unbroken = stdout.replaceAll(/ \\\n +/g, ' ');
      const commands = aadstsEntries.flatMap(({ mend }) => mend.filter((item) => item.startsWith('entra-login ')));
      expect(commands.filter((command) => !unbroken.includes(`  - ${command}\n`))).toEqual([]);
    }
  });

  it('explains several codes one by one; --json the first that is known, with a warning about the others', async () => {
    const both = await run('53003', '50011');
    expect(both.stdout).toBe(`${(await run('53003')).stdout}\n${(await run('50011')).stdout}`);
    expect(await run('53003', '50011', '--json')).toEqual({
      ...(await run('53003', '--json')),
      stderr: 'warning: There are more codes, which --json leaves out: AADSTS50011.\n',
    });
    expect(await run('53003', '50011', '--json', '--quiet')).toEqual(await run('53003', '--json'));
  });

  it('is exit 2 for a code that is not known, and names the page to look it up', async () => {
    expect(await run('999999')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: AADSTS999999 is not among the codes known here.
  try: Paste the whole error text, or see https://login.microsoftonline.com/error?code=999999
`,
    });
    const json = await run('999999', '--json');
    expect(json).toMatchObject({ exitCode: 2, stdout: '' });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'usage' } });
  });

  it('explains the known codes beside one that is not', async () => {
    expect(await run('999999', '50011')).toEqual({
      ...(await run('50011')),
      stderr: 'warning: AADSTS999999 is not known here: https://login.microsoftonline.com/error?code=999999\n',
    });
  });

  it('repeats Entra’s own description of a code that is not known, made harmless', async () => {
    const text = 'AADSTS999999: Something\u001b[2J new happened. Trace ID: 1';
    const { stdout, exitCode } = await run(text);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(String.raw`Entra says: Something\u{1b}[2J new happened.`);
    expect(stdout).not.toMatch(/\u001b|Trace ID/);
    expect(JSON.parse((await run(text, '--json')).stdout)).toMatchObject({
      code: 'AADSTS999999',
      url: 'https://login.microsoftonline.com/error?code=999999',
    });
  });

  it.each([
    ['http://localhost:5000/callback?code=0.AXoAs3cret&state=s3cret'],
    ['eyJhbGciOiJub25lIn0.s3cret.s3cret AADSTS50011'],
    ['https://x.example/?state=s3cret&error_description=AADSTS999999%3A%20No.&code=s3cret'],
    ['--s3cret'],
  ])('repeats nothing else of what was pasted (%s)', async (text) => {
    const { stdout, stderr } = await run(text);
    expect(stdout + stderr).not.toContain('s3cret');
  });

  it('is exit 2 where there is no code', async () => {
    expect(await run('it', 'failed')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `error: There is no AADSTS code in that.
  try: entra-login explain AADSTS50011, or paste the whole error text
`,
    });
  });

  it('refuses more than a megabyte', async () => {
    const stdin = Array.from({ length: 30 }, () => 'x'.repeat(40_000));
    expect(await world.run(['explain'], { stdin })).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
