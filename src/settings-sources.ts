import { authorityHostOf } from './auth/clouds.ts';
import type { Context } from './context.ts';
import type { FileSettings } from './settings-files.ts';
import { readAuthorityHost, readCloud } from './settings-values.ts';
import type { ValueReader } from './settings-values.ts';

/** A setting's value and where it came from, in the contract's words. */
export interface Setting<T> {
  readonly value: T;
  /** `option`, `environment NAME`, `project FILE`, `user FILE`, `account` or `built-in`. */
  readonly from: string;
}

interface Given {
  readonly text: string;
  readonly from: string;
  /** For messages: option, variable, or file and line. */
  readonly place: string;
}
/** A setting as one place gives it; `undefined` where that place does not. */
export type Candidate = Given | undefined;

/** Reads the first candidate there is. */
export function first<T>(read: ValueReader<T>, candidates: readonly Candidate[]): Setting<T> | undefined {
  const given = candidates.find((candidate) => candidate !== undefined);
  return given === undefined ? undefined : { value: read(given.text, given.place), from: given.from };
}

/** Takes what was typed as an option. */
export function fromOption(option: string, text: string | undefined): Candidate {
  return text === undefined ? undefined : { text, from: 'option', place: option };
}

/** Takes an environment variable; an empty one counts as unset, as everywhere in shells and CI. */
export function fromEnvironment(env: Context['env'], name: string): Candidate {
  const text = env[name];
  return text === undefined || text === '' ? undefined : { text, from: `environment ${name}`, place: name };
}

/** Takes a member of a settings file. */
export function fromFile(kind: 'project' | 'user', file: FileSettings | undefined, name: string): Candidate {
  const text = file?.values[name];
  return file === undefined || text === undefined
    ? undefined
    : { text, from: `${kind} ${file.path}`, place: file.placeOf(name) };
}

/** Takes what the account was signed in with. */
export function fromAccount(text: string | undefined): Candidate {
  return text === undefined ? undefined : { text, from: 'account', place: 'the signed-in account' };
}

/** Answers a built-in value. */
export function builtIn<T>(value: T): Setting<T> {
  return { value, from: 'built-in' };
}

/**
 * Chooses the authority host level by level, a cloud named at one level before a host of a level below; then what lies
 * below both, then the public cloud.
 */
export function chooseAuthorityHost(
  hosts: readonly Candidate[],
  clouds: readonly Candidate[],
  below: readonly Candidate[],
): Setting<string> {
  for (const [level, host] of hosts.entries()) {
    const named = first(readAuthorityHost, [host]);
    if (named !== undefined) return named;
    const cloud = first(readCloud, [clouds[level]]);
    if (cloud !== undefined) return { value: authorityHostOf(cloud.value), from: cloud.from };
  }
  return first(readAuthorityHost, below) ?? builtIn(authorityHostOf('public'));
}

/** Tells whether the client is the one of `AZURE_CLIENT_ID`: `AZURE_*` secrets, set for other tools, serve no other. */
export function isClientOfAzure(env: Context['env'], clientId: string | undefined): boolean {
  return clientId !== undefined && clientId.toLowerCase() === env['AZURE_CLIENT_ID']?.toLowerCase();
}
