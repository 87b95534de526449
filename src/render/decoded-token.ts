import type { DecodedJwt } from '../auth/jwt.ts';
import type { TokenCheck } from '../auth/token-checks.ts';
import type { Layout } from './claims.ts';
import { renderClaims } from './claims.ts';
import { plainText } from './plain-text.ts';
import { wrapText } from './wrap.ts';

// RFC 7515, 4.1; Entra "Access token claims reference".
const headerMeanings = new Map([
  ['typ', 'kind of token'],
  ['alg', 'how it is signed'],
  ['kid', 'the key it is signed with'],
  ['x5t', 'the same, in its older form'],
  ['nonce', 'only Microsoft Graph can verify this token'],
]);

/** Renders header and claims of a token, each with its meaning. */
export function renderDecodedToken({ header, claims }: DecodedJwt, layout: Layout): string {
  const title = (text: string): string => `${layout.colors.bold(text)}\n`;
  const headerText = renderClaims(header, layout, (name) => headerMeanings.get(name));
  return `${title('Header')}${headerText}\n${title('Claims')}${renderClaims(claims, layout)}`;
}

/** Renders what was checked and how it ended, a line each. */
export function renderTokenChecks(checks: readonly TokenCheck[], { colors, columns }: Layout): string {
  const paint = { passed: colors.green, failed: colors.red, 'not judged': colors.dim };
  const lines = checks.flatMap(({ name, outcome, detail }) => {
    const [first, ...rest] = wrapText(plainText(detail), Math.max(20, columns - 23));
    return [
      `${paint[outcome](outcome.padEnd(10))}  ${name.padEnd(9)}  ${first}`,
      ...rest.map((line) => ' '.repeat(23) + line),
    ];
  });
  return `${colors.bold('Checks')}\n${lines.join('\n')}\n`;
}
