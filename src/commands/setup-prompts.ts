import type { Context } from '../context.ts';
import { EntraLoginError } from '../errors.ts';
import type { ValueReader } from '../settings-values.ts';

/** One of several answers. */
export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string | undefined;
}

/** Asks the person on the terminal. Every question throws `cancelled` on Ctrl-C and Escape. */
export interface Prompter {
  begin(title: string): void;
  /** What is asked for is checked as the setting is; spaces around it are taken off. */
  askText(question: string, read: ValueReader<string>, suggestion: string | undefined): Promise<string>;
  /** The answer is not shown; `refuse` says what is wrong with it. */
  askSecret(question: string, refuse: (answer: string) => string | undefined): Promise<string>;
  choose<T extends string>(question: string, choices: readonly Choice<T>[]): Promise<T>;
  confirm(question: string, suggestion: boolean): Promise<boolean>;
}

/** Opens the prompts; the library is loaded only here. */
export async function openPrompter(context: Pick<Context, 'openPromptStreams' | 'signal'>): Promise<Prompter> {
  const clack = await import('@clack/prompts');
  const common = { ...context.openPromptStreams(), signal: context.signal };
  const answered = <T extends string | boolean | number>(answer: T | typeof clack.CANCEL_SYMBOL): T => {
    if (!clack.isCancel(answer)) return answer;
    context.signal.throwIfAborted();
    throw new EntraLoginError('cancelled', 'Cancelled.');
  };
  return {
    begin: (title) => clack.intro(title, common),
    askText: async (message, read, suggestion) => {
      const validate = (typed: string | undefined): string | undefined => whyRefused(read, typed);
      const initial = suggestion === undefined ? {} : { initialValue: suggestion };
      return answered(await clack.text({ ...common, ...initial, message, validate })).trim();
    },
    askSecret: async (message, refuse) => {
      const validate = (typed: string | undefined): string | undefined => refuse((typed ?? '').trim());
      return answered(await clack.password({ ...common, message, validate, clearOnError: true })).trim();
    },
    choose: async (message, choices) => {
      const options = choices.map(({ label, hint }, value) => ({ value, label, ...(hint && { hint }) }));
      const chosen = choices[answered(await clack.select<number>({ ...common, message, options }))];
      if (chosen === undefined) throw new TypeError('an answer that was not offered');
      return chosen.value;
    },
    confirm: async (message, initialValue) => answered(await clack.confirm({ ...common, message, initialValue })),
  };
}

function whyRefused(read: ValueReader<string>, typed: string | undefined): string | undefined {
  const text = (typed ?? '').trim();
  if (text === '') return 'Something must stand here.';
  try {
    read(text, 'typed');
    return undefined;
  } catch (error) {
    if (error instanceof EntraLoginError) return error.hint ?? error.message;
    throw error;
  }
}
