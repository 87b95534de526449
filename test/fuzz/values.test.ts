import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { readClaimsRequest } from '../../src/auth/claims-request.ts';
import { readPastedRedirect } from '../../src/auth/redirect/pasted-url.ts';
import {
  coversScopes,
  parseScopes,
  resourceOf,
  scopesOfFirstResource,
  withOpenIdScopes,
} from '../../src/auth/scopes.ts';
import { EntraLoginError } from '../../src/errors.ts';
import { splitCommandWords } from '../../src/platform/command-words.ts';
import { createFetch } from '../../src/platform/http.ts';
import { findProxy } from '../../src/platform/http-proxy.ts';
import { findDirectories } from '../../src/platform/paths.ts';
import { readPiped, readTyped } from '../../src/platform/terminal-line.ts';
import * as values from '../../src/settings-values.ts';
import { itHolds } from '../support/fuzz.ts';
import { anyCuts, anyJsonText, anyText, applyCuts, foreseen } from '../support/hostile-values.ts';

describe('a claims request', () => {
  const written = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
  const forms = fc.constantFrom<((json: string) => string)[]>(
    (json) => json,
    (json) => Buffer.from(json).toString('base64'),
    (json) => Buffer.from(json).toString('base64url'),
    (json) => `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(json).toString('base64')}"`,
  );

  itHolds(
    'is the same whether JSON, base64 or a whole WWW-Authenticate value',
    500,
    fc.property(written, forms, (claims, form) => {
      const json = JSON.stringify(claims);
      fc.pre(!/claims\s*=/i.test(json));
      expect(readClaimsRequest(form(json))).toBe(json);
    }),
  );

  itHolds(
    'that is anything else is refused, or read as JSON that reads the same again',
    400,
    fc.asyncProperty(
      fc.oneof(
        anyText,
        anyJsonText,
        fc.tuple(forms, anyJsonText).map(([form, json]) => form(json)),
        fc.tuple(forms, written, anyCuts).map(([form, value, cuts]) => applyCuts(form(JSON.stringify(value)), cuts)),
      ),
      async (given) => {
        const read = await foreseen(() => readClaimsRequest(given));
        if (read instanceof EntraLoginError) expect(read.code).toBe('usage');
        else expect(readClaimsRequest(read.replaceAll(/claims\s*=/gi, '')).length).toBeGreaterThan(1);
      },
    ),
  );
});

describe('a pasted redirect', () => {
  const uris = fc.constantFrom('http://localhost:5000/callback', 'http://localhost', 'http://127.0.0.1:81/a/b');
  const query = fc.array(
    fc.tuple(fc.constantFrom('state', 'code', 'error', 'iss', 'session_state'), fc.constantFrom('S', '', 'x', 'S ')),
  );

  itHolds(
    'is taken only at the redirect URI, with our state once, and with a code or an error',
    400,
    fc.property(
      uris,
      fc.oneof(
        anyText,
        query.map((pairs) => `?${new URLSearchParams(pairs).toString()}`),
      ),
      anyText,
      (uri, tail, elsewhere) => {
        for (const pasted of [`${uri}${tail}`, elsewhere, `${elsewhere}${uri}${tail}`]) {
          const read = readPastedRedirect(pasted, uri, 'S');
          if (read.kind === 'foreign') continue;
          const { parameters } = read;
          expect(parameters.getAll('state')).toEqual(['S']);
          expect(Boolean(parameters.get('code')) !== Boolean(parameters.get('error'))).toBe(true);
          expect(new URL(pasted.trim()).host).toBe(new URL(uri).host);
        }
      },
    ),
  );
});

describe('scopes', () => {
  const scope = fc.oneof(
    fc.constantFrom(
      'openid',
      'Offline_Access',
      'User.Read',
      'https://graph.microsoft.com/User.Read',
      '/x',
      'x/',
      '//',
      'https://management.azure.com//.default',
      'api://x/.default',
    ),
    fc.string({ minLength: 1 }),
  );

  itHolds(
    'can be asked for once cut down to those of the first resource, and cover themselves',
    500,
    fc.property(fc.array(scope), (given) => {
      const scopes = parseScopes(given);
      const first = scopesOfFirstResource(withOpenIdScopes(scopes));
      expect(resourceOf(first)).toBeTypeOf('string');
      expect(coversScopes(scopes, scopes)).toBe(true);
      expect(withOpenIdScopes(withOpenIdScopes(scopes))).toEqual(withOpenIdScopes(scopes));
      expect(parseScopes([scopes.join(' ')])).toEqual(scopes);
    }),
  );
});

