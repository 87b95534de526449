import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult, World } from '../support/world.ts';
import { startWorld } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
  await world.run(['login']);
});
afterAll(() => world.close());

const get = (...lines: string[]): Promise<RunResult> => world.run(['git-credential', 'get'], { stdin: [...lines, ''] });

describe('git asks with a host that only looks like Azure DevOps', () => {
  it.each([
    'dev.azure.com.evil.example',
    'evil.example/dev.azure.com',
    'evildev.azure.com',
    'dev.azure.com@evil.example',
    'dev.azure.com:8080',
    'dev.azure.com:443@evil.example',
    'dev.azure.com:443:80',
    'dev.azure.com.',
    'dev.azure.com/',
    'dev.azure.com%00.evil.example',
    'dev.azure.com\u0000.evil.example',
    'dev.azure.com\\.evil.example',
    ' dev.azure.com',
    'dev。azure。com',
    'evil.example/.visualstudio.com',
    'evil.example#.visualstudio.com',
    'evil.example?.visualstudio.com',
    'evil.example\\.visualstudio.com',
    'evil.example:80@x.visualstudio.com',
    'evil.example\u0000.visualstudio.com',
    '.visualstudio.com',
    'visualstudio.com',
    'x.visualstudio.com.evil.example',
    'x.visualstudio.com:8080',
    'xvisualstudio.com',
    'оrg.visualstudio.com',
    '127.0.0.1',
    '',
  ])('%j gets no token', async (host) => {
    expect(await get('protocol=https', `host=${host}`)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it.each([
    ['http', ['protocol=http', 'host=dev.azure.com']],
    ['HTTPS in capitals, which git never writes', ['protocol=HTTPS', 'host=dev.azure.com']],
    ['a scheme with a space', ['protocol=https ', 'host=dev.azure.com']],
    ['no protocol', ['host=dev.azure.com']],
    ['a carriage return behind the host', ['protocol=https', 'host=dev.azure.com\rhost=evil.example']],
    ['a host that a later line replaces', ['protocol=https', 'host=dev.azure.com', 'host=evil.example']],
    ['names without values', ['protocol', 'host', 'dev.azure.com']],
    ['a URL in place of its parts', ['url=https://dev.azure.com/contoso']],
  ])('%s gets no token', async (_what, lines) => {
    expect(await get(...lines)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});

describe('CVE-2020-5260: a line injected into the answer', () => {
  it.each(['me\rpassword=evil', 'me\0host=evil.example', 'me\u2028host=evil.example', '\u001b[2J'])(
    'by the user name %j does not become a line',
    async (username) => {
      const { stdout } = await get('protocol=https', 'host=dev.azure.com', `username=${username}`);
      const names = stdout
        .trimEnd()
        .split(/[\r\n\0]/)
        .map((line) => line.split('=')[0]);
      expect(names).toEqual(['username', 'password', 'password_expiry_utc']);
    },
  );

  it('by a path that holds another request changes nothing', async () => {
    const { stdout } = await get('protocol=https', 'host=dev.azure.com', 'path=a/b%0ahost=evil.example');
    expect(stdout.split('\n').map((line) => line.split('=')[0])).toEqual([
      'username',
      'password',
      'password_expiry_utc',
      '',
    ]);
  });
});
