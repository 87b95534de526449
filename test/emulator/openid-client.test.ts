import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice, contoso, desktopApplication } from '../../src/emulator/default-directory.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import { startRedirectListener } from './support.ts';
import type { TestListener } from './support.ts';

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

describe('the emulator, seen by openid-client', () => {
  it('signs a person in, shows UserInfo and renews', async () => {
    const config = await oidc.discovery(
      new URL(`${emulator.origin}/${contoso.id}/v2.0`),
      desktopApplication.clientId,
      undefined,
      oidc.None(),
      { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
    );
    const verifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: listener.redirectUri,
      scope: 'openid profile email offline_access',
      response_mode: 'form_post',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });

    const walk = await signInAsScriptedPerson(url.href, { username: alice.username });
    const request = new Request(listener.redirectUri, { method: 'POST', body: new URLSearchParams(walk.parameters) });
    const tokens = await oidc.authorizationCodeGrant(config, request, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
    });

    expect(walk).toMatchObject({ delivered: true, status: 200, body: 'received' });
    expect(tokens.claims()).toMatchObject({ oid: alice.objectId, tid: contoso.id, nonce, ver: '2.0' });
    const sub = tokens.claims()?.sub ?? '';
    expect(await oidc.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({ sub, name: 'Alice Anders' });
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '', {
      scope: 'https://management.azure.com/.default openid offline_access',
    });
    expect(renewed.scope).toBe('https://management.azure.com/.default https://management.azure.com/user_impersonation');
  });
});
