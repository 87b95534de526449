/**
 * Makes foreign text (of Entra, a token, a file) safe to print on one line: control characters, escape sequences and
 * marks that turn the writing direction become visible codes, line breaks become spaces.
 */
export function plainText(text: string): string {
  return text
    .replaceAll(/[\r\n\t\u2028\u2029]+/g, ' ')
    .replaceAll(
      /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
      (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
    );
}
