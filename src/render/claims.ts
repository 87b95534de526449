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
  const entries = Object.entries(claims).map(([name, value]) => [plainText(name), renderValue(name, value, layout)]);
  const nameWidth = Math.min(20, Math.max(0, ...entries.map(([name = '']) => name.length)));
  const lines = entries.flatMap(([name = '', value = '']) => {
    const meaning = Object.hasOwn(claimMeanings, name) ? (claimMeanings[name] ?? '') : '';
    return renderRow(name, value, meaning, nameWidth, layout);
  });
  return `${lines.join('\n')}\n`;
}

function renderRow(name: string, value: string, meaning: string, nameWidth: number, layout: Layout): string[] {
  const indent = nameWidth + 2;
  const room = Math.max(20, layout.columns - indent);
  const chunks = value.match(new RegExp(`.{1,${room}}`, 'gsu')) ?? [''];
  const label = layout.colors.cyan(name.padEnd(nameWidth));
  const rows = chunks.map((chunk, index) => (index === 0 ? `${label}  ${chunk}` : `${' '.repeat(indent)}${chunk}`));
  if (name.length > nameWidth) rows.splice(0, 1, layout.colors.cyan(name), `${' '.repeat(indent)}${chunks[0] ?? ''}`);
  if (meaning === '') return rows;
  const last = chunks.at(-1) ?? '';
  const sameLine = last.length + 2 + meaning.length <= room;
  const note = layout.colors.dim(meaning);
  return sameLine ? [...rows.slice(0, -1), `${rows.at(-1) ?? ''}  ${note}`] : [...rows, `${' '.repeat(indent)}${note}`];
}

function renderValue(name: string, value: unknown, layout: Layout): string {
  if (timeClaims.includes(name) && typeof value === 'number') {
    const date = new Date(value * 1000);
    if (!Number.isNaN(date.getTime())) return `${renderLocalTime(date)} (${renderDistance(date, layout.now)})`;
  }
  return plainText(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
