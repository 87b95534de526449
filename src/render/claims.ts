import type { Account } from '../auth/account.ts';
import { claimMeanings, timeClaims } from './claim-meanings.ts';
import { plainText } from './plain-text.ts';
import type { TableLayout } from './table.ts';
import { renderTable } from './table.ts';
import { renderDistance, renderLocalTime } from './time.ts';

/** How a table is laid out. */
export interface Layout extends TableLayout {
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
  return renderTable(rows, layout);
}

function renderValue(name: string, value: unknown, layout: Layout): string {
  if (timeClaims.includes(name) && typeof value === 'number') {
    const date = new Date(value * 1000);
    if (!Number.isNaN(date.getTime())) return `${renderLocalTime(date)} (${renderDistance(date, layout.now)})`;
  }
  return plainText(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
