import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { consumersTenantId } from './directory.ts';
import type { TestKey } from './test-keys.ts';
import {
  applicationKey,
  firstSigningKey,
  fourthSigningKey,
  personalAccountsKey,
  secondSigningKey,
  strangerKey,
  thirdSigningKey,
} from './test-keys.ts';

/** A key that signs tokens. */
export interface SigningKey {
  /** base64url SHA-1 of the certificate: Entra's `kid` is its `x5t`. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
  readonly certificate: X509Certificate;
}

/** One key as the JWKS shows it; Entra writes no `alg`. */
export interface PublishedKey {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly kid: string;
  readonly x5t: string;
  readonly n: string;
  readonly e: string;
  readonly x5c: readonly string[];
  /** Whose tokens the key may sign: the `{tenantid}` template, or one issuer exactly. */
  readonly issuer: string;
}

/** The keys of the emulator and how they change. */
export interface KeyRing {
  readonly personal: SigningKey;
  readonly application: SigningKey;
  readonly stranger: SigningKey;
  /** The key that signs now. */
  signing(): SigningKey;
  /** The keys published for every tenant. */
  published(): readonly SigningKey[];
  /**
   * Goes on to the next key. Usually that one has been published for a while and the old one stays published;
   * `immediately` is the emergency: a key nobody has seen signs from now on, and the old ones are gone.
   */
  rotate(options?: { readonly immediately?: boolean }): void;
}

/** Makes the ring of four signing keys: the one that signs and its neighbours are published; after the fourth comes the first. */
export function makeKeyRing(): KeyRing {
  const ring = [firstSigningKey, secondSigningKey, thirdSigningKey, fourthSigningKey].map(readSigningKey);
  const at = (index: number): SigningKey => ring[index % ring.length] as SigningKey;
  let current = 0;
  let published = [at(0), at(1)];
  return {
    personal: readSigningKey(personalAccountsKey),
    application: readSigningKey(applicationKey),
    stranger: readSigningKey(strangerKey),
    signing: () => at(current),
    published: () => published,
    rotate: ({ immediately = false } = {}) => {
      current += immediately ? 2 : 1;
      published = immediately ? [at(current)] : [at(current - 1), at(current), at(current + 1)];
    },
  };
}

/** Reads a test key. */
export function readSigningKey(key: TestKey): SigningKey {
  const certificate = new X509Certificate(key.certificate);
  return {
    kid: createHash('sha1').update(certificate.raw).digest('base64url'),
    privateKey: createPrivateKey(key.privateKey),
    publicKeyPem: createPublicKey(key.certificate).export({ type: 'spki', format: 'pem' }).toString(),
    certificate,
  };
}

/** Lists the keys of the JWKS; with the ID of an application that has a key of its own, that key too. */
export function publishedKeys(ring: KeyRing, origin: string, withApplicationKey: boolean): PublishedKey[] {
  const template = `${origin}/{tenantid}/v2.0`;
  return [
    ...ring.published().map((key) => publishKey(key, template)),
    publishKey(ring.personal, `${origin}/${consumersTenantId}/v2.0`),
    ...(withApplicationKey ? [publishKey(ring.application, template)] : []),
  ];
}

function publishKey(key: SigningKey, issuer: string): PublishedKey {
  const { n = '', e = '' } = key.certificate.publicKey.export({ format: 'jwk' });
  return {
    kty: 'RSA',
    use: 'sig',
    kid: key.kid,
    x5t: key.kid,
    n,
    e,
    x5c: [key.certificate.raw.toString('base64')],
    issuer,
  };
}
