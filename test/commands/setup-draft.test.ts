import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askDraft, correctDraft, refuseSecret } from '../../src/commands/setup-draft.ts';
import type { SetupDraft, SetupGround } from '../../src/commands/setup-draft.ts';
import type { Choice, Prompter } from '../../src/commands/setup-prompts.ts';
import type { Context } from '../../src/context.ts';
import { createFiles } from '../../src/platform/files.ts';
import { loadSettings } from '../../src/settings.ts';

const tenant = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
const clientId = 'de5c7090-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const secretId = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

let home: string;
let written: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'entra-login-draft-'));
  written = '';
});
afterEach(() => rmSync(home, { recursive: true }));

/** A person who answers by what is asked; what is not foreseen is taken as it is suggested. */
function person(answers: Readonly<Record<string, string | boolean>>): Prompter & { readonly asked: string[] } {
  const asked: string[] = [];
  const answerTo = (question: string): string | boolean | undefined => {
    asked.push(question);
    return Object.entries(answers).find(([words]) => question.includes(words))?.[1];
  };
  return {
    asked,
    begin: () => {},
    askText: (question, read, suggestion) => {
      const answer = answerTo(question) ?? suggestion ?? '';
      return Promise.resolve(read(String(answer), 'typed'));
    },
    askSecret: (question, refuse) => {
      const answer = String(answerTo(question));
      const refusal = refuse(answer);
      return refusal === undefined ? Promise.resolve(answer) : Promise.reject(new Error(refusal));
    },
    choose: <T extends string>(question: string, choices: readonly Choice<T>[]) => {
      const answer = answerTo(question);
      const chosen = choices.find(({ value }) => value === answer) ?? choices[0];
      return chosen === undefined ? Promise.reject(new Error('nothing is offered')) : Promise.resolve(chosen.value);
    },
    confirm: (question, suggestion) => Promise.resolve(Boolean(answerTo(question) ?? suggestion)),
  };
}

async function groundOf(
  options: SetupGround['options'] = {},
  more: Partial<Pick<SetupGround, 'secret' | 'givenSecret'>> & { readonly env?: Context['env'] } = {},
): Promise<SetupGround> {
  const { env = {}, ...secrets } = more;
  const output = { write: (text: string) => void (written += text), isTerminal: true, columns: 80, colorLevel: 0 };
  const directories = { configuration: join(home, 'config'), state: join(home, 'state'), working: home, home };
  // What setup asks with: settings, and a terminal to write the steps on.
  const context = { env, files: createFiles(), directories, stderr: output } as unknown as Context;
  const settings = (await loadSettings(context, options)).resolve(undefined);
  return { context, options, settings, secret: undefined, givenSecret: undefined, ...secrets };
}

describe('what setup asks', () => {
  it('of somebody with nothing set is all of it, after the steps of the registration', async () => {
    const prompter = person({ 'tenant) ID': tenant, 'client) ID': clientId });
    expect(await askDraft(await groundOf(), prompter)).toEqual({
      ...{ platform: 'desktop', redirectUri: 'http://localhost', tenant, clientId, newSecret: undefined },
      authorityHost: 'https://login.microsoftonline.com',
    });
    expect(prompter.asked).toHaveLength(4);
    expect(written).toContain('New registration');
    expect(written).toContain('entra.microsoft.com');
  });

  it('of a Web registration is its secret too, with the path in the redirect URI', async () => {
    const prompter = person({ platform: 'web', 'tenant) ID': tenant, 'client) ID': clientId, secret: 'Zz~8Q~value' });
    expect(await askDraft(await groundOf(), prompter)).toMatchObject({
      ...{ platform: 'web', redirectUri: 'http://localhost:5000/callback', newSecret: 'Zz~8Q~value' },
    });
    expect(written).not.toContain('Zz~8Q~value');
  });

  it('is not what options have said, and then no steps are shown', async () => {
    const options = { tenant, clientId, platform: 'desktop', redirectUri: 'http://localhost:0/callback' } as const;
    const prompter = person({});
    expect(await askDraft(await groundOf(options), prompter)).toMatchObject({
      ...{ tenant, clientId, redirectUri: 'http://localhost:0/callback' },
    });
    expect(prompter.asked).toEqual([]);
    expect(written).toBe('');
  });

  it('is not for a secret that came on standard input, which makes it a Web registration', async () => {
    const ground = await groundOf({ tenant, clientId, clientSecretStdin: true }, { givenSecret: 'Zz~8Q~given' });
    const prompter = person({});
    expect(await askDraft(ground, prompter)).toMatchObject({ platform: 'web', newSecret: 'Zz~8Q~given' });
    expect(prompter.asked.join()).not.toContain('secret');
  });

  it('is whether a secret that is there already is the one, and for another if not', async () => {
    const options = { tenant, clientId, platform: 'web' } as const;
    const kept = await groundOf(options, { secret: 'Zz~8Q~kept' });
    expect(await askDraft(kept, person({}))).toMatchObject({ newSecret: undefined });
    const prompter = person({ 'already. Use it': false, 'Client secret': 'Zz~8Q~new' });
    expect(await askDraft(kept, prompter)).toMatchObject({ newSecret: 'Zz~8Q~new' });
  });

  it('suggests what the environment says, and has no link of the public cloud for another', async () => {
    const env = { ENTRA_LOGIN_TENANT: 'organizations', ENTRA_LOGIN_CLIENT_ID: clientId, ENTRA_LOGIN_CLOUD: 'china' };
    expect(await askDraft(await groundOf({}, { env }), person({}))).toMatchObject({
      ...{ tenant: 'organizations', clientId, authorityHost: 'https://login.partner.microsoftonline.cn' },
    });
    expect(written).toContain('any organizational directory');
    expect(written).not.toContain('https://entra.microsoft.com');
  });
});

describe('a draft that Entra refused', () => {
  const draft: SetupDraft = {
    ...{ platform: 'web', tenant, clientId, redirectUri: 'http://localhost:5000/callback' },
    ...{ authorityHost: 'https://login.microsoftonline.com', newSecret: 'Zz~8Q~wrong' },
  };

  it.each([
    ['tenant', 'tenant) ID', 'contoso.com', { tenant: 'contoso.com' }],
    ['client_id', 'client) ID', secretId, { clientId: secretId }],
    ['redirect_uri', 'Redirect URI', 'http://localhost', { redirectUri: 'http://localhost' }],
    ['client_secret', 'Client secret', 'Zz~8Q~right', { newSecret: 'Zz~8Q~right' }],
  ] as const)('has its %s asked for again, and keeps the rest', async (what, question, answer, changed) => {
    const prompter = person({ [question]: answer });
    expect(await correctDraft(draft, prompter, what)).toEqual({ ...draft, ...changed });
    expect(prompter.asked).toHaveLength(1);
  });
});

describe('a client secret', () => {
  it('that is empty, or the Secret ID, is refused before Entra is asked', () => {
    expect(refuseSecret('')).toBe('Something must stand here.');
    expect(refuseSecret(secretId)).toMatch(/^This is the Secret ID\. Copy the Value/);
    expect(refuseSecret('Zz~8Q~value')).toBeUndefined();
  });
});
