import type { Socket } from 'node:net';

/** Keeps the newest connections: idle ones held open must not lock out the one that matters. */
export function limitConnections(most: number) {
  const open = new Set<Socket>();
  let kept: Socket | undefined;
  return {
    add(socket: Socket) {
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
    },
  };
}
