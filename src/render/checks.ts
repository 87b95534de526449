import type { Layout } from './claims.ts';
import { plainText } from './plain-text.ts';
import { wrapText } from './wrap.ts';

/** The checks of `doctor` and `setup`, by the names of their JSON, with what people read. */
export const checkLabels = {
  node: 'Node.js',
  settings: 'Settings',
  proxy: 'Proxy',
  certificates: 'Certificates',
  authority: 'Tenant',
  clock: 'Clock',
  application: 'Application',
  redirect_uri: 'Redirect URI',
  client_secret: 'Client secret',
  device_code: 'Device code',
  localhost: 'localhost',
  port: 'Port',
  browser: 'Browser',
  store: 'Store',
  account: 'Account',
} as const;

/** Names one check. */
export type CheckName = keyof typeof checkLabels;

/** What one check found: the contract's JSON, member by member. */
export interface Check {
  readonly name: CheckName;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
  /** The mend, where there is one. */
  readonly hint?: string | undefined;
}

const labelWidth = Math.max(...Object.values(checkLabels).map((label) => label.length));
const statusWidth = 'skipped'.length;

/** Renders a line a check (more where the detail does not fit), with the mend below. */
export function renderChecks(checks: readonly Check[], { colors, columns }: Layout): string {
  const paint = { passed: colors.green, failed: colors.red.bold, skipped: colors.dim };
  const indent = ' '.repeat(statusWidth + labelWidth + 4);
  const room = Math.max(20, Math.min(columns, 100) - indent.length);
  const lines = checks.flatMap(({ name, status, detail, hint }) => {
    const head = `${paint[status](status.padEnd(statusWidth))}  ${checkLabels[name].padEnd(labelWidth)}  `;
    const [first = '', ...rest] = wrapText(plainText(detail), room);
    const mend = hint === undefined ? [] : wrapText(`${status === 'failed' ? 'try: ' : ''}${plainText(hint)}`, room);
    const paintMend = status === 'failed' ? (line: string) => line.replace(/^try:/, colors.cyan('try:')) : colors.dim;
    const painted = mend.map((line) => paintMend(line));
    return [`${head}${first}`, ...[...rest, ...painted].map((line) => `${indent}${line}`)];
  });
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
