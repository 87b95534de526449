import { describe, expect, it } from 'vitest';
import { EntraLoginError } from '../src/errors.ts';
import * as values from '../src/settings-values.ts';

const place = 'ENTRA_LOGIN_X';
const readOr = (read: values.ValueReader<unknown>, text: string): unknown => {
  try {
    return read(text, place);
  } catch (error) {
    if (!(error instanceof EntraLoginError)) throw error;
    // Whatever was typed may be a secret in the wrong place.
    expect(error.message).toMatch(new RegExp(`is not valid \\(${place}\\)\\.$`));
    expect(error.hint).toMatch(/^Allowed: .+\.$/);
    return error.code;
  }
};
const refused = 'configuration';

describe('a tenant', () => {
  it.each([
    ['5A1C0B6E-3F0D-4C52-9A57-0C1D2E3F4A5B', '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b'],
    ['Contoso.onmicrosoft.com', 'contoso.onmicrosoft.com'],
    ['organizations', 'organizations'],
    ['x', 'x'],
  ])('may be %s', (text, value) => {
    expect(readOr(values.readTenant, text)).toBe(value);
  });

  it.each(['', ' ', 'a..b', '.contoso.com', 'contoso.com/', '../x', 'a b', 'a?b', '-a', 'a-', 'ä.de', 'a'.repeat(254)])(
    'may not be %j',
    (text) => {
      expect(readOr(values.readTenant, text)).toBe(refused);
    },
  );
});

describe('a client ID', () => {
  it.each(['11111111-2222-3333-4444-555555555555', 'api://my-app'.replaceAll('/', ''), 'client_1.~'])(
    'may be %s, as it stands',
    (text) => {
      expect(readOr(values.readClientId, text)).toBe(text);
    },
  );

  it.each(['', 'a b', 'a/b', 'a"b', 'a\n', 'a'.repeat(201)])('may not be %j', (text) => {
    expect(readOr(values.readClientId, text)).toBe(refused);
  });
});

describe('a redirect URI', () => {
  it.each([
    'http://localhost',
    'http://localhost/',
    'http://localhost:0/callback',
    'http://localhost:5000/callback',
    'http://127.0.0.1:5000/a/b',
    'http://127.0.0.2',
    'HTTP://localhost:5000',
  ])('may be %s, byte for byte', (text) => {
    expect(readOr(values.readRedirectUri, text)).toBe(text);
  });

  it.each([
    '',
    'localhost:5000',
    'https://localhost:5000',
    'http://[::1]:5000/',
    'http://example.com/',
    'http://localhost.example.com/',
    'http://127.0.0.1.example.com/',
    'http://0.0.0.0:5000/',
    'http://user@localhost/',
    'http://:password@localhost/',
    'http://localhost/?a=b',
    'http://localhost/?',
    'http://localhost/#',
    'http://localhost/ x',
    'http://localhost:99999/',
    String.raw`http:\\localhost`,
    'com.example.app://localhost',
  ])('may not be %j', (text) => {
    expect(readOr(values.readRedirectUri, text)).toBe(refused);
  });

  it.each(['http:localhost:5000', 'http:/localhost:5000', 'http:///localhost:5000'])(
    'may not be %j, which only URL parsers mend and Entra compares byte for byte',
    (text) => {
      expect(readOr(values.readRedirectUri, text)).toBe(refused);
    },
  );
});

describe('a port', () => {
  it.each([
    ['0', 0],
    ['5000', 5000],
    ['65535', 65_535],
  ])('may be %s', (text, value) => {
    expect(readOr(values.readPort, text)).toBe(value);
  });

  it.each(['', '65536', '100000', '-1', '1.5', '0x10', ' 1', 'a'])('may not be %j', (text) => {
    expect(readOr(values.readPort, text)).toBe(refused);
  });
});

describe('scopes', () => {
  it('are separated by spaces, each once, in order', () => {
    expect(readOr(values.readScopes, ' openid  User.Read\topenid api://x/.default ')).toEqual([
      'openid',
      'User.Read',
      'api://x/.default',
    ]);
  });

  it.each(['', '  ', 'a"b', String.raw`a\b`, 'ä', 'a\u0000'])('may not be %j (RFC 6749, 3.3)', (text) => {
    expect(readOr(values.readScopes, text)).toBe(refused);
  });
});

describe('a cloud, a store, a profile', () => {
  it('are the names of the contract', () => {
    const clouds = ['public', 'usgov', 'china', 'bleu', 'delos', 'govsg'];
    expect(clouds.map((name) => readOr(values.readCloud, name))).toEqual(clouds);
    const stores = ['keychain', 'file', 'memory'];
    expect(stores.map((name) => readOr(values.readStore, name))).toEqual(stores);
    const profiles = ['default', 'a', 'A-1_b.c', '_x', '-x', 'a'.repeat(64)];
    expect(profiles.map((name) => readOr(values.readProfileName, name))).toEqual(profiles);
  });

  it.each(['', 'Public', 'mars', 'constructor'])('no cloud is %j', (text) => {
    expect(readOr(values.readCloud, text)).toBe(refused);
  });

  it.each(['', 'File', 'cloud'])('no store is %j', (text) => {
    expect(readOr(values.readStore, text)).toBe(refused);
  });

  it.each(['', '.hidden', '..', 'a/b', String.raw`a\b`, 'a b', 'ä', 'a#1', 'a\n', 'a'.repeat(65)])(
    'no profile is %j',
    (text) => {
      expect(readOr(values.readProfileName, text)).toBe(refused);
    },
  );
});

describe('an authority host', () => {
  it.each([
    ['https://login.microsoftonline.com', 'https://login.microsoftonline.com'],
    ['https://Login.MicrosoftOnline.com:443/', 'https://login.microsoftonline.com'],
    ['login.example.com', 'https://login.example.com'],
    ['login.example.com:8443', 'https://login.example.com:8443'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('%s is %s', (text, value) => {
    expect(readOr(values.readAuthorityHost, text)).toBe(value);
  });

  it.each([
    '',
    'http://login.example.com',
    'http://127.example.com',
    'http://localhost.example.com',
    'https://login.example.com/tenant',
    'https://login.example.com/?a',
    'https://login.example.com/#a',
    'https://user@login.example.com',
    'https://user:password@login.example.com',
    'ftp://login.example.com',
    'https://',
    'login example com',
  ])('%j is none', (text) => {
    expect(readOr(values.readAuthorityHost, text)).toBe(refused);
  });
});

describe('a browser', () => {
  it('is a command, or none', () => {
    expect(readOr(values.readBrowser, ' "/opt/my browser" %s ')).toBe('"/opt/my browser" %s');
    expect(readOr(values.readBrowser, 'none')).toBe('none');
  });

  it.each(['', '  ', 'a\nb', 'a\u0000b'])('may not be %j', (text) => {
    expect(readOr(values.readBrowser, text)).toBe(refused);
  });
});

describe('a duration', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['500ms', 500],
    ['1.5s', 1500],
    [' 2m ', 120_000],
    ['24h', 86_400_000],
    ['0', 0],
  ])('%s is %d milliseconds', (text, value) => {
    expect(readOr(values.readDuration, text)).toBe(value);
  });

  it.each(['', 'soon', '-1s', '25h', '1d', '1e3', '5 m', 's', '1m30s'])('%j is none: exit 2', (text) => {
    expect(readOr(values.readDuration, text)).toBe('usage');
  });
});

describe('a text', () => {
  it('is whatever stands there', () => {
    expect(values.readText(' any ', place)).toBe(' any ');
  });
});
