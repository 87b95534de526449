import { createHash } from 'node:crypto';
import type { Plugin } from 'rolldown';

/** Puts on the first line of every file what its content is known by; bin/entra-login.cjs names its code cache so. */
export function contentIds(): Plugin {
  return {
    name: 'content ids',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue;
        file.code = `//${createHash('sha256').update(file.code).digest('hex').slice(0, 16)}\n${file.code}`;
      }
    },
  };
}
