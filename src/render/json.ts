import { hiddenCharacters } from './plain-text.ts';

/**
 * Writes a JSON document, one line or indented, ends it with a newline. `JSON.stringify` leaves C1 control characters,
 * which some terminals obey, and marks that turn the writing direction as they are; escaped they mean the same to
 * whoever parses it.
 */
export function renderJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  // The line breaks between its members are JSON's own.
  return `${text.replaceAll(hiddenCharacters, (found) => (found === '\n' ? found : escape(found)))}\n`;
}

function escape(character: string): string {
  return character
    .split('')
    .map((unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
