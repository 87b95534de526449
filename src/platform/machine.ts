import process from 'node:process';
import type { Machine } from '../context.ts';
import { findProxy } from './http-proxy.ts';

/** Makes what `doctor` asks of the machine. */
export function createMachine(env: Readonly<Record<string, string | undefined>>): Machine {
  return {
    nodeVersion: process.versions.node,
    findProxy: (url) => {
      const proxy = findProxy(new URL(url), env);
      return proxy && { address: new URL(proxy.url).host, variable: proxy.variable };
    },
    resolveHost: async (name) => {
      const { lookup } = await import('node:dns/promises');
      try {
        return (await lookup(name, { all: true })).map(({ address }) => address);
      } catch {
        return [];
      }
    },
    findBrowser: async (command) => (await import('./browser.ts')).findBrowser(command, { env }),
  };
}
