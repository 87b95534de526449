import { createHash } from 'node:crypto';

/** Renders the page after the code was exchanged and the ID token verified: who signed in. */
export function renderSuccessPage(page: {
  readonly name: string;
  readonly username: string;
  readonly tenantId: string;
  readonly tenantName?: string | undefined;
  /** The application as Entra knows it. */
  readonly clientName?: string | undefined;
}): string {
  const facts: [string, string][] = [
    ['Name', page.name],
    ['Username', page.username],
    ['Tenant', page.tenantName ?? ''],
    ['Tenant ID', page.tenantId],
    ['Application', page.clientName ?? ''],
  ];
  return renderPage({
    title: 'You are signed in',
    tone: 'good',
    body: `${paragraph('You can close this window.')}${definitions(facts)}`,
  });
}

/** Renders the page after a sign-in that failed: what happened, what it means, what to do. */
export function renderFailurePage(page: {
  readonly title?: string | undefined;
  readonly message: string;
  readonly aadsts?: string | undefined;
  readonly meaning?: string | undefined;
  readonly mend?: readonly string[] | undefined;
  readonly correlationId?: string | undefined;
}): string {
  const mend = page.mend ?? [];
  const steps = mend.length === 0 ? '' : `<h2>What to do</h2><ul>${mend.map(listItem).join('')}</ul>`;
  const explain =
    page.aadsts === undefined ? '' : `<h2>More about this code</h2>${command(`entra-login explain ${page.aadsts}`)}`;
  const facts: [string, string][] = [
    ['Code', page.aadsts ?? ''],
    ['Correlation ID', page.correlationId ?? ''],
  ];
  return renderPage({
    title: page.title ?? 'The sign-in did not work',
    tone: 'bad',
    body: `${paragraph(page.message)}${paragraph(page.meaning ?? '')}${steps}${explain}${definitions(facts)}${paragraph('The terminal tells the same. You can close this window.')}`,
  });
}

/** Renders what a request that was no answer of Entra is told. */
export function renderNoticePage(page: { readonly title: string; readonly message: string }): string {
  return renderPage({ title: page.title, tone: 'neutral', body: paragraph(page.message) });
}

type Tone = 'good' | 'bad' | 'neutral';

function renderPage(page: { readonly title: string; readonly tone: Tone; readonly body: string }): string {
  const title = text(page.title);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - entra-login</title>
<style>${style}</style>
</head>
<body>
<main class="${page.tone}">
${icons[page.tone]}
<h1>${title}</h1>
${page.body}
<p class="program">entra-login</p>
</main>
</body>
</html>
`;
}

function paragraph(content: string): string {
  return content === '' ? '' : `<p dir="auto">${text(content)}</p>`;
}

function listItem(step: string): string {
  return `<li>${step.startsWith('entra-login ') ? command(step) : text(step)}</li>`;
}

/** A command on a line of its own; one click selects it all, which needs no script. */
function command(line: string): string {
  return `<code class="command" translate="no">${text(line)}</code>`;
}

function definitions(facts: readonly [string, string][]): string {
  const rows = facts.filter(([, value]) => value !== '');
  if (rows.length === 0) return '';
  return `<dl>${rows.map(([name, value]) => `<div><dt>${name}</dt><dd dir="auto">${text(value)}</dd></div>`).join('')}</dl>`;
}

/** Longer than any name or message of Entra's; a page is no place for more. */
const longestText = 2_000;

// What joins letters or keeps them apart (U+200C, U+200D) stays: some languages are written with it.
const hidden =
  /[\p{Cc}\p{Cs}\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]|\u034F/gu;

/**
 * Makes foreign text safe to show: no markup, no control character, and none that turns the writing direction
 * or hides (a name must not be able to pass for another). Words between backticks are shown as code.
 */
function text(foreign: string): string {
  const whole = foreign.length > longestText ? `${foreign.slice(0, longestText)}…` : foreign;
  return whole
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(hidden, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

const icons: Record<Tone, string> = {
  good: '<svg viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22"/><path d="M14 25l7 7 13-15"/></svg>',
  bad: '<svg viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22"/><path d="M24 13v14M24 34v.5"/></svg>',
  neutral:
    '<svg viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22"/><path d="M24 22v13M24 14v.5"/></svg>',
};

const style = `
:root{color-scheme:light dark;--back:#f3f4f6;--card:#fff;--line:#d9dde3;--ink:#1b1f24;--soft:#57606a;--good:#1a7f37;--bad:#b42318;--neutral:#0b63b5}
@media (prefers-color-scheme:dark){:root{--back:#0f1216;--card:#181c22;--line:#2e353e;--ink:#e8ebef;--soft:#a3adb8;--good:#4cc26b;--bad:#ff8a7d;--neutral:#6cb2f5}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:24px 16px;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:34rem;padding:32px;background:var(--card);border:1px solid var(--line);border-radius:14px;overflow-wrap:anywhere}
svg{width:48px;height:48px;fill:none;stroke:currentColor;stroke-width:3;stroke-linecap:round;stroke-linejoin:round}
.good svg{color:var(--good)}.bad svg{color:var(--bad)}.neutral svg{color:var(--neutral)}
h1{margin:16px 0 8px;font-size:1.5rem;line-height:1.25;font-weight:650}
h2{margin:20px 0 4px;font-size:1rem}
p{margin:8px 0}
ul{margin:4px 0 8px;padding-left:1.25rem}
li{margin:6px 0}
dl{margin:20px 0;border-top:1px solid var(--line)}
dl div{display:grid;grid-template-columns:8rem 1fr;gap:0 16px;padding:8px 0;border-bottom:1px solid var(--line)}
dt{color:var(--soft)}
dd{margin:0}
code{font:0.9em ui-monospace,SFMono-Regular,Consolas,monospace;background:var(--back);padding:.1em .35em;border-radius:5px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.command{display:block;width:fit-content;max-width:100%;margin:4px 0;padding:.45em .7em;border:1px solid var(--line);cursor:copy;-webkit-user-select:all;user-select:all}
.program{margin:24px 0 0;color:var(--soft);font-size:.875rem}
@media (max-width:480px){main{padding:24px 20px}dl div{grid-template-columns:1fr}}
`;

/** The headers of every answer: nothing is kept, framed, guessed, fetched or run; the one style is named by its hash. */
export const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
} as const;
