import { describe, expect, it, test } from 'vitest';
import { expectedIssuer, fitsIssuer, isGuid, isIssuerOfAuthority } from '../../src/auth/issuer.ts';

const tid = '5a1c0b6e-3f0d-4c52-9a57-0c1d2e3f4a5b';
const template = 'https://login.microsoftonline.com/{tenantid}/v2.0';
const issuer = `https://login.microsoftonline.com/${tid}/v2.0`;

test.each([
  [tid, true],
  [tid.toUpperCase(), true],
  ['common', false],
  [` ${tid}`, false],
  [`${tid}\n`, false],
  [tid.slice(1), false],
  [tid.replaceAll('-', ''), false],
])('%j is a GUID: %s', (text, is) => {
  expect(isGuid(text)).toBe(is);
});

it('makes the issuer of the template and the tenant, and leaves a concrete one as it is', () => {
  expect([expectedIssuer(template, tid), expectedIssuer(issuer, 'other')]).toEqual([issuer, issuer]);
});

describe('RFC 9207: the issuer of an authorization response', () => {
  test.each([
    [issuer, template, true],
    [issuer, issuer, true],
    [`${issuer}/`, template, false],
    [`${issuer}/`, issuer, false],
    ['https://login.microsoftonline.com/common/v2.0', template, false],
    ['https://login.microsoftonline.com/{tenantid}/v2.0', template, false],
    [`https://evil.example/${tid}/v2.0`, template, false],
    [`https://login.microsoftonline.com/${tid}/evil`, template, false],
    ['https://login.microsoftonline.com//v2.0', template, false],
    ['', template, false],
    ['', '', true],
  ])('%j fits %j: %s', (given, wanted, does) => {
    expect(fitsIssuer(given, wanted)).toBe(does);
  });
});

describe('the issuer that a discovery document names', () => {
  const external = `https://${tid}.ciamlogin.com/${tid}/v2.0`;
  test.each([
    [issuer, 'https://login.microsoftonline.com', true],
    [template, 'https://login.microsoftonline.com', true],
    ['https://sts.windows.net/x/', 'https://login.microsoftonline.com', true],
    ['https://login.microsoftonline.us/x/v2.0', 'https://login.microsoftonline.us', true],
    ['http://127.0.0.1:8080/x/v2.0', 'http://127.0.0.1:8080', true],
    ['https://login.example.com/x/v2.0', 'https://login.example.com', true],
    [external, 'https://contoso.ciamlogin.com', true],
    [external, 'https://login.example.com', true],
    [external.replaceAll(tid, tid.toUpperCase()), 'https://contoso.ciamlogin.com', true],
    ['https://login.microsoftonline.us/x/v2.0', 'https://login.microsoftonline.com', false],
    ['https://login.microsoftonline.com/x/v2.0', 'https://login.example.com', false],
    ['https://evil.example/x/v2.0', 'https://login.microsoftonline.com', false],
    ['https://login.microsoftonline.com.evil.example/', 'https://login.microsoftonline.com', false],
    ['http://login.microsoftonline.com/x/v2.0', 'https://login.microsoftonline.com', false],
    ['http://sts.windows.net/x/', 'https://login.microsoftonline.com', false],
    ['https://sts.windows.net:8443/x/', 'https://login.microsoftonline.com', false],
    ['http://127.0.0.1:8081/x/v2.0', 'http://127.0.0.1:8080', false],
    ['https://contoso.ciamlogin.com/x/v2.0', 'https://login.example.com', false],
    [`https://${tid}.ciamlogin.com/b7e4f2a1-6d38-4e90-8c1b-2f3a4b5c6d7e/v2.0`, 'https://c.ciamlogin.com', false],
    [`https://${tid}.ciamlogin.com.evil.example/${tid}/v2.0`, 'https://c.ciamlogin.com', false],
    [`https://x.${tid}.ciamlogin.com/${tid}/v2.0`, 'https://c.ciamlogin.com', false],
    [`${issuer}?a`, 'https://login.microsoftonline.com', false],
    [`${issuer}#a`, 'https://login.microsoftonline.com', false],
    ['https://me@login.microsoftonline.com/x', 'https://login.microsoftonline.com', false],
    ['no URL', 'https://login.microsoftonline.com', false],
  ])('%s at %s is its own: %s', (named, host, is) => {
    expect(isIssuerOfAuthority(named, new URL(host))).toBe(is);
  });
});
