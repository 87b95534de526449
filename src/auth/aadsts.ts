import { accountEntries } from './aadsts-account.ts';
import { conditionalAccessEntries } from './aadsts-conditional-access.ts';
import { confidentialEntries } from './aadsts-confidential.ts';
import { configurationEntries } from './aadsts-configuration.ts';
import type { AadstsEntry } from './aadsts-entry.ts';
import { grantEntries } from './aadsts-grants.ts';
import { serviceEntries } from './aadsts-service.ts';

export type { AadstsEntry } from './aadsts-entry.ts';

/**
 * Lists the AADSTS codes that people meet with a command-line tool, sorted by number. They choose words, never what is
 * done next (Entra: "Error codes … should never be used by the client itself").
 */
export const aadstsEntries: readonly AadstsEntry[] = [
  ...configurationEntries,
  ...accountEntries,
  ...conditionalAccessEntries,
  ...grantEntries,
  ...confidentialEntries,
  ...serviceEntries,
].toSorted((one, other) => one.code - other.code);

/** Finds what a code means; `undefined` for a number the table does not have. */
export function findAadsts(code: number): AadstsEntry | undefined {
  return aadstsEntries.find((entry) => entry.code === code);
}

/** Reads the first AADSTS code in a text, as a number; `undefined` if there is none. */
export function aadstsOf(text: string): number | undefined {
  const digits = /AADSTS(\d{1,9})(?!\d)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Answers the address of Microsoft's own page about a code. */
export function lookUpUrl(code: number): string {
  return `https://login.microsoftonline.com/error?code=${code}`;
}
