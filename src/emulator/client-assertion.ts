import { constants, createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import type { Application } from './directory.ts';
import { readWithoutVerifying } from './jws.ts';
import { refusals } from './refusals.ts';
import type { EmulatorState } from './state.ts';
import type { TenantSegment } from './tenant-segment.ts';

type Jwt = NonNullable<ReturnType<typeof readWithoutVerifying>>;

/** Checks a `client_assertion`: signed by a registered certificate, or by an outside issuer that is trusted. */
export function checkAssertion(
  state: EmulatorState,
  application: Application,
  assertion: string,
  segment: TenantSegment,
): 'certificate' | 'federated' {
  const jwt = readWithoutVerifying(assertion);
  if (jwt === undefined) throw refusals.assertionMalformed();
  const { iss, aud } = jwt.payload;
  if (Array.isArray(aud) && aud.length !== 1) throw refusals.assertionAudiences();
  const audience = String(Array.isArray(aud) ? aud[0] : aud);
  if (iss === application.clientId) {
    checkCertificateAssertion(state, application, assertion, jwt, audience, segment);
    return 'certificate';
  }
  checkFederatedAssertion(state, application, assertion, jwt, audience);
  return 'federated';
}

// entra.md 6.2.
function checkCertificateAssertion(
  state: EmulatorState,
  application: Application,
  assertion: string,
  { header, payload }: Jwt,
  audience: string,
  segment: TenantSegment,
): void {
  if (payload['sub'] !== payload['iss']) throw refusals.assertionSubject();
  const bases = [segment.name, ...(segment.tenant?.domains ?? [])].map((name) => `${state.origin}/${name}`);
  const audiences = bases.flatMap((base) => [`${base}/oauth2/v2.0/token`, `${base}/v2.0`]);
  if (!audiences.includes(audience)) throw refusals.assertionAudience();
  checkTime(state, payload);
  const thumbprint = textOf(header['x5t#S256']) || textOf(header['x5t']) || textOf(header['kid']);
  const certificate = (application.certificates ?? [])
    .map((pem) => new X509Certificate(pem))
    .find(({ raw }) =>
      ['sha256', 'sha1'].some((digest) => createHash(digest).update(raw).digest('base64url') === thumbprint),
    );
  if (certificate === undefined || !isSigned(assertion, header['alg'], certificate.publicKey)) {
    throw refusals.assertionSignature(thumbprint);
  }
}

// entra.md 6.3: issuer, audience and subject are compared in letter case, too.
function checkFederatedAssertion(
  state: EmulatorState,
  application: Application,
  assertion: string,
  { header, payload }: Jwt,
  audience: string,
): void {
  const ofIssuer = (application.federatedCredentials ?? []).filter(({ issuer }) => issuer === payload['iss']);
  if (ofIssuer.length === 0) throw refusals.federationMismatch('issuer', String(payload['iss']));
  const ofAudience = ofIssuer.filter((credential) => credential.audience === audience);
  if (ofAudience.length === 0) throw refusals.federationMismatch('audience', audience);
  const credential = ofAudience.find(({ subject }) => subject === payload['sub']);
  if (credential === undefined) throw refusals.federationMismatch('subject', String(payload['sub']));
  checkTime(state, payload);
  const { publicKey } = credential;
  if (publicKey !== undefined && !isSigned(assertion, header['alg'], createPublicKey(publicKey))) {
    throw refusals.assertionSignature(textOf(header['kid']));
  }
}

function checkTime(state: EmulatorState, payload: Jwt['payload']): void {
  const now = state.now().getTime() / 1000;
  // Entra allows for clocks that are five minutes off.
  const tolerance = 300;
  const { nbf, exp } = payload;
  if (typeof exp !== 'number' || exp < now - tolerance) throw refusals.assertionTime();
  if (typeof nbf === 'number' && nbf > now + tolerance) throw refusals.assertionTime();
}

function isSigned(jwt: string, algorithm: unknown, key: ReturnType<typeof createPublicKey>): boolean {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const padding = algorithm === 'PS256' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  if (algorithm !== 'PS256' && algorithm !== 'RS256') return false;
  return verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    Buffer.from(signature, 'base64url'),
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
