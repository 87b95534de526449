import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alice, contoso, desktopApplication, webSecret } from '../../src/emulator/default-directory.ts';
import type { Application } from '../../src/emulator/directory.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { Machine } from '../support/program.ts';
import { authorizeUrl, startMachine, whyMissing } from '../support/program.ts';
import type { TerminalEnd, TerminalProgram } from '../support/pseudo-terminal.ts';
import { startOnTerminal } from '../support/pseudo-terminal.ts';

const pythonMissing = whyMissing(['python3'], 'python3');

// What somebody has in front of them after registering an application, and nothing more.
const nothingSet = {
  ENTRA_LOGIN_TENANT: undefined,
  ENTRA_LOGIN_CLIENT_ID: undefined,
  ENTRA_LOGIN_REDIRECT_URI: undefined,
  ENTRA_LOGIN_BROWSER: 'none',
};
const enter = '\r';
const arrowDown = '\u001b[B';
const unknownGuid = '00000000-1111-4222-8333-444444444444';
/** A registration as the newcomer made it: for Contoso alone, with what differs. */
const registration: Application = {
  ...desktopApplication,
  clientId: '2e3c03e2-0000-4000-8000-000000000001',
  name: 'Newcomer',
  audience: 'single_tenant',
};

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

interface Answers {
  readonly platform?: 'desktop' | 'web';
  /** Typed over the suggestion. */
  readonly redirectUri?: string;
  readonly tenant?: string;
  readonly clientId?: string;
  readonly secret?: string;
}

/** Starts `setup` at a terminal and answers its questions, up to what Entra says of them. */
async function answerSetup(
  { platform = 'desktop', redirectUri, tenant = contoso.id, clientId = registration.clientId, secret }: Answers,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<TerminalProgram> {
  const terminal = startOnTerminal(machine, ['setup'], { env: { ...nothingSet, ...env } });
  await terminal.hear(/Mobile and desktop applications/);
  terminal.type(platform === 'web' ? `${arrowDown}${enter}` : enter);
  await terminal.hear(/Redirect URI \(Enter keeps it\)/);
  // Ctrl-U takes away what is suggested.
  terminal.type(redirectUri === undefined ? enter : `\u0015${redirectUri}${enter}`);
  await terminal.hear(/tenant\) ID, or a domain/);
  terminal.type(`${tenant}${enter}`);
  await terminal.hear(/Application \(client\) ID\r?\n/);
  terminal.type(`${clientId}${enter}`);
  if (secret !== undefined) {
    await terminal.hear(/Client secret, the Value/);
    terminal.type(`${secret}${enter}`);
  }
  await terminal.hear(/Asking Entra/);
  return terminal;
}

/** Agrees to sign in and goes to the URL on the screen; answers the page the browser ends on, and the terminal. */
async function signInNow(
  terminal: TerminalProgram,
): Promise<{ readonly page: string; readonly delivered: boolean; readonly end: Promise<TerminalEnd> }> {
  await terminal.hear(/Sign in now\?/);
  terminal.type(enter);
  const [url] = await terminal.hear(authorizeUrl);
  const { body, delivered } = await signInAsScriptedPerson(url, { username: alice.username });
  return { page: body, delivered, end: terminal.ended };
}

/** What a terminal shows, as one line of words: without escapes, and however it was wrapped. */
function words(screen: string): string {
  return screen.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll(/[│\s]+/g, ' ');
}

