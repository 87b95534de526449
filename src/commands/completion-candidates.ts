import { aadstsEntries } from '../auth/aadsts.ts';
import { isRecord, parseJsonObject } from '../auth/json.ts';
import type { Context } from '../context.ts';
import { isProfileName } from '../settings-values.ts';

/** A command of the command line, as far as completion needs it. */
export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly operands: readonly OperandShape[];
  readonly commands: readonly CommandShape[];
}

/** An option of a command. */
export interface OptionShape {
  readonly names: readonly string[];
  readonly description: string;
  /** What stands for its value in the help; `undefined` without one. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  readonly isRepeatable: boolean;
}

/** What stands after the options. */
export interface OperandShape {
  readonly name: string;
  readonly choices: readonly string[];
  readonly isVariadic: boolean;
}

/** What may stand in a place: candidates with descriptions, any file, or the words of another command. */
type Completion =
  | { readonly kind: 'candidates'; readonly candidates: readonly (readonly [value: string, description: string])[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'command'; readonly wordsBefore: number };

type CompletionContext = Pick<Context, 'stdout' | 'files' | 'directories' | 'openStore'>;

/**
 * Answers the scripts of `completion`: what may stand in place of `current` after the words `before`, in their format.
 * Asks neither the network nor the keychain, which may be slow or want to be unlocked at a Tab.
 */
export async function completeWords(
  root: CommandShape,
  current: string,
  before: readonly string[],
  context: CompletionContext,
): Promise<void> {
  const completion = await complete(root, current, before, context);
  context.stdout.write(renderCompletion(completion));
}

function renderCompletion(completion: Completion): string {
  switch (completion.kind) {
    case 'files':
      return ':files\n';
    case 'command':
      return `:command ${completion.wordsBefore}\n`;
    case 'candidates':
      return completion.candidates.map(([value, description]) => `${value}\t${description}\n`).join('');
  }
}

async function complete(
  root: CommandShape,
  current: string,
  before: readonly string[],
  context: CompletionContext,
): Promise<Completion> {
  const place = findPlace(root, before);
  if (place.kind === 'command') return place;
  const { command, option, operands, used } = place;
  if (option !== undefined) return await completeValue(option, current, '', context);
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined && value !== undefined && place.mayBeOption) {
    const named = command.options.find(({ names }) => names.includes(name));
    return named === undefined ? candidates([], '') : await completeValue(named, value, `${name}=`, context);
  }
  const operand = command.operands[operands] ?? command.operands.find(({ isVariadic }) => isVariadic);
  const isOption = current.startsWith('-') && place.mayBeOption;
  if (!isOption && operand?.name === 'command' && operand.isVariadic) {
    return { kind: 'command', wordsBefore: before.length };
  }
  const others = isOption ? [] : await operandsOf(root, command, operand, operands, context);
  // Where nothing else can stand, a Tab shows the options.
  const options = isOption || (others.length === 0 && current === '' && place.mayBeOption);
  const unused = command.options.filter(
    ({ names, isRepeatable }) => isRepeatable || !names.some((one) => used.has(one)),
  );
  return candidates(
    [...others, ...(options ? unused.map(({ names, description }) => [names[0] ?? '', description] as const) : [])],
    current,
  );
}

interface Place {
  readonly kind: 'own';
  readonly command: CommandShape;
  /** The option whose value stands here. */
  readonly option: OptionShape | undefined;
  /** How many operands stand before. */
  readonly operands: number;
  readonly used: ReadonlySet<string>;
  /** Not after `--`. */
  readonly mayBeOption: boolean;
}

function findPlace(root: CommandShape, before: readonly string[]): Place | (Completion & { readonly kind: 'command' }) {
  const used = new Set<string>();
  let command = root;
  let option: OptionShape | undefined;
  let operands = 0;
  let mayBeOption = true;
  for (const [at, word] of before.entries()) {
    if (word === '=' && option !== undefined) continue; // bash makes three words of --output=json
    if (option !== undefined) {
      option = undefined;
    } else if (word === '--' && mayBeOption) {
      mayBeOption = false;
    } else if (word.startsWith('-') && mayBeOption) {
      const [name = ''] = word.split('=');
      used.add(name);
      const found = command.options.find(({ names }) => names.includes(name));
      option = found?.value === undefined || word.includes('=') ? undefined : found;
    } else {
      const subcommand = operands === 0 ? command.commands.find((one) => one.name === word) : undefined;
      if (subcommand === undefined) {
        const isForeign = command.operands.some(({ name, isVariadic }) => name === 'command' && isVariadic);
        if (isForeign) return { kind: 'command', wordsBefore: at };
        operands += 1;
      } else {
        command = subcommand;
      }
    }
  }
  return { kind: 'own', command, option, operands, used, mayBeOption };
}

async function completeValue(
  option: OptionShape,
  current: string,
  prefix: string,
  context: CompletionContext,
): Promise<Completion> {
  if (option.value === 'file') return { kind: 'files' };
  const values = option.names.includes('--profile') ? await profileNames(context) : option.choices;
  return candidates(
    values.map((value) => [prefix + value, ''] as const),
    prefix + current,
  );
}

async function operandsOf(
  root: CommandShape,
  command: CommandShape,
  operand: OperandShape | undefined,
  operands: number,
  context: CompletionContext,
): Promise<(readonly [string, string])[]> {
  if (operands === 0 && command.commands.length > 0)
    return command.commands.map(({ name, description }) => [name, description]);
  if (operand === undefined) return [];
  if (operand.name === 'code') {
    return aadstsEntries.map(({ code, meaning }) => [`AADSTS${code}`, meaning]);
  }
  if (operand.name === 'name') return (await profileNames(context)).map((name) => [name, 'profile']);
  // Of `help`, whose operand is a command's name.
  const names = operand.name === 'command' ? root.commands.map(({ name }) => name) : operand.choices;
  return names.map((name) => [name, '']);
}

function candidates(all: readonly (readonly [string, string])[], current: string): Completion {
  // A code may be typed as its number alone.
  const wanted = /^\d+$/.test(current) ? `AADSTS${current}` : current;
  const fitting = all.filter(([value]) => value.toLowerCase().startsWith(wanted.toLowerCase()));
  return {
    kind: 'candidates',
    candidates: fitting.map(([value, description]) => [
      wanted === current ? value : value.slice('AADSTS'.length),
      description,
    ]),
  };
}

/** Of `config.json` and the file store; what cannot be read has no names. */
async function profileNames({ files, directories, openStore }: CompletionContext): Promise<string[]> {
  const text = await files.readText(`${directories.configuration}/config.json`).catch(() => undefined);
  const profiles = parseJsonObject(text ?? '')?.['profiles'];
  const stored = await openStore('file')
    .list()
    .catch(() => []);
  const names = [...(isRecord(profiles) ? Object.keys(profiles) : []), ...stored];
  return [...new Set(names)].filter(isProfileName).toSorted();
}
