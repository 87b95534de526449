import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso } from '../../src/emulator/default-directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { isListening } from '../support/program-process.ts';
import type { Machine } from '../support/program.ts';
import { authorizeUrl, startMachine, whyMissing } from '../support/program.ts';
import { startOnTerminal } from '../support/pseudo-terminal.ts';

// No program listens there: what a person sees is a browser that cannot open the page.
const port = 47_319;
const redirectUri = `http://localhost:${port}/callback`;
const manual = ['login', '--manual', '--redirect-uri', redirectUri];
const pythonMissing = whyMissing(['python3'], 'python3');

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

/** Signs alice in elsewhere and answers the address her browser could not open. */
async function redirectedUrl(authorize: string): Promise<string> {
  let redirected = '';
  const elsewhere: typeof fetch = (input, init) => {
    if (typeof input !== 'string' || !input.startsWith(redirectUri)) return fetch(input, init);
    redirected = input;
    return Promise.resolve(new Response('This site can’t be reached'));
  };
  await signInAsScriptedPerson(authorize, { username: alice.username, fetch: elsewhere });
  return redirected;
}

describe('login --manual on a pipe', () => {
  it('prints the URL on stderr, reads the redirected one from stdin, and listens nowhere', async () => {
    const program = machine.start(manual);
    const [url] = await program.hear(authorizeUrl);
    await program.hear(/Paste the address here and press Enter/);
    expect(new URL(url).searchParams.get('response_mode')).toBe('query');
    expect(await isListening(port)).toBe(false);
    const redirected = await redirectedUrl(url);
    expect(redirected).toMatch(new RegExp(`^${redirectUri}\\?code=`));
    program.write(`${redirected}\n`);
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stdout).toMatch(new RegExp(`^Name +${alice.name}\n`));
    expect(await machine.run(['whoami', '--claim', 'tid'])).toMatchObject({ exitCode: 0, stdout: `${contoso.id}\n` });
  });

  it('takes the URL at the end of the input too, without a newline', async () => {
    const program = machine.start([...manual, '--json']);
    const [url] = await program.hear(authorizeUrl);
    program.write(await redirectedUrl(url));
    program.endInput();
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(end.stdout)).toMatchObject({ account: { username: alice.username } });
  });

  it.each([
    ['a foreign URL', () => `https://example.com/?code=1&state=2`],
    ['another path', (url: string) => url.replace('/callback', '/other')],
    ['another sign-in', (url: string) => url.replace(/state=[^&]+/, 'state=of-another-sign-in')],
    ['a URL without an answer', (url: string) => url.replace(/code=[^&]+&/, '')],
    ['no URL', () => 'hello'],
  ])('refuses %s with exit 2, having asked Entra for nothing', async (_what, change) => {
    const program = machine.start([...manual, '--json']);
    const [url] = await program.hear(authorizeUrl);
    program.write(`${change(await redirectedUrl(url))}\n`);
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr.trim().split('\n').at(-1)).toContain('"code":"usage"');
    expect(end.stderr.trim().split('\n').at(-1)).toContain(redirectUri);
    expect(machine.emulator.requests.map(({ endpoint }) => endpoint)).not.toContain('token');
    expect(machine.files()).toEqual([]);
  });

  it('is exit 2 when nothing is given', async () => {
    const program = machine.start(manual);
    await program.hear(authorizeUrl);
    program.endInput();
    const end = await program.ended;
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toContain('nothing was given');
  });

  it('is exit 7 when nobody pastes in time, although stdin stays open', async () => {
    const end = await machine.run([...manual, '--timeout', '1s']);
    expect(end).toMatchObject({ exitCode: 7, stdout: '' });
    expect(end.milliseconds).toBeLessThan(3_000);
  });
});

describe.skipIf(pythonMissing)('login --manual on a terminal', () => {
  it('asks again after two wrong pastes, takes the third, of 4 kB, and shows none of them', async () => {
    const terminal = startOnTerminal(machine, manual);
    await terminal.hear(/it is not shown/);
    const [url] = await terminal.hear(authorizeUrl);
    const redirected = `${await redirectedUrl(url)}&filler=${'s'.repeat(4_000)}`;
    expect(redirected.length).toBeGreaterThan(4_096); // where a terminal in line mode cuts
    terminal.type('https://example.com/?code=seen-nowhere\r');
    await terminal.hear(/That is not it: it does not begin with/);
    terminal.type(`${redirectUri}?state=of-another&code=seen-nowhere\r`);
    await terminal.hear(/That is not it: it belongs to another sign-in/);
    // As terminals paste: in brackets, and Enter after it.
    terminal.type(`\u001b[200~${redirected}\u001b[201~\r`);
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: 0, echo: true, lineMode: true });
    expect(end.screen).toContain(alice.name);
    expect(end.screen).not.toContain('seen-nowhere');
    expect(end.screen).not.toContain('ssssssss');
    expect(end.screen).not.toContain(new URL(redirected).searchParams.get('code'));
  });

  it('gives up after three wrong pastes', async () => {
    const terminal = startOnTerminal(machine, manual);
    await terminal.hear(/it is not shown/);
    for (const count of [1, 2]) {
      terminal.type(`wrong ${count}\r`);
      await terminal.hear(new RegExp(`(That is not it[^]*){${count}}`));
    }
    terminal.type('wrong 3\r');
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: 2, echo: true, lineMode: true });
    expect(end.screen).toContain('The pasted address was not used: it is not a URL.');
    expect(end.screen).not.toContain('wrong 3');
  });

  it.each([
    ['Ctrl-C', (terminal: ReturnType<typeof startOnTerminal>) => terminal.type('\u0003')],
    ['half a URL and Ctrl-C', (terminal: ReturnType<typeof startOnTerminal>) => terminal.type('http://loc\u0003')],
  ])('ends with exit 130 on %s and leaves the terminal as it was', async (_what, press) => {
    const terminal = startOnTerminal(machine, manual);
    await terminal.hear(/it is not shown/);
    press(terminal);
    expect(await terminal.ended).toMatchObject({
      exitCode: 130,
      echo: true,
      lineMode: true,
      screen: expect.stringContaining('Cancelled.') as string,
    });
  });
});

describe.skipIf(pythonMissing)('login on a terminal', () => {
  it('shows the short address, counts down, and clears that line when the person is done', async () => {
    const terminal = startOnTerminal(machine, ['login', '--browser', '/bin/true']);
    const [, startUrl = ''] = await terminal.hear(/(http:\/\/localhost:\d+\/[\w-]{22})/);
    await terminal.hear(/Waiting for the sign-in, 5:00 left/);
    await terminal.hear(/Waiting for the sign-in, 4:59 left/);
    await signInAsScriptedPerson(startUrl, { username: alice.username });
    const end = await terminal.ended;
    expect(end).toMatchObject({ exitCode: 0, echo: true, lineMode: true });
    expect(end.screen).toMatch(/Waiting for the sign-in[^\n]*\r\u001b\[K(\u001b\[\d+m)*Name/);
    expect(end.screen).not.toMatch(authorizeUrl);
  });

  it('ends with exit 130 on Ctrl-C while it waits', async () => {
    const terminal = startOnTerminal(machine, ['login', '--no-browser']);
    await terminal.hear(/Waiting for the sign-in/);
    terminal.type('\u0003');
    expect(await terminal.ended).toMatchObject({ exitCode: 130, echo: true, lineMode: true });
  });
});
