/** An AADSTS code in a text, and what Entra says about it there. */
export interface AadstsMention {
  readonly code: number;
  /** Entra's own sentences after the code, without addresses' queries and whatever may be a token. */
  readonly said: string | undefined;
}

// Entra's longest descriptions, which name an application and its addresses, are about 600.
const longestDescription = 700;

/**
 * Finds the AADSTS codes in whatever people paste, each once, in order: an error message, a JSON answer, a redirected
 * URL, the address of Microsoft's page about a code (`error?code=50011`), what the page in the browser says, or numbers
 * alone.
 */
export function findAadstsCodes(text: string): AadstsMention[] {
  const readable = decodeParameters(text);
  const words = text.trim().split(/[\s,]+/);
  const found = words.every((word) => /^(?:AADSTS)?\d{4,8}$/i.test(word))
    ? words.map((word) => ({ code: Number(word.replace(/\D/g, '')), said: undefined }))
    : [...readable.matchAll(mention)].map((match) => ({
        code: Number(match.slice(1).find((digits) => digits !== undefined)),
        said: match[1] === undefined ? undefined : descriptionAt(readable.slice(match.index + match[0].length)),
      }));
  const codes = [...new Set(found.map(({ code }) => code))];
  return codes.map((code) => {
    const said = found.find((one) => one.code === code && one.said !== undefined)?.said;
    return { code, said };
  });
}

// "AADSTS50011", "error?code=50011", "Error Code: 50011" (Entra's page), "error_codes":[50011].
const mention = /AADSTS(\d{4,8})|\berror\?code=(\d{4,8})|\bError ?Code:? *(\d{4,8})|"error_codes" *: *\[(\d{4,8})/gi;

// In a URL's query or a form a space is "+" or "%20", a colon "%3a".
function decodeParameters(text: string): string {
  return text.replaceAll(/\b(error_description=)([^&#\s"]*)/g, (_all, name: string, value: string) => {
    try {
      return name + decodeURIComponent(value.replaceAll('+', ' ')) + '\n';
    } catch {
      return name + value.replaceAll('+', ' ') + '\n';
    }
  });
}

function descriptionAt(after: string): string | undefined {
  const [, text = ''] =
    /^: *([^\r\n]+)/.exec(after.replaceAll(/\\r\\n|\\[rn]/g, '\n').slice(0, 2 * longestDescription)) ?? [];
  const [own = ''] = text.split(/\s*(?:Trace ID:|Correlation ID:|Timestamp:|AADSTS\d|"\s*[,}]|"$)/);
  const clean = own
    .replaceAll(/(https?:\/\/[^\s?#'"]+)[?#][^\s'"]*/g, '$1')
    .replaceAll(/[\w.~+/=-]{60,}/g, '…')
    .trim();
  return clean === '' ? undefined : clean.slice(0, longestDescription);
}
