import { createHash } from 'node:crypto';
import type { Reply } from './exchange.ts';

/** HTML that is safe to send: made by the `html` tag alone. */
export interface Html {
  readonly html: string;
}

/** Builds HTML from a template; texts are escaped, `Html` and lists of it are taken as they are. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | number | Html | readonly Html[])[]
): Html {
  const render = (value: (typeof values)[number]): string => {
    if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
    return 'html' in value ? value.html : value.map((part) => part.html).join('');
  };
  return { html: parts.reduce((text, part, index) => text + render(values[index - 1] ?? '') + part) };
}

/** Escapes text for element content and quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

const style = `
:root { color-scheme: light dark; --ground: #f3f2f1; --card: #fff; --ink: #1b1a19; --soft: #52504d; --line: #8a8886;
  --accent: #0f5ea8; --on-accent: #fff; --hover: #edebe9; }
@media (prefers-color-scheme: dark) { :root { --ground: #161514; --card: #242322; --ink: #f5f4f3; --soft: #c4c1bd;
  --line: #94918d; --accent: #8cc4f7; --on-accent: #10243a; --hover: #343230; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(27rem, 100vw); padding: 2rem; background: var(--card); border-radius: .5rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.3; }
.brand, .note, dt { color: var(--soft); font-size: .875rem; }
.brand { margin: 0 0 1rem; }
ul.plain { list-style: none; margin: 0 0 1rem; padding: 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem .75rem; font-size: .875rem; }
dd { margin: 0; }
a { color: var(--accent); }
h2 { margin: 1.25rem 0 .5rem; font-size: 1rem; }
label { display: block; margin-bottom: .25rem; }
input:not([type=hidden]) { width: 100%; padding: .5rem; margin-bottom: 1rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: .25rem; }
button { padding: .5rem 1.25rem; font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: .25rem; cursor: pointer; }
button:hover { background: var(--hover); }
button.main { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button.account { display: block; width: 100%; margin-bottom: .5rem; text-align: start; }
button.account span { display: block; color: var(--soft); font-size: .875rem; }
.actions { display: flex; flex-flow: row-reverse wrap; gap: .75rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

/** What a page is made of. */
export interface Page {
  readonly title: string;
  readonly content: Html;
  readonly status?: number;
  readonly headers?: Reply['headers'];
}

/** Answers a page of the emulator: no script, nothing from elsewhere, light and dark. */
export function pageReply({ title, content, status = 200, headers = {} }: Page): Reply {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Entra ID emulator</title>
        ${inlineElement('style', style)}
      </head>
      <body>
        <main>
          <p class="brand">Entra ID emulator – not Microsoft, nothing here is real</p>
          ${content}
        </main>
      </body>
    </html> `;
  return documentReply(document, `style-src '${hashOf(style)}'`, status, headers);
}

/** Answers a whole HTML document; `sources` is what its Content-Security-Policy allows besides nothing. */
export function documentReply(document: Html, sources: string, status: number, headers: Reply['headers']): Reply {
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store, no-cache',
      Pragma: 'no-cache',
      Expires: '-1',
      'X-Frame-Options': 'DENY',
      // Entra's own; "no-referrer" would make the browser send "Origin: null" with the form_post.
      'Referrer-Policy': 'strict-origin-when-cross-origin',
      // No form-action: it would hold for the redirect that follows the form, too.
      'Content-Security-Policy': `default-src 'none'; ${sources}; base-uri 'none'; frame-ancestors 'none'`,
      ...headers,
    },
    body: document.html,
  };
}

/** Makes an inline script or style whose text is exactly this: its hash stands in the Content-Security-Policy. */
export function inlineElement(name: 'script' | 'style', text: string): Html {
  return { html: `<${name}>${text}</${name}>` };
}

/** Answers the Content-Security-Policy source of an inline style or script. */
export function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
