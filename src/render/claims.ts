import type { ChalkInstance } from 'chalk';
import type { Account } from '../auth/account.ts';
import { claimMeanings, timeClaims } from './claim-meanings.ts';
import { plainText } from './plain-text.ts';
import { renderDistance, renderLocalTime } from './time.ts';

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

/** Every claim: name, value, meaning; a meaning that does not fit stands on the next line. */
export function renderClaims(claims: Readonly<Record<string, unknown>>, layout: Layout): string {
  const meanings = new Map(Object.entries(claimMeanings));
  const rows = Object.entries(claims).map(([name, value]) => ({
    name: plainText(name),
    value: renderValue(name, value, layout),
    meaning: meanings.get(name),
  }));
  const nameWidth = Math.min(20, Math.max(0, ...rows.map(({ name }) => name.length)));
  const lines = rows.flatMap((row) => renderRow(row, nameWidth, layout));
  return `${lines.join('\n')}\n`;
}

interface Row {
  readonly name: string;
  readonly value: string;
  readonly meaning: string | undefined;
}

function renderRow({ name, value, meaning }: Row, nameWidth: number, { colors, columns }: Layout): string[] {
  const indent = ' '.repeat(nameWidth + 2);
  const room = Math.max(20, columns - indent.length);
  const chunks: string[] = value.match(new RegExp(`.{1,${room}}`, 'gsu')) ?? [''];
  if (meaning !== undefined) {
    const last = chunks.pop() ?? '';
    const fits = last.length + 2 + meaning.length <= room;
    chunks.push(...(fits ? [`${last}  ${colors.dim(meaning)}`] : [last, colors.dim(meaning)]));
  }
  const label = colors.cyan(name.padEnd(nameWidth));
  const [first = '', ...rest] = chunks;
  const head = name.length > nameWidth ? [label, `${indent}${first}`] : [`${label}  ${first}`];
  return [...head, ...rest.map((chunk) => `${indent}${chunk}`)];
}

function renderValue(name: string, value: unknown, layout: Layout): string {
  if (timeClaims.includes(name) && typeof value === 'number') {
    const date = new Date(value * 1000);
    if (!Number.isNaN(date.getTime())) return `${renderLocalTime(date)} (${renderDistance(date, layout.now)})`;
  }
  return plainText(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
