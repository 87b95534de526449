/** A form of one of the emulator's own pages. */
export interface HtmlForm {
  readonly action: string;
  readonly name: string | undefined;
  /** What would be sent as it stands: hidden fields and prefilled ones. */
  readonly fields: Readonly<Record<string, string>>;
  /** Names of the fields a person types into. */
  readonly typed: readonly string[];
  readonly buttons: readonly { readonly name: string; readonly value: string }[];
}

/** Reads the title of a page. */
export function readTitle(page: string): string {
  return unescapeHtml(/<title>([^<]*)<\/title>/.exec(page)?.[1] ?? '');
}

/** Reads the first form of a page that the emulator made: not a parser for other people's HTML. */
export function readForm(page: string): HtmlForm | undefined {
  const match = /<form\b([^>]*)>(.*?)<\/form>/s.exec(page);
  if (match === null) return undefined;
  const [, formTag = '', content = ''] = match;
  const form = readAttributes(formTag);
  const inputs = readTags(content, 'input').filter(({ type }) => type !== 'submit');
  return {
    action: form['action'] ?? '',
    name: form['name'],
    fields: Object.fromEntries(inputs.map(({ name = '', value = '' }) => [name, value])),
    typed: inputs.filter(({ type }) => type !== 'hidden').map(({ name = '' }) => name),
    buttons: readTags(content, 'button').map(({ name = '', value = '' }) => ({ name, value })),
  };
}

function readTags(content: string, tag: string): Record<string, string>[] {
  return [...content.matchAll(new RegExp(`<${tag}\\b([^>]*)>`, 'g'))].map(([, attributes = '']) =>
    readAttributes(attributes),
  );
}

function readAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z-]+)="([^"]*)"/gi)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescapeHtml(value)]));
}

function unescapeHtml(text: string): string {
  const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (entity, name: string) => characters[name] ?? entity);
}
