import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A certificate authority that nobody trusts, as a company's proxy has one. */
export interface PrivateCa {
  /** Its certificate, as SSL_CERT_FILE and NODE_EXTRA_CA_CERTS want it. */
  readonly file: string;
  /** Issues a server certificate, valid for a day unless it is to be out of date. */
  issue(hosts: readonly string[], validity?: 'expired' | 'not_yet'): { readonly key: string; readonly cert: string };
  remove(): void;
}

/**
 * Tells whether the openssl command line is here; where not, prints why and what to install. With
 * `ENTRA_LOGIN_TEST_REAL_PARTS=1` it throws instead, so that a machine meant to have it cannot skip silently.
 */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    const reason = 'openssl missing: apt-get install openssl';
    if (process.env['ENTRA_LOGIN_TEST_REAL_PARTS'] === '1') throw new Error(reason, { cause: error });
    process.stderr.write(`Tests with certificates are skipped; ${reason}\n`);
    return false;
  }
}

/** Makes an authority in a temporary directory. */
export function makePrivateCa(name: string): PrivateCa {
  const directory = mkdtempSync(join(tmpdir(), 'entra-login-ca-'));
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const newKey = ['-newkey', 'rsa:2048', '-nodes', '-sha256'];
  writeFileSync(join(directory, 'index.txt'), '');
  writeFileSync(join(directory, 'serial'), '1000\n');
  writeFileSync(join(directory, 'ca.cnf'), configuration);
  const root = ['-x509', '-days', '2', '-subj', `/CN=${name}`, '-config', 'ca.cnf', '-extensions', 'authority'];
  openssl('req', ...newKey, ...root, '-keyout', 'ca.key', '-out', 'ca.pem');
  let count = 0;
  return {
    file: join(directory, 'ca.pem'),
    issue: (hosts, validity) => {
      count += 1;
      const id = `server-${count}`;
      const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`)).join(',');
      writeFileSync(join(directory, `${id}.ext`), `[server]\nbasicConstraints=CA:FALSE\nsubjectAltName=${names}\n`);
      const request = ['-subj', `/CN=${hosts[0]}`, '-config', 'ca.cnf', '-keyout', `${id}.key`, '-out', `${id}.csr`];
      openssl('req', '-new', ...newKey, ...request);
      const days = { expired: [-3, -2], not_yet: [2, 3], valid: [-1, 1] }[validity ?? 'valid'];
      const [from = '', to = ''] = days.map(dayFromNow);
      const extensions = ['-extfile', `${id}.ext`, '-extensions', 'server'];
      const files = ['-in', `${id}.csr`, '-out', `${id}.pem`];
      openssl('ca', '-batch', '-config', 'ca.cnf', '-startdate', from, '-enddate', to, ...extensions, ...files);
      const read = (suffix: string): string => readFileSync(join(directory, `${id}.${suffix}`), 'utf8');
      return { key: read('key'), cert: read('pem') };
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function dayFromNow(days: number): string {
  const day = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${day.slice(0, 19).replaceAll(/\D/g, '')}Z`;
}

const configuration = `
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
`;
