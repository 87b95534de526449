import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';

/** A browser opens a few connections; after so many it is a flood. */
const floodFrom = 64;

/**
 * Keeps the newest connections: idle ones held open must not lock out the one that matters. In a flood V8 would make its
 * space for new objects larger, and the process 120 MB (Node 20) or 150 (26); held at its first size the peak is 99 to 109.
 * Only then, and until the end alone: the code cache (bin/entra-login.cjs) is good for the flags that it was made with.
 */
export function limitConnections(most: number) {
  const open = new Set<Socket>();
  let kept: Socket | undefined;
  let taken = 0;
  return {
    add(socket: Socket) {
      taken += 1;
      if (taken === floodFrom) setFlagsFromString('--semi-space-growth-factor=1');
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      if (open.size <= most) return;
      for (const oldest of open) {
        if (oldest === kept) continue;
        open.delete(oldest);
        oldest.destroy();
        return;
      }
    },
    keep(socket: Socket) {
      kept = socket;
    },
    closeAll() {
      for (const socket of open) socket.destroy();
      // V8's default again.
      if (taken >= floodFrom) setFlagsFromString('--semi-space-growth-factor=2');
    },
  };
}
