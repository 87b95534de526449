import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { EntraLoginError } from '../../src/errors.ts';
import { renderError, renderErrorJson } from '../../src/render/error.ts';

const [plain, colored] = [new Chalk({ level: 0 }), new Chalk({ level: 3 })];
const full = new EntraLoginError('sign_in_required', 'The sign-in has expired.', {
  hint: 'entra-login login --profile work',
  aadsts: 'AADSTS50173',
  correlationId: '11111111-2222-3333-4444-555555555555',
  traceId: '66666666-2222-3333-4444-555555555555',
  cause: new Error('never shown'),
});
const bare = new EntraLoginError('usage', 'Wrong.');
const evil = new EntraLoginError('entra_refused', 'a\u001b[2J\u202eb\nc', {
  hint: '\u0007x',
  correlationId: '\u009by',
});

describe('an error for people', () => {
  it('says what happened, Entra’s code, what to do next, and the correlation ID', () => {
    expect(renderError(full, plain, undefined)).toBe(
      `error: The sign-in has expired. (AADSTS50173)
  try: entra-login login --profile work
  more: entra-login explain AADSTS50173
  correlation ID: 11111111-2222-3333-4444-555555555555
`,
    );
  });

  it('is wrapped to the columns of a terminal, under its own beginning', () => {
    const long = new EntraLoginError('configuration', 'One word after another until the line is full.', {
      hint: 'entra-login login --tenant TENANT, and some words more',
      aadsts: 'AADSTS90002',
    });
    expect(renderError(long, plain, 40)).toBe(
      `error: One word after another until the
       line is full. (AADSTS90002)
  try: entra-login login --tenant
       TENANT, and some words more
  more: entra-login explain AADSTS90002
`,
    );
  });

  it('points to no explanation of a code that has none', () => {
    const hint = 'See https://login.microsoftonline.com/error?code=999999';
    const unknown = new EntraLoginError('entra_refused', 'Entra answered: No.', { hint, aadsts: 'AADSTS999999' });
    expect(renderError(unknown, plain, undefined)).not.toContain('explain');
  });

  it('is one line where there is no more to say', () => {
    expect(renderError(bare, plain, undefined)).toBe('error: Wrong.\n');
  });

  it('has the same words in colours', () => {
    expect(renderError(full, colored, undefined)).toContain('\u001b[');
    expect(stripVTControlCharacters(renderError(full, colored, undefined))).toBe(renderError(full, plain, undefined));
  });

  it('obeys nothing that a foreign text says to the terminal', () => {
    expect(renderError(evil, plain, undefined)).toBe(
      String.raw`error: a\u{1b}[2J\u{202e}b c
  try: \u{7}x
  correlation ID: \u{9b}y
`,
    );
  });
});

describe('an error as JSON', () => {
  it('is one line with the members of the contract', () => {
    const text = renderErrorJson(full);
    expect(text).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(text)).toEqual({
      error: {
        code: 'sign_in_required',
        message: 'The sign-in has expired.',
        hint: 'entra-login login --profile work',
        aadsts: 'AADSTS50173',
        correlationId: '11111111-2222-3333-4444-555555555555',
        traceId: '66666666-2222-3333-4444-555555555555',
      },
    });
  });

  it('leaves out what is absent', () => {
    expect(renderErrorJson(bare)).toBe('{"error":{"code":"usage","message":"Wrong."}}\n');
  });

  it('stays one line, whatever the message holds', () => {
    expect(renderErrorJson(evil).trimEnd()).not.toMatch(/[\u0000-\u001f]/u);
  });
});
