import type { HtmlForm } from './html-forms.ts';
import { readForm, readTitle } from './html-forms.ts';

/** How the scripted person behaves. */
export interface ScriptedPersonOptions {
  readonly username: string;
  /** Presses Cancel on the first page that has it. */
  readonly decline?: boolean;
  /** Whether to press Accept on the consent page (the default) or Cancel. */
  readonly consent?: boolean;
  /** What to type where a user code is asked for. */
  readonly userCode?: string;
  /** The browser's cookies: give the same map again to be signed in already. */
  readonly cookies?: Map<string, string>;
  readonly fetch?: typeof globalThis.fetch;
}

/** Where the walk ended. */
export interface ScriptedSignIn {
  /** Whether the answer below is that of the redirect URI; otherwise it is a page of the emulator. */
  readonly delivered: boolean;
  /** Where the last request went; with `query`, parameters and all. */
  readonly url: string;
  /** What was sent to the redirect URI: the form's fields or the URL's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Titles of the pages on the way. */
  readonly pages: readonly string[];
}

interface Step {
  readonly url: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

// The longest way is picker, username, password, second factor, consent, form_post, with a redirect before each.
const stepLimit = 16;

/**
 * Signs in as a person would with a browser, over real sockets: from a start page or the authorization URL through
 * the emulator's pages to the redirect URI. Errors: whatever `fetch` throws; too many pages.
 */
export async function signInAsScriptedPerson(url: string, options: ScriptedPersonOptions): Promise<ScriptedSignIn> {
  const cookies = options.cookies ?? new Map<string, string>();
  const pages: string[] = [];
  let entraOrigin: string | undefined;
  let step: Step = { url };
  for (let count = 0; count < stepLimit; count += 1) {
    if (isEntra(step.url)) entraOrigin = new URL(step.url).origin;
    const response = await take(step, cookies, options.fetch ?? globalThis.fetch);
    const end = async (delivered: boolean, body?: string): Promise<ScriptedSignIn> => ({
      delivered,
      url: step.url,
      parameters: delivered ? (step.form ?? readParameters(step.url)) : {},
      status: response.status,
      headers: response.headers,
      body: body ?? (await response.text()),
      pages,
    });
    if (entraOrigin !== undefined && new URL(step.url).origin !== entraOrigin) return await end(true);
    const location = response.headers.get('location');
    if (location !== null) {
      await response.body?.cancel();
      step = { url: new URL(location, step.url).href };
      continue;
    }
    const body = await response.text();
    pages.push(readTitle(body));
    const form = readForm(body);
    const answers = form === undefined ? undefined : fillIn(form, options, pages);
    if (form === undefined || answers === undefined) return await end(false, body);
    step = { url: new URL(form.action, step.url).href, form: answers, headers: { Origin: new URL(step.url).origin } };
  }
  throw new Error(`The scripted person got lost after ${stepLimit} pages: ${pages.join(', ')}.`);
}

async function take(step: Step, cookies: Map<string, string>, fetch: typeof globalThis.fetch): Promise<Response> {
  const { origin } = new URL(step.url);
  const own = [...cookies].filter(([key]) => key.startsWith(`${origin} `));
  const cookie = own.map(([key, value]) => `${key.slice(origin.length + 1)}=${value}`).join('; ');
  const headers = { Accept: 'text/html', ...step.headers, ...(cookie === '' ? {} : { Cookie: cookie }) };
  const body = step.form === undefined ? undefined : new URLSearchParams(step.form);
  const response = await fetch(step.url, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  for (const header of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
    if (value === '') cookies.delete(`${origin} ${name}`);
    else cookies.set(`${origin} ${name}`, value);
  }
  return response;
}

/** Decides what to type and which button to press; `undefined` where the person is at a loss. */
function fillIn(
  form: HtmlForm,
  { username, decline = false, consent = true, userCode }: ScriptedPersonOptions,
  pages: readonly string[],
): Record<string, string> | undefined {
  const press = (
    name: string,
    value: string,
    typed: Record<string, string> = {},
  ): Record<string, string> | undefined =>
    form.buttons.some((button) => button.name === name && button.value === value)
      ? { ...form.fields, ...typed, [name]: value }
      : undefined;
  if (form.name === 'hiddenform') return form.fields;
  // The same question twice: what was typed did not help.
  if (form.typed.length > 0 && pages.slice(0, -1).includes(pages.at(-1) ?? '')) return undefined;
  if (form.typed.includes('code')) return userCode === undefined ? undefined : { ...form.fields, code: userCode };
  if (decline) {
    const cancelled = press('action', 'cancel');
    if (cancelled !== undefined) return cancelled;
  }
  if (form.typed.includes('password')) return press('action', 'password', { password: 'anything' });
  if (form.typed.includes('username')) return press('action', 'username', { username });
  return (
    press('username', username) ??
    press('action', consent ? 'accept' : 'cancel') ??
    press('action', 'approve') ??
    press('action', 'other')
  );
}

function readParameters(url: string): Record<string, string> {
  const { searchParams, hash } = new URL(url);
  return Object.fromEntries([...searchParams, ...new URLSearchParams(hash.slice(1))]);
}

function isEntra(url: string): boolean {
  return /\/oauth2\/v2\.0\/(authorize|logout)$|\/device$/.test(new URL(url).pathname);
}
