import type { Context } from './context.ts';
import { EntraLoginError } from './errors.ts';
import { isRecord, parseJsonObject } from './auth/json.ts';
import { isProfileName, profileNameRule } from './settings-values.ts';

/** The texts of one profile's settings as a file holds them, with the file's path for messages. */
export interface FileSettings {
  readonly path: string;
  /** Setting names as in the file; `scopes` joined with spaces. */
  readonly values: Readonly<Record<string, string>>;
  /** Names the file and the line a setting stands on. */
  readonly placeOf: (name: string) => string;
}

const projectMembers = ['profile', 'tenant', 'clientId', 'redirectUri', 'scopes', 'cloud'];
const profileMembers = [...projectMembers.slice(1), 'authorityHost', 'clientCertificate', 'store', 'browser'];
const projectFileName = '.entra-login.json';

/**
 * Finds and reads the project file, from the working directory upwards, no further than the repository's root or
 * HOME. Anything but its own members is refused by name: a cloned repository must not be able to send a sign-in
 * elsewhere or run something. Errors: `configuration`.
 */
export async function readProjectFile(
  context: Pick<Context, 'files' | 'directories'>,
): Promise<FileSettings | undefined> {
  const { files, directories } = context;
  const separator = directories.working.includes('\\') ? '\\' : '/';
  const home = directories.home?.replace(/[\\/]+$/, '');
  for (let folder = directories.working; ; folder = folder.slice(0, folder.lastIndexOf(separator))) {
    const path = `${folder}${separator}${projectFileName}`;
    if (await files.exists(path)) return await readOwnProjectFile(files, path);
    if (folder === home || !folder.includes(separator)) return undefined;
    if (await files.exists(`${folder}${separator}.git`)) return undefined;
  }
}

async function readOwnProjectFile(files: Context['files'], path: string): Promise<FileSettings | undefined> {
  if (!(await files.isOwnedByUser(path))) {
    throw new EntraLoginError('configuration', `${path} belongs to another user, so it is not used.`, {
      hint: 'Make it your own, or work in another directory.',
    });
  }
  const text = await files.readText(path);
  if (text === undefined) return undefined;
  return readMembers(path, text, [], parse(path, text), projectMembers, 'A project file may hold only');
}

/** The user's `config.json`. */
export interface UserFile {
  readonly path: string;
  readonly text: string;
  /** Everything in it, as it stands. */
  readonly members: Readonly<Record<string, unknown>>;
  /** The profile chosen with `profile use`. */
  readonly profile: FileSettings;
  /** The names of the profiles it has settings of, in its order. */
  readonly names: readonly string[];
  /** The settings of a profile, none if it has none. Errors: `configuration`. */
  readonly settingsOf: (profile: string) => FileSettings;
}

/** Answers the path of the user's `config.json`. */
export function userFilePath({ directories }: Pick<Context, 'directories'>): string {
  return `${directories.configuration}/config.json`;
}

/** Reads the user's `config.json`; `undefined` if there is none. Errors: `configuration`. */
export async function readUserFile(context: Pick<Context, 'files' | 'directories'>): Promise<UserFile | undefined> {
  const path = userFilePath(context);
  const text = await context.files.readText(path);
  if (text === undefined) return undefined;
  const members = parse(path, text);
  const { profiles = {}, ...rest } = members;
  if (!isRecord(profiles)) throw wrongMember(path, text, ['profiles'], 'must be an object');
  const chosen = readMembers(path, text, [], rest, ['profile'], 'The configuration file may hold only profiles and');
  const settingsOf = (profile: string): FileSettings => {
    const settings = Object.hasOwn(profiles, profile) ? profiles[profile] : {};
    const within = ['profiles', profile];
    if (!isProfileName(profile)) {
      throw wrongMember(path, text, within, 'is no name for a profile', `Allowed: ${profileNameRule}.`);
    }
    if (!isRecord(settings)) throw wrongMember(path, text, within, 'must be an object');
    return readMembers(path, text, within, settings, profileMembers, 'A profile may hold only');
  };
  return { path, text, members, profile: chosen, names: Object.keys(profiles), settingsOf };
}

function parse(path: string, text: string): Record<string, unknown> {
  // Windows' editors put a byte order mark before UTF-8.
  const value = parseJsonObject(text.replace(/^\uFEFF/, ''));
  if (value !== undefined) return value;
  throw new EntraLoginError('configuration', `${path} is not a JSON object.`, {
    hint: 'Mend or remove the file; nothing in it was used.',
  });
}

function readMembers(
  path: string,
  text: string,
  /** The names of the members that lead to these. */
  within: readonly string[],
  members: Record<string, unknown>,
  allowed: readonly string[],
  rule: string,
): FileSettings {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(members)) {
    const refuse = (happened: string, hint?: string): EntraLoginError =>
      wrongMember(path, text, [...within, name], happened, hint);
    if (name === '$schema' && within.length === 0) continue;
    if (!allowed.includes(name)) throw refuse('is not allowed', `${rule} ${allowed.join(', ')}.`);
    if (name === 'scopes') {
      const isList = Array.isArray(value) && value.every((scope) => typeof scope === 'string');
      if (!isList) throw refuse('must be an array of strings');
      values[name] = value.join(' ');
    } else {
      if (typeof value !== 'string') throw refuse('must be a string');
      values[name] = value;
    }
  }
  return { path, values, placeOf: (name) => placeOf(path, text, [...within, name]) };
}

function wrongMember(
  path: string,
  text: string,
  member: readonly string[],
  happened: string,
  hint = 'Mend the file; nothing in it was used.',
): EntraLoginError {
  const message = `"${member.at(-1)}" ${happened} (${placeOf(path, text, member)}).`;
  return new EntraLoginError('configuration', message, { hint });
}

/** Names the file and the line on which the member stands; of two of one name the last, which is the one that counts. */
function placeOf(path: string, text: string, member: readonly string[]): string {
  const wanted = JSON.stringify(['', ...member]);
  const open: string[] = [];
  const depth = member.length;
  let [line, found, word, name] = [1, 1, '', ''];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:\n]/g)) {
    if (token === '\n') line += 1;
    else if (token === '{' || token === '[') {
      open.push(name);
      name = '';
    } else if (token === '}' || token === ']') {
      open.pop();
      name = '';
    } else if (token === ':') {
      name = String(JSON.parse(word));
      // Depth first: to write down each path of a deep file would take minutes.
      if (open.length === depth && JSON.stringify([...open, name]) === wanted) found = line;
    } else word = token;
  }
  return `${path}, line ${found}`;
}
