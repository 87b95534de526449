import { Chalk } from 'chalk';
import * as fc from 'fast-check';
import { describe, expect } from 'vitest';
import { renderFailurePage, renderNoticePage, renderSuccessPage } from '../../src/auth/redirect/page.ts';
import { EntraLoginError, exitCodes, type ErrorCode } from '../../src/errors.ts';
import { renderAccountAndClaims, renderClaims } from '../../src/render/claims.ts';
import { renderDeviceCode, renderDeviceCodeNotes } from '../../src/render/device-code.ts';
import { renderError, renderErrorJson } from '../../src/render/error.ts';
import { plainText } from '../../src/render/plain-text.ts';
import { renderToken, shells, tokenOutputs } from '../../src/render/token.ts';
import { itHolds } from '../support/fuzz.ts';
import { anyJson, anyText, controls, trapName } from '../support/hostile-values.ts';

const colors = new Chalk({ level: 0 });
const now = new Date('2026-11-23T12:00:00Z');
const dates = fc.date({ noInvalidDate: true });
const claims = fc.dictionary(
  fc.oneof(fc.constantFrom('exp', 'iat', 'name', 'oid', 'groups'), anyText, trapName),
  fc.oneof(anyText, anyJson, fc.double()),
);

describe('foreign text', () => {
  itHolds(
    'is plain: one line, no control character, and plain text stays as it is',
    500,
    fc.property(anyText, (text) => {
      const plain = plainText(text);
      expect(plain).not.toMatch(controls);
      expect(plain).not.toContain('\n');
      expect(plainText(plain)).toBe(plain);
    }),
  );

  itHolds(
    'in a page is no markup: a page has as many tags whatever the texts say',
    300,
    fc.property(anyText, anyText, (one, other) => {
      const tags = (html: string): number => html.split('<').length;
      const plain = { name: 'x', username: 'x', tenantId: 'x', tenantName: 'x', clientName: 'x' };
      const texts = {
        name: `x${one}`,
        username: `x${other}`,
        tenantId: `x${one}`,
        tenantName: `x${other}`,
        clientName: `x${one}`,
      };
      const code = (html: string): string => html.replaceAll(/<\/?code>/g, '');
      expect(tags(code(renderSuccessPage(texts)))).toBe(tags(code(renderSuccessPage(plain))));
      const failure = (text: string): string =>
        renderFailurePage({
          title: text,
          message: text,
          aadsts: text,
          meaning: text,
          mend: [text],
          correlationId: text,
        });
      expect(tags(code(failure(`x${one}`)))).toBe(tags(code(failure('x'))));
      expect(tags(code(renderNoticePage({ title: `x${one}`, message: `x${other}` })))).toBe(
        tags(code(renderNoticePage({ title: 'x', message: 'x' }))),
      );
      expect(failure(one)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/u);
    }),
  );
});

describe('an error', () => {
  const errors = fc
    .record({
      code: fc.constantFrom(...(Object.keys(exitCodes) as ErrorCode[])),
      message: anyText,
      hint: fc.option(anyText, { nil: undefined }),
      correlationId: fc.option(anyText, { nil: undefined }),
    })
    .map(({ code, message, ...details }) => new EntraLoginError(code, message, details));

  itHolds(
    'is at most four lines without a control character',
    250,
    fc.property(errors, (error) => {
      const text = renderError(error, colors, undefined);
      expect(text).not.toMatch(controls);
      expect(text.split('\n').length).toBeLessThanOrEqual(5);
    }),
  );

  itHolds(
    'as JSON is one line without a control character, and says the same',
    250,
    fc.property(errors, (error) => {
      const text = renderErrorJson(error);
      expect(text).not.toMatch(controls);
      expect(text.indexOf('\n')).toBe(text.length - 1);
      const { code, message, hint, correlationId } = error;
      expect(JSON.parse(text)).toEqual({
        error: JSON.parse(JSON.stringify({ code, message, hint, correlationId })) as unknown,
      });
    }),
  );
});

describe('claims', () => {
  const account = fc.record({ username: anyText, name: anyText, objectId: anyText, tenantId: anyText });
  const columns = fc.integer({ min: 80, max: 200 });

  itHolds(
    'are shown without a control character, and values within the width',
    250,
    fc.property(account, claims, columns, (who, what, width) => {
      const layout = { colors, columns: width, now };
      expect(renderAccountAndClaims(who, what, layout)).not.toMatch(controls);
      const names = new Set(Object.keys(what).map(plainText));
      for (const line of renderClaims(what, layout).split('\n')) {
        if (!names.has(line.trimEnd()) && !names.has(line)) expect(Array.from(line).length).toBeLessThanOrEqual(width);
      }
    }),
  );
});

describe('a device code', () => {
  itHolds(
    'is shown without a control character, in lines of a sensible number',
    300,
    fc.property(
      anyText,
      fc.webUrl(),
      fc.option(anyText, { nil: undefined }),
      dates,
      fc.nat(200),
      (userCode, verificationUri, message, expiresAt, size) => {
        const prompt = { userCode, verificationUri, message, expiresAt, tenant: 'contoso.com' };
        expect(renderDeviceCode(prompt, colors)).not.toMatch(controls);
        const notes = renderDeviceCodeNotes(prompt, { columns: size, rows: size }, colors);
        expect(notes).not.toMatch(controls);
        expect(notes.split('\n').length).toBeLessThanOrEqual(size + 4);
      },
    ),
  );
});

describe('an access token', () => {
  const tokens = fc.record({
    accessToken: anyText,
    expiresAt: dates,
    scopes: fc.array(anyText),
    tenantId: anyText,
    clientId: anyText,
    account: fc.constant(undefined),
  });

  itHolds(
    'is printed in every form, JSON where it is to be JSON, as one assignment for each shell',
    250,
    fc.property(tokens, fc.constantFrom(...tokenOutputs), fc.constantFrom(...shells), (token, output, shell) => {
      const text = renderToken(token, output, shell);
      expect(text.endsWith('\n')).toBe(true);
      if (['json', 'az', 'exec-credential'].includes(output)) expect(JSON.parse(text)).toBeTypeOf('object');
      if (output === 'env') {
        // Outside of quotes stands nothing but the assignment.
        const quoted = { bash: /'[^']*'|\\'/g, fish: /'(?:[^'\\]|\\.)*'/gs, powershell: /'(?:[^']|'')*'/g }[shell];
        expect(text.replaceAll(quoted, '')).toMatch(
          /^(?:export ENTRA_ACCESS_TOKEN=[\w.~+/=-]*|set -gx ENTRA_ACCESS_TOKEN |\$Env:ENTRA_ACCESS_TOKEN = )\n$/,
        );
      }
    }),
  );
});
