import type { KeyObject } from 'node:crypto';
import { constants, createHash, createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import type { Context } from '../context.ts';
import type { EntraLoginError } from '../errors.ts';
import type { CredentialFile } from './credential-file.ts';
import { credentialFileError, readCredentialFile } from './credential-file.ts';

/** A certificate with its private key. */
export interface ClientCertificate {
  /** The SHA-256 of the certificate, base64url: `x5t#S256` (RFC 7515, 4.1.8). */
  readonly thumbprint: string;
  readonly privateKey: KeyObject;
}

const what = 'client certificate';
// Entra: "5-10 minutes after nbf at most".
const lifetimeSeconds = 600;

/**
 * Reads a PEM file with a certificate and its RSA key, encrypted or not; of a chain, the certificate that belongs to
 * the key. Errors: `configuration`, saying what is missing or wrong.
 */
export async function readCertificate(
  context: Pick<Context, 'files'>,
  { file, password }: { readonly file: CredentialFile; readonly password: string | undefined },
  signal: AbortSignal,
): Promise<ClientCertificate> {
  const text = await readCredentialFile(context, file, what, signal);
  const refuse = (reason: string, hint: string, cause?: unknown): EntraLoginError =>
    credentialFileError(file, what, reason, hint, cause);
  const certificates = [...text.matchAll(pemOf('CERTIFICATE'))].map(([pem]) => readPem(pem, refuse));
  const [keyPem] = pemOf('(?:ENCRYPTED |RSA |EC )?PRIVATE KEY').exec(text) ?? [];
  if (certificates.length === 0 && keyPem === undefined) throw refuse('is no PEM file', convertHint);
  if (keyPem === undefined) throw refuse('has no private key in it', 'Put the private key into the same PEM file.');
  if (certificates.length === 0) {
    throw refuse('has no certificate in it', 'Put the certificate into the same PEM file as the key.');
  }
  const privateKey = readKey(keyPem, password, refuse);
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw refuse('has a key that is not RSA', 'Make a certificate with an RSA key: Entra takes no other here.');
  }
  const own = certificates.find((certificate) => certificate.checkPrivateKey(privateKey));
  if (own === undefined) {
    throw refuse('has a private key that belongs to another certificate', 'Put the matching two into one PEM file.');
  }
  return { thumbprint: createHash('sha256').update(own.raw).digest('base64url'), privateKey };
}

const convertHint = 'PEM begins with -----BEGIN; to convert a .pfx: openssl pkcs12 -in FILE.pfx -out FILE.pem';

function pemOf(label: string): RegExp {
  return new RegExp(`-----BEGIN ${label}-----[\\s\\S]*?-----END ${label}-----`, 'g');
}

type Refuse = (reason: string, hint: string, cause?: unknown) => EntraLoginError;

function readPem(pem: string, refuse: Refuse): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw refuse('is damaged: a certificate in it cannot be read', 'Export it again.', error);
  }
}

function readKey(pem: string, password: string | undefined, refuse: Refuse): KeyObject {
  const isEncrypted = /BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem);
  const variable = 'AZURE_CLIENT_CERTIFICATE_PASSWORD';
  if (isEncrypted && password === undefined) {
    throw refuse('has an encrypted private key', `Set its password in ${variable}.`);
  }
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(isEncrypted ? { passphrase: password } : {}) });
  } catch (error) {
    if (isEncrypted) throw refuse('cannot be opened with the password', `Check the password in ${variable}.`, error);
    throw refuse('is damaged: its private key cannot be read', 'Export it again.', error);
  }
}

/**
 * Makes a client assertion: PS256 with `x5t#S256`, for the token endpoint alone, valid for ten minutes (RFC 7523, 3;
 * Entra: "certificate credentials").
 */
export function signAssertion(
  { thumbprint, privateKey }: ClientCertificate,
  clientId: string,
  tokenEndpoint: string,
  now: Date,
): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const header = { alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint };
  const payload = {
    aud: tokenEndpoint,
    iss: clientId,
    sub: clientId,
    jti: randomUUID(),
    nbf: issuedAt,
    iat: issuedAt,
    exp: issuedAt + lifetimeSeconds,
  };
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  // RFC 7518, 3.5: the salt is as long as the digest.
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, ...pss }).toString('base64url')}`;
}
