import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came to the redirect URI. */
export interface Delivery {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A stand-in for the redirect listener of an application. */
export interface TestListener {
  readonly redirectUri: string;
  readonly origin: string;
  readonly deliveries: readonly Delivery[];
  close(): Promise<void>;
}

/** Starts a listener on any port of localhost that takes everything and answers "received". */
export async function startRedirectListener(path = '/callback'): Promise<TestListener> {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      deliveries.push({ method, url, headers, body: Buffer.concat(parts).toString() });
      response.end('received');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    redirectUri: `${origin}${path}`,
    deliveries,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
