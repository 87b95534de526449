import { describe, expect, it } from 'vitest';
import { readPastedRedirect } from '../../../src/auth/redirect/pasted-url.ts';

const redirectUri = 'http://localhost:5000/callback';
const read = (text: string, at = redirectUri): unknown => {
  const pasted = readPastedRedirect(text, at, 'S');
  return pasted.kind === 'response' ? Object.fromEntries(pasted.parameters) : pasted.reason;
};
const elsewhere = 'it does not begin with http://localhost:5000/callback';

describe('a pasted address', () => {
  it('gives Entra’s answer where it is ours, spaces around it left out', () => {
    expect(read(` ${redirectUri}?code=C%2B1&state=S&session_state=x#frag \r\n`)).toEqual({
      code: 'C+1',
      state: 'S',
      session_state: 'x',
    });
  });

  it('gives Entra’s refusal', () => {
    expect(read(`${redirectUri}?error=access_denied&error_description=no&state=S`)).toEqual({
      error: 'access_denied',
      error_description: 'no',
      state: 'S',
    });
  });

  it('may have the slash that browsers add to a redirect URI without a path', () => {
    expect(read('http://localhost/?code=C&state=S', 'http://localhost')).toEqual({ code: 'C', state: 'S' });
  });

  it.each([
    ['', 'it is not a URL'],
    ['code=C&state=S', 'it is not a URL'],
    ['/callback?code=C&state=S', 'it is not a URL'],
    ['https://localhost:5000/callback?code=C&state=S', elsewhere],
    ['http://localhost:5001/callback?code=C&state=S', elsewhere],
    ['http://127.0.0.1:5000/callback?code=C&state=S', elsewhere],
    ['http://localhost:5000/other?code=C&state=S', elsewhere],
    ['http://localhost:5000/callback/?code=C&state=S', elsewhere],
    ['https://login.microsoftonline.com/authorize?state=S', elsewhere],
    [`${redirectUri}?code=C`, 'it belongs to another sign-in'],
    [`${redirectUri}?code=C&state=s`, 'it belongs to another sign-in'],
    [`${redirectUri}?code=C&state=`, 'it belongs to another sign-in'],
    [`${redirectUri}?code=C&state=S&state=S`, 'it belongs to another sign-in'],
    [`${redirectUri}#code=C&state=S`, 'it belongs to another sign-in'],
    [`${redirectUri}?state=S`, 'it carries no answer of Entra'],
    [`${redirectUri}?state=S&code=A&code=B`, 'it carries no answer of Entra'],
    [`${redirectUri}?state=S&code=A&error=b`, 'it carries no answer of Entra'],
    [`${redirectUri}?state=S&code=A&error=b&error=c`, 'it carries no answer of Entra'],
    [`${redirectUri}?state=S&code=`, 'it carries no answer of Entra'],
  ])('%j is not used: %s', (text, reason) => {
    expect(read(text)).toBe(reason);
  });
});