describe.skipIf(pythonMissing !== undefined)('a newcomer with an empty HOME', () => {
  it('gets from setup to whoami at the tenant of demo --serve by what the screen says, within two minutes', async () => {
    const serving = machine.start(['demo', '--serve'], { env: nothingSet, patience: 120_000 });
    const [, authorityHost = ''] = await serving.hear(/^ENTRA_LOGIN_AUTHORITY_HOST=(.*)$/m, 'stdout');
    const [, tenant = ''] = await serving.hear(/^ENTRA_LOGIN_TENANT=(.*)$/m, 'stdout');
    const [, clientId = ''] = await serving.hear(/^ENTRA_LOGIN_CLIENT_ID=(.*)$/m, 'stdout');
    const startedAt = performance.now();
    const terminal = await answerSetup({ tenant, clientId }, { ENTRA_LOGIN_AUTHORITY_HOST: authorityHost });
    const { delivered, page, end } = await signInNow(terminal);
    expect(delivered).toBe(true);
    expect(page).toContain('You are signed in');
    expect(await end).toMatchObject({ exitCode: 0, echo: true, lineMode: true });
    // No variable of the emulator's any more: what setup wrote is enough.
    const whoami = await machine.run(['whoami'], {
      env: { ...nothingSet, ENTRA_LOGIN_AUTHORITY_HOST: undefined },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    expect(whoami).toMatchObject({ exitCode: 0, stderr: '' });
    expect(whoami.stdout).toMatch(new RegExp(`^Name +${alice.name}\nUsername +${alice.username}\n`));
    expect(seconds).toBeLessThan(120);
    serving.kill('SIGINT');
    await serving.ended;
  });

  it('gets there with a Web registration and its secret, which is asked for unseen', async () => {
    const web = { redirectUris: { web: ['http://localhost:5000/callback'] }, secrets: [{ value: webSecret }] };
    machine.emulator.addApplication({ ...registration, ...web, allowPublicClientFlows: false });
    const terminal = await answerSetup({
      platform: 'web',
      redirectUri: 'http://localhost:0/callback',
      secret: webSecret,
    });
    const { page, end } = await signInNow(terminal);
    expect(page).toContain('You are signed in');
    const { exitCode, screen } = await end;
    expect(exitCode).toBe(0);
    expect(screen).not.toContain(webSecret);
    expect(await machine.run(['token', '--refresh'], { env: nothingSet })).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe.skipIf(pythonMissing !== undefined)('a newcomer whose registration is wrong', () => {
  it('with the wrong tenant is told so before signing in, and corrects it', async () => {
    machine.emulator.addApplication(registration);
    const terminal = await answerSetup({ tenant: unknownGuid });
    await terminal.hear(/What now\?/);
    terminal.type(enter); // the likeliest first
    await terminal.hear(/What now\?[^]*a domain of the tenant/);
    terminal.type(`\u0015${contoso.id}${enter}`);
    const { end } = await signInNow(terminal);
    const { exitCode, screen } = await end;
    expect(exitCode).toBe(0);
    expect(words(screen)).toMatch(/failed Tenant .*AADSTS90002.*try: /);
    expect(words(screen)).toMatch(/Correct the tenant/);
  });

  it('with the wrong client ID is told so before signing in, and corrects it', async () => {
    machine.emulator.addApplication(registration);
    const terminal = await answerSetup({ clientId: unknownGuid });
    await terminal.hear(/What now\?/);
    terminal.type(enter);
    await terminal.hear(/What now\?[^]*Application \(client\) ID/);
    terminal.type(`\u0015${registration.clientId}${enter}`);
    const { end } = await signInNow(terminal);
    const { exitCode, screen } = await end;
    expect(exitCode).toBe(0);
    expect(words(screen)).toMatch(/failed Application .*AADSTS700016.*try: .*Overview/);
  });

  it('with a path that is not registered is told which address to add, before signing in', async () => {
    machine.emulator.addApplication({
      ...registration,
      redirectUris: { publicClient: ['http://localhost:5000/auth'] },
    });
    const terminal = await answerSetup({});
    await terminal.hear(/What now\?/);
    terminal.type('\u0003');
    const { exitCode, screen } = await terminal.ended;
    expect(exitCode).toBe(130);
    expect(words(screen)).toMatch(
      /failed Redirect URI .*AADSTS50011.*try: .*Authentication: add http:\/\/localhost under Mobile and desktop applications/,
    );
  });

  it('as Web, used without a secret, is told to move the redirect URI or to keep a secret', async () => {
    machine.emulator.addApplication({
      ...registration,
      redirectUris: { web: ['http://localhost:5000/callback'] },
      secrets: [{ value: webSecret }],
      allowPublicClientFlows: false,
    });
    const terminal = await answerSetup({ redirectUri: 'http://localhost:0/callback' });
    const { page, end } = await signInNow(terminal);
    const { exitCode, screen } = await end;
    expect(exitCode).toBe(4);
    for (const text of [words(screen), page]) {
      expect(text).toContain('AADSTS7000218');
      expect(text).toMatch(/Mobile and desktop applications|entra-login setup/);
    }
  });

  it('as a single-page application is told to move the redirect URI, before signing in and after', async () => {
    machine.emulator.addApplication({ ...registration, redirectUris: { spa: ['http://localhost:5000/callback'] } });
    const terminal = await answerSetup({ redirectUri: 'http://localhost:0/callback' });
    await terminal.hear(/What now\?/);
    terminal.type(`${arrowDown.repeat(4)}${enter}`); // writes the profile as it is
    const { page, end } = await signInNow(terminal);
    const { exitCode, screen } = await end;
    expect(exitCode).toBe(4);
    expect(words(screen)).toMatch(/failed Redirect URI .*try: .*under Mobile and desktop applications, and remove it/);
    for (const text of [words(screen), page]) {
      expect(text).toContain('AADSTS9002327');
      expect(text).toContain('Mobile and desktop applications');
    }
  });

  it('without public client flows, over SSH, is told where to allow them', async () => {
    machine.emulator.addApplication({ ...registration, allowPublicClientFlows: false });
    const terminal = await answerSetup(
      {},
      { ENTRA_LOGIN_BROWSER: undefined, SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' },
    );
    await terminal.hear(/Sign in now\?/);
    terminal.type(enter);
    const { exitCode, screen } = await terminal.ended;
    expect(exitCode).toBe(4);
    expect(words(screen)).toMatch(/failed Device code .*AADSTS7000218.*try: .*Allow public client flows/);
    expect(words(screen)).toMatch(/error: .*AADSTS7000218.*Allow public client flows/);
  });

  it.each([
    {
      what: 'that nobody may consent to',
      code: 'AADSTS90094',
      mend: /admin/i,
      plant: () => machine.emulator.updateApplication(registration.clientId, { consent: 'admin_only' }),
    },
    {
      what: 'that the person is not assigned to',
      code: 'AADSTS50105',
      mend: /Enterprise apps > your app.*Users and groups/,
      plant: () => machine.emulator.updateApplication(registration.clientId, { assignedUsers: [] }),
    },
    {
      what: 'that Conditional Access blocks',
      code: 'AADSTS53003',
      mend: /Conditional Access/,
      plant: () => machine.emulator.blockByConditionalAccess(alice.username),
    },
  ])('$what sees $code on the page of Entra, and what to do in the terminal', async ({ code, mend, plant }) => {
    machine.emulator.addApplication(registration);
    plant();
    const terminal = await answerSetup({});
    const { page, delivered, end } = await signInNow(terminal);
    expect(delivered).toBe(false);
    expect(page).toContain(code);
    terminal.type('\u0003');
    expect(await end).toMatchObject({ exitCode: 130 });
    const explained = startOnTerminal(machine, ['explain', code], { env: nothingSet });
    const { exitCode, screen } = await explained.ended;
    expect(exitCode).toBe(0);
    expect(words(screen)).toMatch(mend);
  });

  it('whose port is busy is told who holds it, and the way past it', async () => {
    machine.emulator.addApplication(registration);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const terminal = await answerSetup({ redirectUri: `http://localhost:${port}/callback` });
      await terminal.hear(/Sign in now\?/);
      terminal.type(enter);
      const { exitCode, screen } = await terminal.ended;
      expect(exitCode).toBe(8);
      expect(words(screen)).toMatch(
        new RegExp(`failed Port .*Port ${port} is in use by node \\(process ${process.pid}`),
      );
      expect(words(screen)).toMatch(/error: Port \d+ is in use by .*--port 0/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
