import { createServer, type Server } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Context, PortOwner } from '../../context.ts';
import { EntraLoginError } from '../../errors.ts';

export interface LoopbackOptions {
  /** Its port is bound; 0, or none, means any free one. */
  readonly redirectUri: URL;
  readonly findPortOwner: Context['findPortOwner'];
  /** The second one is left out on a machine that does not have it. */
  readonly addresses?: readonly [string, string];
}

/** Ports of 127.0.0.1 whose twin at ::1 is taken are rare; ten in a row mean something else is wrong. */
const attemptsForAFreePort = 10;

/**
 * Binds both loopback addresses on one port: browsers try ::1 or 127.0.0.1 first, as the system likes.
 * Errors: `port_in_use`, `configuration`; nothing stays bound then.
 */
export async function listenOnLoopback(
  options: LoopbackOptions,
  makeServer: () => Server,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { hostname, port: setting } = options.redirectUri;
  const addresses = options.addresses ?? [isIPv4(hostname) ? hostname : '127.0.0.1', '::1'];
  const wanted = Number(setting);
  for (let attempt = 1; ; attempt++) {
    const bound: Server[] = [];
    let port = wanted;
    try {
      for (const address of addresses) {
        const server = await bind(makeServer(), port, address);
        if (!server) continue;
        bound.push(server);
        port = portOf(server);
      }
      return { port, close: () => closeServers(bound) };
    } catch (error) {
      await closeServers(bound);
      if (wanted === 0 && errorCode(error) === 'EADDRINUSE' && attempt < attemptsForAFreePort) continue;
      throw await explainBindError(error, port, options.findPortOwner);
    }
  }
}

/**
 * Binds both loopback addresses on the redirect URI's port as a sign-in would, and lets go of them at once; answers what
 * was bound. Errors: those of `listenOnLoopback`.
 */
export async function tryLoopback(
  options: LoopbackOptions,
): Promise<{ readonly port: number; readonly addresses: readonly string[] }> {
  const servers: Server[] = [];
  const makeServer = (): Server => {
    const server = createServer();
    servers.push(server);
    return server;
  };
  const listening = await listenOnLoopback(options, makeServer);
  const { port } = listening;
  const addresses = servers.map((server) => server.address());
  await listening.close();
  return {
    port,
    addresses: addresses.flatMap((at) => (typeof at === 'object' && at?.port === port ? [at.address] : [])),
  };
}

/** Writes the redirect URI with the port that is listened on, as it is sent: without a slash where there is no path. */
export function uriWithPort(setting: URL, port: number): string {
  return `http://${setting.hostname}:${port}${setting.pathname === '/' ? '' : setting.pathname}`;
}

/** Answers `undefined` where the machine has no IPv6. */
async function bind(server: Server, port: number, host: string): Promise<Server | undefined> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject);
        server.on('error', () => {}); // a connection that could not be accepted (too many open files) ends nothing
        resolve();
      });
    });
    return server;
  } catch (error) {
    const missing = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(errorCode(error) ?? '');
    if (missing && host.includes(':')) return undefined;
    throw error;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

async function closeServers(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    ),
  );
}

async function explainBindError(
  error: unknown,
  port: number,
  findPortOwner: Context['findPortOwner'],
): Promise<EntraLoginError> {
  // Entra ignores the port of localhost, so the same registration serves any.
  const hint = 'entra-login login --port 0';
  const code = errorCode(error);
  if (code === 'EADDRINUSE') {
    return new EntraLoginError('port_in_use', describeTakenPort(port, await findPortOwner(port)), {
      hint,
      cause: error,
    });
  }
  const reason =
    code === 'EACCES'
      ? `The system does not let this user listen on port ${port}: it is reserved.`
      : `The loopback address cannot be listened on (${code ?? 'unknown reason'}, port ${port}).`;
  return new EntraLoginError('configuration', reason, { hint, cause: error });
}

function describeTakenPort(port: number, owner: PortOwner | undefined): string {
  if (!owner) return `Port ${port} is in use by another program.`;
  const facts = [
    owner.processId === undefined ? '' : `process ${owner.processId}`,
    owner.startedAt ? `since ${localTime(owner.startedAt)}` : '',
  ].filter((fact) => fact !== '');
  const known = facts.length > 0 ? ` (${facts.join(', ')})` : '';
  if (owner.name === 'entra-login') {
    return `Another entra-login sign-in is waiting on port ${port}${known}. Finish it in its browser window, or end it.`;
  }
  if (owner.name.startsWith('AirPlay Receiver')) {
    return `Port ${port} is in use by ${owner.name}${known}. It can be turned off in System Settings, General, AirDrop & Handoff, AirPlay Receiver.`;
  }
  return `Port ${port} is in use by ${owner.name}${known}.`;
}

function localTime(time: Date): string {
  const day = `${time.getFullYear()}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())}`;
  return `${day} ${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
