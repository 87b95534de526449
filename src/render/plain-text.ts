/**
 * Control characters, what turns the writing direction or has no width (Unicode's "format" characters and the fillers),
 * halves of characters: a terminal obeys some, the others let a text pass for another one.
 */
export const hiddenCharacters = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u2060-\u206f\u3164\uffa0]|\u034f/gu;

/**
 * Makes foreign text (of Entra, a token, a file) safe to print on one line: control characters, escape sequences and
 * marks that turn the writing direction become visible codes, line breaks become spaces.
 */
export function plainText(text: string): string {
  return text
    .replaceAll(/[\r\n\t\u2028\u2029]+/g, ' ')
    .replaceAll(hiddenCharacters, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
