import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice, unconsentedApplication } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { TestListener } from './support.ts';
import { authorizeUrl, startRedirectListener } from './support.ts';

let emulator: Emulator;
let listener: TestListener;
beforeAll(async () => {
  emulator = await startEmulator();
  listener = await startRedirectListener();
});
afterAll(async () => {
  await emulator.close();
  await listener.close();
});

describe('the scripted person', () => {
  it('walks from a start page through consent to the redirect URI, and answers what that said', async () => {
    const parameters = { redirect_uri: listener.redirectUri, client_id: unconsentedApplication.clientId };
    const startPage = createServer((_request, response) => {
      response.writeHead(302, { Location: authorizeUrl(emulator, parameters) }).end();
    });
    await new Promise<void>((resolve) => {
      startPage.listen(0, 'localhost', resolve);
    });
    const url = `http://localhost:${(startPage.address() as AddressInfo).port}/start`;
    const walked = await signInAsScriptedPerson(url, { username: alice.username });
    startPage.closeAllConnections();
    startPage.close();

    expect(walked).toEqual({
      delivered: true,
      url: listener.redirectUri,
      parameters: { code: expect.any(String), state: 'a-state', session_state: expect.any(String) },
      status: 200,
      headers: expect.any(Headers),
      body: 'received',
      pages: [expect.stringMatching(/^Pick an account/), expect.stringMatching(/^Permissions requested/), 'Working...'],
    });
  });

  it('follows the redirect of response_mode=query', async () => {
    const url = authorizeUrl(emulator, { redirect_uri: listener.redirectUri, response_mode: 'query' });
    const walked = await signInAsScriptedPerson(url, { username: alice.username });

    expect(walked).toMatchObject({ delivered: true, body: 'received', parameters: { state: 'a-state' } });
    expect(listener.deliveries.at(-1)).toMatchObject({ method: 'GET', body: '' });
    expect(walked.url).toBe(`${listener.origin}${listener.deliveries.at(-1)?.url}`);
  });

  it('uses the fetch it is given', async () => {
    const asked: string[] = [];
    const url = authorizeUrl(emulator, { redirect_uri: listener.redirectUri });
    await signInAsScriptedPerson(url, {
      username: alice.username,
      fetch: async (input, init) => {
        asked.push(`${init?.method} ${new URL(input instanceof Request ? input.url : input).pathname}`);
        return await fetch(input, init);
      },
    });

    expect(asked).toEqual([`GET ${new URL(url).pathname}`, 'POST /emulator/sign-in', 'POST /callback']);
  });

  it('stops at an error page and hands it back', async () => {
    const url = authorizeUrl(emulator, { redirect_uri: 'http://localhost/elsewhere' });

    expect(await signInAsScriptedPerson(url, { username: alice.username })).toMatchObject({
      delivered: false,
      status: 400,
      body: expect.stringContaining('AADSTS50011'),
      parameters: {},
    });
  });
});
