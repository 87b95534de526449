import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { alice } from '../../src/emulator/default-directory.ts';
import type { ScriptedSignIn } from '../../src/emulator/scripted-person.ts';
import { signInAsScriptedPerson } from '../../src/emulator/scripted-person.ts';
import type { RunOptions, RunResult, World } from './world.ts';

/** A sign-in that waits for its response: all that an attacker may have got hold of. */
export interface Target {
  readonly authorizeUrl: URL;
  readonly redirectUri: URL;
  readonly port: number;
  readonly state: string;
}

/** How a sign-in under attack ended. */
export interface AttackedSignIn extends RunResult {
  /** What the right person saw. */
  readonly page: ScriptedSignIn;
}

/** Starts `login --no-browser`, attacks it while it waits, then lets the right person (alice) sign in. */
export async function signInUnderAttack(
  world: World,
  attack: (target: Target) => Promise<void>,
  words: readonly string[] = [],
): Promise<AttackedSignIn> {
  const { target, ended } = await startSignIn(world, words);
  await attack(target);
  const page = await signInAsScriptedPerson(target.authorizeUrl.href, { username: alice.username });
  return { ...(await ended), page };
}

/** Starts `login --no-browser` and waits for the URL that it prints. */
export async function startSignIn(
  world: World,
  words: readonly string[] = [],
  options: RunOptions = {},
): Promise<{ readonly target: Target; readonly ended: Promise<RunResult> }> {
  let hear: ((url: URL) => void) | undefined;
  const heard = new Promise<URL>((resolve) => (hear = resolve));
  let said = '';
  const onStderr = (piece: string): void => {
    said += piece;
    const url = /https?:\/\/\S+\/authorize\?[^\s"]+(?=[\s"])/.exec(said)?.[0];
    if (url !== undefined) hear?.(new URL(url));
  };
  const ended = world.run(['login', '--no-browser', '--force', ...words], { ...options, onStderr });
  const failed = ended.then(({ stderr }) => Promise.reject(new Error(`The sign-in did not wait: ${stderr}`)));
  const authorizeUrl = await Promise.race([heard, failed]);
  failed.catch(() => {});
  const redirectUri = new URL(authorizeUrl.searchParams.get('redirect_uri') ?? '');
  const state = authorizeUrl.searchParams.get('state') ?? '';
  return { target: { authorizeUrl, redirectUri, port: Number(redirectUri.port), state }, ended };
}

/** Sends bytes as they are; answers all that came back until the other side closed the connection. */
export async function sendBytes(port: number, bytes: string | Buffer, host = '127.0.0.1'): Promise<string> {
  const socket = connect(port, host);
  socket.on('error', () => {});
  socket.write(bytes);
  return await text(socket).catch(() => '');
}

/** Makes a POST of a form, headers and body as they are given. */
export function formRequest(port: number, body: string | Buffer, changes: FormChanges = {}): Buffer {
  const { target = '/callback', headers = [], host = `localhost:${port}`, version = '1.1', length } = changes;
  const type = changes.type === undefined ? 'application/x-www-form-urlencoded' : changes.type;
  const bytes = Buffer.from(body);
  const lines = [
    `POST ${target} HTTP/${version}`,
    ...(host === null ? [] : [`Host: ${host}`]),
    ...(type === null ? [] : [`Content-Type: ${type}`]),
    ...(length === null ? [] : [`Content-Length: ${length ?? bytes.length}`]),
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** What differs from an honest POST; `null` leaves a header out. */
export interface FormChanges {
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly host?: string | null;
  readonly type?: string | null;
  readonly length?: number | string | null;
  readonly version?: string;
}

/** The URL of a request that `fetch` is given. */
export function urlOf(input: Parameters<typeof fetch>[0]): URL {
  return new URL(input instanceof Request ? input.url : input);
}
