/**
 * Writes a JSON document, one line or indented, ends it with a newline. `JSON.stringify` leaves C1 control characters,
 * which some terminals obey, and marks that turn the writing direction as they are; escaped they mean the same to
 * whoever parses it.
 */
export function renderJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  return `${text.replaceAll(/[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, escape)}\n`;
}

function escape(character: string): string {
  return String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
