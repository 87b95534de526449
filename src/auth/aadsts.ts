export function findAadsts(_code: number): { meaning: string; why: string; mend: readonly string[] } | undefined { return undefined; }
export function aadstsOf(text: string): number | undefined { const m = /AADSTS(\d+)/.exec(text); return m ? Number(m[1]) : undefined; }
export function lookUpUrl(code: number): string { return `https://login.microsoftonline.com/error?code=${code}`; }
