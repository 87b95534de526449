import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from './world.ts';

/** Writes the user's `config.json`; answers its path. */
export async function configure({ home }: Pick<World, 'home'>, content: unknown): Promise<string> {
  const path = join(home, 'config', 'config.json');
  await mkdir(join(home, 'config'), { recursive: true });
  await writeFile(path, JSON.stringify(content, undefined, 2));
  return path;
}

/** Reads what the user's `config.json` holds. */
export async function readConfigured({ home }: Pick<World, 'home'>): Promise<unknown> {
  return JSON.parse(await readFile(join(home, 'config', 'config.json'), 'utf8')) as unknown;
}
