/** Tells whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Entra's answers and tokens have four levels. Thousands of them overflow the stack of whatever walks through the value,
// JSON.stringify among it.
const mostLevels = 64;

/** Parses a JSON object; `undefined` for anything else, and for one that is nested deeper than 64 levels. */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && isWithin(mostLevels, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isWithin(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(levels - 1, inner));
}