describe('a setting', () => {
  const readers: readonly (readonly [string, values.ValueReader<unknown>])[] = [
    ['tenant', values.readTenant],
    ['client ID', values.readClientId],
    ['service connection', values.readServiceConnectionId],
    ['redirect URI', values.readRedirectUri],
    ['port', values.readPort],
    ['scopes', values.readScopes],
    ['cloud', values.readCloud],
    ['authority host', values.readAuthorityHost],
    ['profile', values.readProfileName],
    ['store', values.readStore],
    ['browser', values.readBrowser],
  ];
  const texts = fc.oneof(
    anyText,
    fc.webUrl(),
    fc
      .tuple(
        fc.constantFrom(
          'http://localhost:5000/callback',
          'https://login.microsoftonline.com',
          'contoso.com',
          'default',
          '0',
        ),
        anyCuts,
      )
      .map(([sound, cuts]) => applyCuts(sound, cuts)),
  );

  itHolds(
    'of any text is read the same again, or refused by name without repeating the text',
    1_000,
    fc.asyncProperty(fc.constantFrom(...readers), texts, async ([, read], text) => {
      const value = await foreseen(() => read(text, 'THE PLACE'));
      if (value instanceof EntraLoginError) {
        expect(value).toMatchObject({ code: 'configuration', hint: expect.stringContaining('Allowed') as string });
        expect(value.message).toContain('THE PLACE');
        if (text.length > 24) expect(value.message).not.toContain(text);
      } else {
        const again = Array.isArray(value) ? value.join(' ') : String(value);
        expect(read(again, 'THE PLACE')).toEqual(value);
      }
    }),
  );

  itHolds(
    'that is a duration is whole milliseconds of at most a day, or refused',
    400,
    fc.asyncProperty(
      fc.oneof(
        anyText,
        fc
          .tuple(fc.double(), fc.constantFrom('ms', 's', 'm', 'h', '', 'd'))
          .map(([amount, unit]) => `${amount}${unit}`),
      ),
      async (text) => {
        const read = await foreseen(() => values.readDuration(text, '--timeout'));
        if (read instanceof EntraLoginError) {
          expect(read.code).toBe('usage');
          return;
        }
        expect(Number.isInteger(read) && read >= 0 && read <= 86_400_000).toBe(true);
        expect(values.readDuration(`${read}ms`, '--timeout')).toBe(read);
      },
    ),
  );

  itHolds(
    'that is a directory is an absolute path, or refused',
    500,
    fc.asyncProperty(
      fc.dictionary(
        fc.constantFrom(
          'ENTRA_LOGIN_CONFIG_DIR',
          'ENTRA_LOGIN_STATE_DIR',
          'XDG_CONFIG_HOME',
          'XDG_STATE_HOME',
          'APPDATA',
          'LOCALAPPDATA',
        ),
        anyText,
      ),
      fc.option(anyText, { nil: undefined }),
      fc.constantFrom('linux', 'darwin', 'win32'),
      async (env, home, platform) => {
        const found = await foreseen(() => findDirectories({ env, home, platform }));
        if (found instanceof EntraLoginError) {
          expect(found.code).toBe('configuration');
          return;
        }
        const isAbsolute = platform === 'win32' ? /^(?:[\\/]|[a-z]:[\\/])/i : /^\//;
        expect(found.configuration).toMatch(isAbsolute);
        expect(found.state).toMatch(isAbsolute);
      },
    ),
  );
});

describe('a proxy', () => {
  const secret = 'pass-word-of-the-proxy';
  const variables = fc.constantFrom('https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY');
  // A port of loopback at which nobody listens: nothing leaves this machine.
  const address = fc.oneof(
    anyText.map((text) => `${text}:${secret}@127.0.0.1:1`),
    fc
      .tuple(fc.constantFrom('http://', 'https://', 'socks5://', '', 'file://'), anyCuts)
      .map(([scheme, cuts]) => applyCuts(`${scheme}name:${secret}@127.0.0.1:1`, cuts)),
  );
  const urls = fc.oneof(
    fc.webUrl(),
    fc.constantFrom('http://localhost/', 'http://[::1]/', 'http://169.254.169.254/', 'https://[2001:db8::1]/'),
  );

  itHolds(
    'of any text is an http or https address, or refused without repeating its password',
    400,
    fc.asyncProperty(urls, fc.dictionary(variables, fc.oneof(anyText, address)), async (url, env) => {
      const found = await foreseen(() => findProxy(new URL(url), env));
      if (found instanceof EntraLoginError) {
        expect(found.code).toBe('configuration');
        expect(`${found.message}${found.hint ?? ''}`).not.toContain(secret);
      } else if (found !== undefined) expect(new URL(found.url).protocol).toMatch(/^https?:$/);
    }),
  );

  itHolds(
    'that cannot be reached is a network error, which does not tell its password',
    60,
    fc.asyncProperty(address, async (value) => {
      const fetch = createFetch({ HTTPS_PROXY: value });
      // What is not at loopback stays unasked.
      const proxy = await foreseen(() => findProxy(new URL('https://entra.test/'), { HTTPS_PROXY: value }));
      fc.pre(proxy instanceof EntraLoginError || (proxy !== undefined && new URL(proxy.url).host === '127.0.0.1:1'));
      const answer = await foreseen(() => fetch('https://entra.test/'));
      expect(answer).toBeInstanceOf(EntraLoginError);
      const { code, message, hint = '' } = answer as EntraLoginError;
      expect(['network', 'configuration']).toContain(code);
      expect(`${message}${hint}`).not.toContain(secret);
    }),
  );
});

describe('what a person types', () => {
  itHolds(
    'is split into words that give the same words again',
    500,
    fc.property(anyText, fc.constantFrom<NodeJS.Platform>('linux', 'win32'), (command, platform) => {
      const words = splitCommandWords(command, platform);
      if (words === undefined) return;
      const quoted = words.map(
        (word) => `'${word.replaceAll("'", platform === 'win32' ? `'"'"'` : String.raw`'\''`)}'`,
      );
      expect(splitCommandWords(quoted.join(' '), platform)).toEqual(words);
    }),
  );

  itHolds(
    'is a line without control characters, whatever keys a terminal sends, and nothing is lost after it',
    500,
    fc.property(anyText, anyText, (keys, after) => {
      const typed = readTyped(keys);
      if (typed.kind === 'line') {
        expect(typed.line ?? '').not.toMatch(/[\u0000-\u001f\u007f]/);
        expect(keys.endsWith(typed.rest)).toBe(true);
      }
      const piped = readPiped(`${keys.replaceAll('\n', '')}\n${after}`, false);
      expect(piped).toMatchObject({ kind: 'line', rest: after });
    }),
  );
});
