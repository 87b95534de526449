import { describe, expect, it } from 'vitest';
import { findAadstsCodes } from '../../src/auth/aadsts-text.ts';

const codesIn = (text: string): number[] => findAadstsCodes(text).map(({ code }) => code);

describe('findAadstsCodes', () => {
  it.each([
    ['AADSTS50011', [50011]],
    ['aadsts50011', [50011]],
    ['50011', [50011]],
    ['50011 AADSTS53003\n65001', [50011, 53003, 65001]],
    ['50011, 53003', [50011, 53003]],
    ['https://login.microsoftonline.com/error?code=50011', [50011]],
    ['Sorry, but we’re having trouble signing you in.\nError Code: 50105\nRequest Id: 1', [50105]],
    [
      '{"error":"invalid_grant","error_codes":[50173],"correlation_id":"11111111-1111-4111-8111-111111111111"}',
      [50173],
    ],
    ['AADSTS50076: first.\r\nAADSTS53003: second. AADSTS50076 again', [50076, 53003]],
    [
      'http://localhost:5000/callback?error=access_denied&error_description=AADSTS65004%3a+User+declined&state=70011',
      [65004],
    ],
  ])('finds the codes of %j, each once, in order', (text, codes) => {
    expect(codesIn(text)).toEqual(codes);
  });

  it.each([
    '',
    'no code',
    'port 5000, 50011 of them',
    'AADSTS',
    'AADSTS12',
    'http://localhost:5000/?code=50011&state=1',
  ])('finds none in %j', (text) => {
    expect(codesIn(text)).toEqual([]);
  });

  const sentence = "The thing 'x' was not found in the directory 'Contoso'. Ask somebody.";
  it.each([
    ['a message', `error: AADSTS999999: ${sentence} Trace ID: 1 Correlation ID: 2`],
    ['a message on lines', `AADSTS999999: ${sentence}\r\nTrace ID: 1\r\nCorrelation ID: 2`],
    [
      'a JSON answer',
      JSON.stringify({ error_description: `AADSTS999999: ${sentence}\r\nTrace ID: 1`, secret: 's3cret' }),
    ],
    ['a JSON answer without more', JSON.stringify({ error: 'x', error_description: `AADSTS999999: ${sentence}` })],
    ['a URL', `http://localhost/?error_description=${encodeURIComponent(`AADSTS999999: ${sentence}`)}&state=s3cret`],
    [
      'a form',
      `error_description=${new URLSearchParams({ a: `AADSTS999999: ${sentence}` }).toString().slice(2)}&state=s3cret`,
    ],
    ['two descriptions', `AADSTS999999: ${sentence} AADSTS50011: other`],
  ])('answers Entra’s own description out of %s', (_where, text) => {
    expect(findAadstsCodes(text)[0]).toEqual({ code: 999999, said: sentence });
  });

  it('answers none where there is none', () => {
    expect(findAadstsCodes('AADSTS999999: Trace ID: 1, AADSTS999998')).toEqual([
      { code: 999999, said: undefined },
      { code: 999998, said: undefined },
    ]);
  });

  it('takes queries of addresses and what may be a token out of a description, and ends it somewhere', () => {
    const token = `eyJ${'a'.repeat(200)}`;
    const [found] = findAadstsCodes(
      `AADSTS999999: See https://x.example/y?code=s3cret#z and ${token}, ${'word '.repeat(1000)}`,
    );
    expect(found?.said).toMatch(/^See https:\/\/x\.example\/y and …, word word/);
    expect(found?.said?.length).toBeLessThanOrEqual(700);
  });

  it.each(['error_description=%E0%A4%A', 'error_description=AADSTS50011%3a+100%25+%zz'])(
    'does not stumble over a broken encoding (%s)',
    (text) => {
      expect(codesIn(text).length).toBeLessThanOrEqual(1);
    },
  );

  it('takes a megabyte of anything within a second', { timeout: 5000 }, () => {
    for (const piece of ['AADSTS', 'error_description=', '"error_codes" : [', ' ', 'a', 'https://x?', 'Error Code: ']) {
      expect(codesIn(piece.repeat(Math.ceil(2 ** 20 / piece.length)))).toEqual([]);
    }
  });
});
