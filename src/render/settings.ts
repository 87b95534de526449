import { plainText } from './plain-text.ts';
import type { TableLayout } from './table.ts';
import { renderTable } from './table.ts';

/** A setting as it is shown; a secret's value is `set`. */
export interface ShownSetting {
  readonly name: string;
  /** `null` if it is not set. */
  readonly value: string | readonly string[] | null;
  /** Where it came from, in the contract's words. */
  readonly from: string;
  /** The file and line, if a file has it. */
  readonly place: string | undefined;
}

/** A settings file: where it is looked for and whether it is there. */
export interface ShownFile {
  readonly name: string;
  /** `undefined` if none was found. */
  readonly path: string | undefined;
  readonly isThere: boolean;
}

/** Every setting with its value and where it came from, then the files in use. */
export function renderSettings(
  settings: readonly ShownSetting[],
  files: readonly ShownFile[],
  layout: TableLayout,
): string {
  const rows = settings.map(({ name, value, from, place }) => ({
    name,
    value: value === null ? 'not set' : plainText(typeof value === 'string' ? value : value.join(' ')),
    meaning: value === null && from === 'built-in' ? undefined : plainText(place ?? describeSource(from)),
  }));
  const fileRows = files.map(({ name, path, isThere }) => ({
    name,
    value: path === undefined ? 'none' : plainText(path),
    meaning: isThere || path === undefined ? undefined : 'there is none yet',
  }));
  return `${renderTable(rows, layout)}\n${renderTable(fileRows, layout)}`;
}

function describeSource(from: string): string {
  return from === 'account' ? 'the signed-in account' : from.replace(/^environment /, '');
}
