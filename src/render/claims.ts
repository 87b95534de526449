import type { ChalkInstance } from 'chalk';
import type { Account } from '../auth/account.ts';
import { elementName, hasMoreGroups, meaningOf, timeClaims } from './claim-meanings.ts';
import { plainText } from './plain-text.ts';
import { renderDistance, renderLocalTime } from './time.ts';
import { wrapText } from './wrap.ts';

/** How a table is laid out. */
export interface Layout {
  readonly colors: ChalkInstance;
  readonly columns: number;
  readonly now: Date;
}

/** The account, then every claim with a short meaning, times in local form. */
export function renderAccountAndClaims(
  account: Account,
  claims: Readonly<Record<string, unknown>>,
  layout: Layout,
): string {
  return `${renderAccount(account, layout)}\n${renderClaims(claims, layout)}`;
}

/** Name, username, tenant and object ID. */
export function renderAccount(account: Account, layout: Layout): string {
  const rows: [string, string][] = [
    ['Name', account.name],
    ['Username', account.username],
    ['Tenant', account.tenantId],
    ['Object ID', account.objectId],
  ];
  const lines = rows.map(([label, value]) => `${layout.colors.bold(label.padEnd(10))} ${plainText(value)}`);
  return `${lines.join('\n')}\n`;
}

/**
 * Every claim: name, value, meaning; a meaning that does not fit stands on the next line. Below it, how to ask for the
 * groups that the token does not hold.
 */
export function renderClaims(
  claims: Readonly<Record<string, unknown>>,
  layout: Layout,
  meaning: (name: string, value: unknown) => string | undefined = meaningOf,
): string {
  const rows = Object.entries(claims).map(([name, value]) => ({
    name: plainText(name),
    values: renderValues(name, value, layout),
    meaning: meaning(name, value),
  }));
  const nameWidth = Math.min(20, Math.max(0, ...rows.map(({ name }) => name.length)));
  const lines = rows.flatMap((row) => renderRow(row, nameWidth, layout));
  return `${lines.join('\n')}\n${hasMoreGroups(claims) ? moreGroups : ''}`;
}

// The token goes through the pipe: curl's arguments are visible to others.
const moreGroups = `
The account is in more groups than a token holds. Microsoft Graph lists them:

  entra-login token --resource https://graph.microsoft.com --output header \\
    | curl -H @- https://graph.microsoft.com/v1.0/me/transitiveMemberOf
`;

interface Row {
  readonly name: string;
  /** One a line. */
  readonly values: readonly { readonly text: string; readonly name?: string | undefined }[];
  readonly meaning: string | undefined;
}

function renderRow({ name, values, meaning }: Row, nameWidth: number, { colors, columns }: Layout): string[] {
  const indent = ' '.repeat(nameWidth + 2);
  const room = Math.max(20, columns - indent.length);
  const withNote = (lines: readonly string[], note: string | undefined, before: string): string[] => {
    const last = lines.at(-1) ?? '';
    if (note === undefined) return [...lines];
    if (last.length + 2 + note.length <= room) return [...lines.slice(0, -1), `${last}  ${colors.dim(note)}`];
    return [...lines, ...wrapText(note, room - before.length).map((line) => before + colors.dim(line))];
  };
  const isList = values.length > 1 || values[0]?.name !== undefined;
  const lines = values.flatMap((value) => withNote(wrapText(value.text, room), value.name, '  '));
  // Over a list the meaning is its heading.
  const all = isList && meaning !== undefined ? [colors.dim(meaning), ...lines] : withNote(lines, meaning, '');
  const label = colors.cyan(name.padEnd(nameWidth));
  const [first = '', ...rest] = all;
  const head = name.length > nameWidth ? [label, `${indent}${first}`] : [`${label}  ${first}`];
  return [...head, ...rest.map((line) => `${indent}${line}`)];
}

function renderValues(name: string, value: unknown, layout: Layout): Row['values'] {
  if (timeClaims.includes(name) && typeof value === 'number') {
    const date = new Date(value * 1000);
    if (!Number.isNaN(date.getTime())) {
      return [{ text: `${renderLocalTime(date)} (${renderDistance(date, layout.now)})` }];
    }
  }
  if (Array.isArray(value) && value.length > 0) {
    return value.map((each: unknown) => ({ text: textOf(each), name: elementName(name, String(each)) }));
  }
  return [{ text: textOf(value) }];
}

function textOf(value: unknown): string {
  return plainText(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
