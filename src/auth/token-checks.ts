import type { TenantMetadata } from './discovery.ts';
import { isSignedBy, toleranceSeconds } from './id-token.ts';
import { expectedIssuer, isGuid } from './issuer.ts';
import type { DecodedJwt } from './jwt.ts';
import type { SigningKey } from './signing-keys.ts';

/** One thing that was looked at in a token, how that ended, and what was found. */
export interface TokenCheck {
  readonly name: 'signature' | 'key' | 'issuer' | 'expiry' | 'start' | 'audience';
  readonly outcome: 'passed' | 'failed' | 'not judged';
  readonly detail: string;
}

/** What a token is checked against. */
export interface TokenExpectations {
  readonly metadata: Pick<TenantMetadata, 'issuer' | 'signingAlgorithms'>;
  /** Ours; a token for another application is not judged by its audience. */
  readonly clientId: string | undefined;
  /** Answers the tenant's keys with a `kid`. */
  readonly findKeys: (kid: string) => Promise<readonly SigningKey[]>;
  readonly now: Date;
}

/**
 * Checks an ID token or access token, v1.0 or v2.0, against a tenant: each check of Entra's "Validate tokens", where
 * `verifyIdToken` stops at the first that fails.
 */
export async function checkToken(token: DecodedJwt, expected: TokenExpectations): Promise<TokenCheck[]> {
  return [
    ...(await checkSignature(token, expected)),
    checkIssuer(token, expected),
    ...checkTimes(token, expected.now),
    checkAudience(token, expected.clientId),
  ];
}

const failed = (name: TokenCheck['name'], detail: string): TokenCheck => ({ name, outcome: 'failed', detail });
const passed = (name: TokenCheck['name'], detail: string): TokenCheck => ({ name, outcome: 'passed', detail });

async function checkSignature(token: DecodedJwt, { metadata, findKeys }: TokenExpectations): Promise<TokenCheck[]> {
  const { alg, kid, crit, nonce } = token.header;
  if (typeof alg !== 'string' || !metadata.signingAlgorithms.includes(alg)) {
    return [failed('signature', "the algorithm is not among the tenant's")];
  }
  if (crit !== undefined) return [failed('signature', 'the header demands an extension ("crit")')];
  // Graph signs over a hash of the nonce, and hands the nonce itself out.
  if (nonce !== undefined) {
    return [failed('signature', 'a token with a nonce in its header can be verified by Microsoft Graph alone')];
  }
  const keys = typeof kid === 'string' ? await findKeys(kid) : [];
  if (keys.length === 0) return [failed('signature', "the key is not among the tenant's keys")];
  const key = keys.find((one) => isSignedBy(token.signedPart, token.signature, alg, one));
  if (key === undefined) return [failed('signature', "it does not fit the tenant's key")];
  return [passed('signature', "made with one of the tenant's keys"), checkKey(key, token, metadata.issuer)];
}

// The keys' issuer is that of v2.0 tokens; those of v1.0 are signed with the same keys.
function checkKey(key: SigningKey, { claims }: DecodedJwt, issuer: string): TokenCheck {
  if (key.issuer === undefined) return { name: 'key', outcome: 'not judged', detail: 'the key names no issuer' };
  const tenantId = String(claims['tid']);
  return expectedIssuer(key.issuer, tenantId) === expectedIssuer(issuer, tenantId)
    ? passed('key', 'it may sign for this tenant')
    : failed('key', 'it may not sign for this tenant');
}

function checkIssuer({ claims }: DecodedJwt, { metadata }: TokenExpectations): TokenCheck {
  const { iss, tid, ver } = claims;
  if (typeof tid !== 'string' || !isGuid(tid)) return failed('issuer', 'the token names no tenant ("tid")');
  const issuer = expectedIssuer(metadata.issuer, tid);
  if (!issuer.includes(`/${tid}/`)) return failed('issuer', 'it is a token of another tenant');
  const issuers =
    ver === '1.0' ? [`https://sts.windows.net/${tid}/`, `https://sts.chinacloudapi.cn/${tid}/`] : [issuer];
  return typeof iss === 'string' && issuers.includes(iss)
    ? passed('issuer', 'it is the tenant')
    : failed('issuer', `it is not ${issuers[0]}`);
}

function checkTimes({ claims: { exp, nbf } }: DecodedJwt, now: Date): TokenCheck[] {
  const seconds = now.getTime() / 1000;
  const isAlive = typeof exp === 'number' && exp + toleranceSeconds > seconds;
  const hasBegun = nbf === undefined || (typeof nbf === 'number' && nbf - toleranceSeconds <= seconds);
  const none = typeof exp === 'number' ? 'it has expired' : 'it has none';
  return [
    isAlive ? passed('expiry', 'it has not expired') : failed('expiry', none),
    hasBegun ? passed('start', 'it is valid already') : failed('start', 'it is not valid yet'),
  ];
}

function checkAudience({ claims: { aud } }: DecodedJwt, clientId: string | undefined): TokenCheck {
  if (clientId !== undefined && aud === clientId) return passed('audience', 'it is the client ID of the settings');
  return { name: 'audience', outcome: 'not judged', detail: 'the token is for another application or API' };
}
