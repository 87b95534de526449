import { describe, expect, it } from 'vitest';
import { aadstsEntries, aadstsOf, findAadsts, lookUpUrl } from '../../src/auth/aadsts.ts';

// Every code in the project's notes on Entra's wire format, written out so that none gets lost.
const knownCodes = [
  16000, 16001, 16002, 16003, 28000, 28002, 28003, 50000, 50001, 50002, 50005, 50011, 50012, 50014, 50020, 50027, 50033,
  50034, 50048, 50049, 50053, 50055, 50056, 50057, 50058, 50059, 50072, 50074, 50076, 50078, 50079, 50085, 50089, 50097,
  50105, 50126, 50127, 50128, 50129, 50131, 50132, 50133, 50134, 50135, 50139, 50140, 50144, 50147, 50155, 50158, 50173,
  50187, 50194, 50196, 50199, 51004, 53000, 53001, 53002, 53003, 53004, 53010, 53011, 54005, 65001, 65002, 65004, 65005,
  70000, 70001, 70002, 70003, 70004, 70005, 70007, 70008, 70011, 70016, 70018, 70019, 70020, 70021, 70043, 90002, 90004,
  90006, 90008, 90009, 90012, 90014, 90019, 90023, 90024, 90027, 90033, 90036, 90038, 90043, 90055, 90056, 90072, 90090,
  90093, 90094, 90095, 90099, 90100, 90102, 90119, 90120, 90124, 90130, 100007, 130004, 135010, 135011, 500011, 500021,
  500022, 500112, 500113, 500119, 500133, 500208, 500212, 500213, 501481, 501491, 530032, 530033, 530034, 530035,
  530036, 530084, 650052, 650054, 650056, 650057, 700005, 700011, 700016, 700020, 700022, 700023, 700024, 700025,
  700027, 700030, 700054, 700082, 700084, 700211, 700212, 700213, 700229, 900023, 900144, 900382, 900432, 900439,
  900561, 900971, 901002, 1000104, 5002741, 7000112, 7000215, 7000218, 7000222, 7002138, 9000411, 9001023, 9002313,
  9002325, 9002326, 9002327, 9002331, 9002332, 9010010,
];

describe('the table of AADSTS codes', () => {
  it('has every known code once, sorted by number', () => {
    expect(aadstsEntries.map((entry) => entry.code)).toEqual(knownCodes);
  });

  it.each(aadstsEntries)('says of $code what it means and why in short sentences', ({ meaning, why }) => {
    expect(meaning).toMatch(/^["A-Z].{15,157}\.$/);
    expect(why).toMatch(/^["A-Z].{15,197}\.$/);
    expect(`${meaning} ${why}`).not.toMatch(/\s{2}|[’“”]|authority\b(?! host)|\bsession\b|callback URL|\bAAD\b/);
  });

  it.each(aadstsEntries)('offers one to three ways out of $code, each once', ({ mend }) => {
    expect(mend.length).toBeGreaterThanOrEqual(1);
    expect(mend.length).toBeLessThanOrEqual(3);
    expect(new Set(mend).size).toBe(mend.length);
    for (const item of mend) {
      if (!item.startsWith('entra-login')) expect(item).toMatch(/^(?:[A-Z]|https:\/\/).{15,178}\.$/);
      else expect(item).toMatch(/^entra-login [a-z]+(?: --[a-z-]+(?: [^\s-]\S*)?)*$/);
    }
  });
});

describe('findAadsts', () => {
  it('finds what a code means', () => {
    expect(findAadsts(70019)).toEqual({
      code: 70019,
      meaning: 'The device code has expired.',
      why: 'It lives 15 minutes, and nobody finished the sign-in in that time.',
      mend: ['entra-login login --device-code'],
    });
  });

  it('answers nothing for a number the table does not have', () => {
    expect([findAadsts(0), findAadsts(999999), findAadsts(Number.NaN)]).toEqual([undefined, undefined, undefined]);
  });
});

describe('aadstsOf', () => {
  it.each([
    ['AADSTS50011: The redirect URI does not match.', 50011],
    ['Sign-in failed (AADSTS7000218).', 7000218],
    ['AADSTS50076: first.\r\nTrace ID: 1\r\nAADSTS53003: second', 50076],
    ['AADSTS65004', 65004],
  ])('reads the first code in %j', (text, code) => {
    expect(aadstsOf(text)).toBe(code);
  });

  it.each(['', 'AADSTS', 'AADSTS1234567890', 'AADSTS: none', 'Trace ID: 50011', 'AADB2C90118: forgotten password'])(
    'finds none in %j',
    (text) => {
      expect(aadstsOf(text)).toBeUndefined();
    },
  );
});

describe('lookUpUrl', () => {
  it("names Microsoft's page about the code", () => {
    expect(lookUpUrl(50011)).toBe('https://login.microsoftonline.com/error?code=50011');
  });
});
