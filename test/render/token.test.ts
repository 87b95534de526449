import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { PrintableToken } from '../../src/render/token.ts';
import { renderToken } from '../../src/render/token.ts';

const token: PrintableToken = {
  accessToken: 'eyJ0.eyJh.c2ln-_',
  expiresAt: new Date(2026, 10, 23, 13, 4, 5, 678),
  scopes: ['openid', 'User.Read'],
  tenantId: 'T',
  clientId: 'C',
  account: { username: 'alice@contoso.com', objectId: 'O', tenantId: 'T' },
};
const awkward = { ...token, accessToken: String.raw`it's a "$HOME" \'token` + '`x`' };

describe('an access token', () => {
  it('stands alone, or in a header', () => {
    expect([renderToken(token, 'raw', 'bash'), renderToken(token, 'header', 'bash')]).toEqual([
      'eyJ0.eyJh.c2ln-_\n',
      'Authorization: Bearer eyJ0.eyJh.c2ln-_\n',
    ]);
  });

  it('is set as a variable in the syntax of each shell', () => {
    expect((['bash', 'fish', 'powershell'] as const).map((shell) => renderToken(token, 'env', shell))).toEqual([
      'export ENTRA_ACCESS_TOKEN=eyJ0.eyJh.c2ln-_\n',
      "set -gx ENTRA_ACCESS_TOKEN 'eyJ0.eyJh.c2ln-_'\n",
      "$Env:ENTRA_ACCESS_TOKEN = 'eyJ0.eyJh.c2ln-_'\n",
    ]);
  });

  it('of another server is quoted, so that the shell runs nothing of it', () => {
    const script = `${renderToken(awkward, 'env', 'bash')}printf %s "$ENTRA_ACCESS_TOKEN"`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(awkward.accessToken);
    expect(renderToken({ ...token, accessToken: String.raw`a'b\c` }, 'env', 'fish')).toBe(
      String.raw`set -gx ENTRA_ACCESS_TOKEN 'a\'b\\c'` + '\n',
    );
    expect(renderToken({ ...token, accessToken: "a'b" }, 'env', 'powershell')).toBe(
      "$Env:ENTRA_ACCESS_TOKEN = 'a''b'\n",
    );
  });

  it('has as JSON the members of the contract, and no account for an application', () => {
    const text = renderToken(token, 'json', 'bash');
    const document = {
      accessToken: token.accessToken,
      tokenType: 'Bearer',
      expiresAt: token.expiresAt.toISOString(),
      scopes: ['openid', 'User.Read'],
      tenantId: 'T',
      clientId: 'C',
    };
    expect(text).toBe(`${JSON.stringify({ ...document, account: token.account }, undefined, 2)}\n`);
    expect(JSON.parse(renderToken({ ...token, account: undefined }, 'json', 'bash'))).toEqual(document);
  });

  it('is what `az account get-access-token` prints: the local moment, and the seconds', () => {
    expect(JSON.parse(renderToken(token, 'az', 'bash'))).toEqual({
      accessToken: token.accessToken,
      expiresOn: '2026-11-23 13:04:05.000000',
      expires_on: Math.floor(token.expiresAt.getTime() / 1000),
      subscription: 'T',
      tenant: 'T',
      tokenType: 'Bearer',
    });
  });

  it('is an ExecCredential for kubectl, to the second', () => {
    expect(JSON.parse(renderToken(token, 'exec-credential', 'bash'))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
      status: { expirationTimestamp: token.expiresAt.toISOString().replace('.678Z', 'Z'), token: token.accessToken },
    });
  });
});
