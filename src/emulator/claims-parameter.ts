import { refusals } from './refusals.ts';

/** Checks the `claims` parameter: a JSON object as text (OpenID Connect Core, 5.5). */
export function readClaims(claims: string | undefined): string | undefined {
  if (claims === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(claims);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return claims;
  } catch {
    // Falls through: what is no JSON is as wrong as what is no object.
  }
  throw refusals.unsupportedValue('claims', claims);
}

/** Tells whether the `claims` parameters sent carry everything a claims challenge asks of the access token. */
export function answersChallenge(challenge: string | undefined, sent: readonly (string | undefined)[]): boolean {
  if (challenge === undefined) return true;
  const have = sent.flatMap((claims) => Object.entries(accessTokenClaims(claims)));
  return Object.entries(accessTokenClaims(challenge)).every(([name, wanted]) =>
    have.some(([other, value]) => other === name && JSON.stringify(value) === JSON.stringify(wanted)),
  );
}

function accessTokenClaims(claims: string | undefined): Readonly<Record<string, unknown>> {
  if (claims === undefined) return {};
  const { access_token: wanted } = JSON.parse(claims) as { readonly access_token?: Record<string, unknown> };
  return wanted ?? {};
}

/** Tells whether the client declares by `claims` that it takes claims challenges (`xms_cc` with `cp1`). */
export function declaresChallenges(claims: string | undefined): boolean {
  return JSON.stringify(accessTokenClaims(claims)['xms_cc'] ?? '').includes('"cp1"');
}
