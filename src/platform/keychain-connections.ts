import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';

/** The keychain library's connections to D-Bus, which it keeps to itself. */
export interface KeychainConnections {
  /** Runs what opens a connection, and remembers it. */
  readonly track: <T>(open: () => T) => T;
  /** Breaks them, so that calls that wait in native code return within a second and the process can end. */
  readonly cut: () => void;
}

/**
 * Starts to track connections by the sockets that appear in the process (Linux's /proc). Only what opens one
 * synchronously can be tracked: nothing else comes in between.
 */
export function trackConnections(): KeychainConnections {
  const tracked = new Map<number, string>();
  return {
    track(open) {
      const before = listSockets();
      try {
        return open();
      } finally {
        for (const [descriptor, socket] of listSockets()) {
          if (before.get(descriptor) !== socket) tracked.set(descriptor, socket);
        }
      }
    },
    cut() {
      if (tracked.size === 0) return;
      const now = listSockets();
      for (const [descriptor, socket] of tracked) {
        if (now.get(descriptor) === socket) replaceByNull(descriptor);
      }
      tracked.clear();
    },
  };
}

/** Lists the descriptors that are sockets, with what names each for as long as it is open. */
function listSockets(): Map<number, string> {
  const sockets = new Map<number, string>();
  for (const descriptor of readdirSync('/proc/self/fd')) {
    const target = readLink(`/proc/self/fd/${descriptor}`);
    if (target.startsWith('socket:')) sockets.set(Number(descriptor), target);
  }
  return sockets;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The directory's own descriptor, or one that another thread has closed meanwhile.
    return '';
  }
}

/** As dup2 would: the library still uses the descriptor's number and closes it, so it must not become a file of ours. */
function replaceByNull(descriptor: number): void {
  closeSync(descriptor);
  const surplus: number[] = [];
  let opened = openSync('/dev/null', 'r+');
  // The system gives the lowest number that is free.
  while (opened < descriptor) {
    surplus.push(opened);
    opened = openSync('/dev/null', 'r+');
  }
  if (opened !== descriptor) surplus.push(opened);
  for (const other of surplus) closeSync(other);
}
