import { portal } from './aadsts-entry.ts';
import type { AadstsEntry } from './aadsts-entry.ts';

const federated = `${portal.secrets} > Federated credentials`;
const newSecret = `${portal.secrets} > New client secret: copy the Value, not the Secret ID.`;

/** Codes about the application's own proof of who it is: secret, certificate, federated assertion. */
export const confidentialEntries: readonly AadstsEntry[] = [
  // Secrets
  {
    code: 7000215,
    meaning: 'The client secret is wrong.',
    why: 'Often the ID of the secret was copied in place of its value, or the secret belongs to another application.',
    mend: [newSecret, 'entra-login setup'],
  },
  {
    code: 70002,
    meaning: 'The client secret does not match the application.',
    why: 'The secret was replaced, belongs to another application, or its ID was copied in place of its value.',
    mend: [newSecret, 'entra-login setup'],
  },
  {
    code: 7000222,
    meaning: 'The client secret has expired.',
    why: 'Secrets live two years at most; a certificate or a federated credential spares the renewal in CI.',
    mend: [newSecret, 'entra-login setup', `${federated}: add one, so that CI needs no secret.`],
  },

  // Certificates and assertions
  {
    code: 700027,
    meaning: 'The signature of the client assertion could not be verified.',
    why: 'The certificate is not uploaded to this application, or the private key belongs to another certificate.',
    mend: [
      `${portal.secrets} > Certificates: upload the certificate.`,
      'entra-login token --client-credentials --client-certificate FILE --scope SCOPE',
    ],
  },
  {
    code: 700024,
    meaning: 'The client assertion is used before or after the time it is valid for.',
    why: 'The clock is off, or the token of the CI runner is too old: those of GitHub live about five minutes.',
    mend: ['entra-login doctor', 'entra-login token --client-credentials --refresh --scope SCOPE'],
  },
  {
    code: 700030,
    meaning: 'The certificate is not valid here: its subject name is not authorized.',
    why: 'The application trusts certificates by subject and issuer, and this one is not on the list.',
    mend: [`${portal.secrets} > Certificates: upload the certificate.`],
  },
  {
    code: 50012,
    meaning: 'The certificate or assertion of the application was not accepted.',
    why: 'The certificate is not uploaded, expired, has an invalid chain, or the key does not belong to it.',
    mend: [
      `${portal.secrets} > Certificates: upload the certificate.`,
      'entra-login token --client-credentials --client-certificate FILE --scope SCOPE',
    ],
  },
  {
    code: 50027,
    meaning: 'The assertion is not a valid JWT.',
    why: 'A claim is missing or not as expected, the time is over, or the file holds something else or a cut-off token.',
    mend: ['entra-login decode', 'entra-login token --client-credentials --federated-token-file FILE --scope SCOPE'],
  },
  {
    code: 5002741,
    meaning: 'The assertion names more than one audience; Entra wants exactly one.',
    why: 'The runner or cluster issues the token with several audiences.',
    mend: [
      'Have the runner or cluster issue the token for the audience api://AzureADTokenExchange alone.',
      'entra-login decode',
    ],
  },
  {
    code: 50048,
    meaning: 'Subject and issuer of the client assertion are not the same.',
    why: 'In an assertion signed with a certificate both must be the client ID; the certificate may be used with the wrong one.',
    mend: [
      'entra-login config',
      'entra-login token --client-credentials --client-id CLIENT-ID --client-certificate FILE --scope SCOPE',
    ],
  },

  // Federated credentials
  {
    code: 70021,
    meaning: 'No federated credential of the application matches the assertion.',
    why: 'Issuer, subject and audience must be equal letter by letter, upper and lower case included.',
    mend: [`${federated}: compare issuer, subject and audience with the token.`, 'entra-login decode'],
  },
  {
    code: 700211,
    meaning: 'No federated credential of the application matches the issuer of the assertion.',
    why: 'The issuer must be equal letter by letter, the slash at its end included.',
    mend: [`${federated}: set Issuer to the iss claim of the token.`, 'entra-login decode'],
  },
  {
    code: 700212,
    meaning: 'No federated credential of the application matches the audience of the assertion.',
    why: 'Both should be api://AzureADTokenExchange, in exactly these letters.',
    mend: [`${federated}: set Audience to the aud claim of the token.`, 'entra-login decode'],
  },
  {
    code: 700213,
    meaning: 'No federated credential of the application matches the subject of the assertion.',
    why: 'Branch, tag or environment differ from the credential; GitHub repositories new since July 2026 add IDs to the subject.',
    mend: [`${federated}: set the subject to the sub claim of the token, letter by letter.`, 'entra-login decode'],
  },
  {
    code: 7002138,
    meaning: 'No federated credential of the application matches the assertion.',
    why: 'Issuer, subject and audience must be equal letter by letter, upper and lower case included.',
    mend: [`${federated}: compare issuer, subject and audience with the token.`, 'entra-login decode'],
  },
  {
    code: 700229,
    meaning: 'The assertion is the token of a person; only the token of an application may stand for an application.',
    why: 'A federated credential that trusts Entra itself takes tokens from client credentials or a managed identity only.',
    mend: ['entra-login token --managed-identity --resource api://AzureADTokenExchange'],
  },
  {
    code: 500133,
    meaning: 'The token handed in as an assertion is outside the time it is valid for.',
    why: 'It comes from a service that acts on behalf of a person: the access token it was given has expired, or its clock is off.',
    mend: ['entra-login token --refresh', 'entra-login doctor'],
  },
];
