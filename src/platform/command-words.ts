/**
 * Splits a command line into words as a Unix shell would, with quotes but without expanding anything.
 * Answers `undefined` if a quote is left open. On Windows a backslash is part of a path, never an escape.
 */
export function splitCommandWords(command: string, platform: NodeJS.Platform): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < command.length; at++) {
    const character = command.charAt(at);
    const next = command.charAt(at + 1);
    const escapes = character === '\\' && platform !== 'win32' && quote !== "'" && next !== '';
    if (escapes && (quote === undefined || '"\\$`'.includes(next))) {
      word = (word ?? '') + next;
      at++;
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
