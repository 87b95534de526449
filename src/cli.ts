import { Argument, Command, CommanderError, Option } from 'commander';
import { version } from '../package.json';
import type { CommandShape } from './commands/completion-candidates.ts';
import type { Context } from './context.ts';
import { EntraLoginError, exitCodes } from './errors.ts';
import { examples } from './help-examples.ts';
import { completionShells } from './render/completion-scripts.ts';
import type { CompletionShell } from './render/completion-scripts.ts';
import { renderError, renderErrorJson } from './render/error.ts';
import type { CommandOption } from './token-options.ts';
import {
  authorityOptions,
  commonOptions,
  settingsOptions,
  storeOption,
  tokenOptions,
  wantedTokenOptions,
} from './token-options.ts';

/**
 * Runs a command line: parses it, runs the command, prints an error where there is one.
 * Answers the exit code; nothing else is decided by errors than that (contract, section 2).
 */
export async function run(argv: readonly string[], context: Context): Promise<number> {
  const exit = { code: 0 };
  const program = buildProgram(context, exit);
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' }).catch((error: unknown) => {
      if (!(error instanceof CommanderError && error.exitCode === 0)) throw error; // --help, --version
    });
    await context.stdout.settle?.();
    return exit.code;
  } catch (error) {
    return await endWithError(error, argv, context);
  }
}

/** Prints what a command threw, the one place that does, and answers the exit code. */
export async function endWithError(error: unknown, argv: readonly string[], context: Context): Promise<number> {
  const failure = toEntraLoginError(error, context);
  await printError(failure, argv, context);
  return exitCodes[failure.code];
}

function buildProgram(context: Context, exit: { code: number }): Command {
  const program = new Command('entra-login')
    .description('Sign in to Microsoft Entra ID, keep the tokens safe, hand them to whatever needs them.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', '\nNo tenant at hand? entra-login demo shows a whole sign-in.');

  settings(command(program, context, 'login', 'sign a person in through the browser'))
    .addOption(new Option('--port <n>', 'the port of the redirect URI alone; 0 is any free one'))
    .option('--browser <command>', 'the browser to open; %s stands for the URL')
    .option('--no-browser', 'open none: print the URL and wait for the redirect')
    .option('--device-code', 'print a code to enter in a browser on any device')
    .option('--manual', 'print the URL and read the redirected URL pasted back')
    .option('--no-fallback', 'never a device code unasked: without a browser print the URL and wait')
    .addOption(new Option('--prompt <what>', 'make Entra ask').choices(['login', 'select_account', 'consent', 'none']))
    .option('--login-hint <username>', 'the account to sign in')
    .option('--domain-hint <domain>', 'the domain whose sign-in page to use')
    .option('--claims <json>', 'a claims request, as JSON or base64 of it')
    .addOption(new Option('--response-mode <mode>', 'how the answer comes back').choices(['form_post', 'query']))
    .option('--force', 'sign in again, and replace another account')
    .addHelpText('after', examples.login)
    .action(async (options: object) => (await import('./commands/login.ts')).login(options, context));

  settings(command(program, context, 'whoami', 'show who is signed in'))
    .option('--claim <name>', 'print one claim')
    .option('--check', 'renew the tokens first')
    .option('--userinfo', 'ask the UserInfo endpoint')
    .addHelpText('after', examples.whoami)
    .action(async (options: object) => (await import('./commands/whoami.ts')).whoami(options, context));

  addOptions(wantedToken(command(program, context, 'token', 'print an access token')), tokenOptions)
    .addHelpText('after', examples.token)
    .action(async (options: object) => (await import('./commands/token.ts')).token(options, context));

  wantedToken(command(program, context, 'exec', 'run a command with an access token in its environment'))
    .argument('<command...>', 'the command, after --')
    .addHelpText('after', examples.exec)
    .action(async (words: string[], options: object) => {
      exit.code = await (await import('./commands/exec.ts')).exec(words, options, context);
    });

  wantedToken(command(program, context, 'git-credential', 'be a git credential helper for Azure DevOps'))
    .addArgument(new Argument('<operation>', 'what git asks for').choices(['get', 'store', 'erase']))
    .addHelpText('after', examples.gitCredential)
    .action(async (operation: string, options: object) =>
      (await import('./commands/git-credential.ts')).gitCredential(operation, options, context),
    );

  command(program, context, 'status', 'show every profile and its account')
    .option('--check', 'renew the tokens of each first')
    .addOption(toOption(storeOption))
    .addHelpText('after', examples.status)
    .action(async (options: object) => (await import('./commands/status.ts')).status(options, context));

  command(program, context, 'logout', 'forget the account')
    .addOption(toOption(storeOption))
    .option('--all', 'of every profile')
    .option('--end-browser-session', "also end the browser's sign-on")
    .option('--browser <command>', 'the browser to open for that')
    .option('--no-browser', 'open none: print the URL')
    .addHelpText('after', examples.logout)
    .action(async (options: object) => (await import('./commands/logout.ts')).logout(options, context));

  settings(command(program, context, 'setup', 'set up a profile, from the app registration to the first sign-in'))
    .addOption(new Option('--port <n>', 'the port of the redirect URI alone; 0 is any free one'))
    .addOption(new Option('--platform <platform>', 'of the redirect URI').choices(['desktop', 'web']))
    .option('--client-secret-stdin', 'read the client secret (of a Web registration) from standard input')
    .option('--login', 'sign in afterwards')
    .option('--no-login', 'do not ask for the first sign-in')
    .addHelpText('after', examples.setup)
    .action(async (options: object) => (await import('./commands/setup.ts')).setup(options, context));

  settings(command(program, context, 'doctor', 'check what a sign-in needs, and tell the mends'))
    .addOption(new Option('--port <n>', 'the port of the redirect URI alone; 0 is any free one'))
    .option('--browser <command>', 'the browser to look for')
    .option('--no-browser', 'look for none')
    .addHelpText('after', examples.doctor)
    .action(async (options: object) => (await import('./commands/doctor.ts')).doctor(options, context));

  const profile = program.command('profile').description('list, show, choose and remove profiles');
  profile.addHelpText('after', examples.profile);
  command(profile, context, 'list', 'list the profiles').action(async (options: object) =>
    (await import('./commands/profile.ts')).listProfiles(options, context),
  );
  command(profile, context, 'show', 'show the settings of a profile')
    .argument('[name]', 'the profile (the one in use)')
    .action(async (name: string | undefined, options: object) =>
      (await import('./commands/profile.ts')).showProfile(name, options, context),
    );
  command(profile, context, 'use', 'make a profile the one in use')
    .argument('<name>', 'the profile')
    .action(async (name: string, options: object) =>
      (await import('./commands/profile.ts')).useProfile(name, options, context),
    );
  command(profile, context, 'remove', 'delete a profile: settings, account and client secret')
    .argument('<name>', 'the profile')
    .action(async (name: string, options: object) =>
      (await import('./commands/profile-remove.ts')).removeProfile(name, options, context),
    );

  settings(command(program, context, 'config', 'show every setting, and where it came from'))
    .addOption(new Option('--port <n>', 'the port of the redirect URI alone'))
    .option('--browser <command>', 'the browser to open')
    .option('--no-browser', 'open none')
    .option('--client-certificate <file>', "an application's certificate with key, PEM")
    .option('--federated-token-file <file>', "an application's assertion")
    .addOption(new Option('--schema <of>', 'print the JSON Schema of a settings file').choices(['user', 'project']))
    .addHelpText('after', examples.config)
    .action(async (options: object) => (await import('./commands/config.ts')).config(options, context));

  command(program, context, 'explain', 'say what an AADSTS code means and how to mend it')
    .argument('[code...]', 'codes or an error text; none or "-" reads standard input')
    .addHelpText('after', examples.explain)
    .action(async (words: string[], options: object) =>
      (await import('./commands/explain.ts')).explain(words, options, context),
    );

  authority(command(program, context, 'decode', 'show what is in a token, read from standard input'))
    .option('--verify', "check it against the tenant's keys")
    .allowExcessArguments() // to say why a token may be none
    .addHelpText('after', examples.decode)
    .action(async (options: object, { args }: Command) =>
      (await import('./commands/decode.ts')).decode(args.length, options, context),
    );

  command(program, context, 'completion', 'print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(completionShells))
    .addHelpText('after', examples.completion)
    .action(async (shell: CompletionShell, options: object) =>
      (await import('./commands/completion.ts')).completion(shell, options, context),
    );

  // What the completion scripts ask at a Tab.
  program
    .command('__complete', { hidden: true })
    .argument('<current>')
    .argument('[before...]')
    .action(async (current: string, before: string[]) => {
      const { completeWords } = await import('./commands/completion-candidates.ts');
      await completeWords(shapeOf(program), current.replace(/^=/, ''), before, context);
    });

  command(program, context, 'demo', 'show a whole sign-in at an emulator of its own')
    .option('--serve', 'keep the emulator up and print the settings to use against it')
    .addHelpText('after', examples.demo)
    .action(async (options: object) => (await import('./commands/demo.ts')).demo(options, context, run));
  return program;
}

/** Adds a command with the options that every command has. */
function command(program: Command, context: Context, name: string, description: string): Command {
  const { stdout, stderr } = context;
  const added = program
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: () => {}, // errors are printed in one place
      getOutHelpWidth: () => Math.min(stdout.columns, 100),
      getErrHelpWidth: () => Math.min(stderr.columns, 100),
      getOutHasColors: () => stdout.colorLevel > 0,
      getErrHasColors: () => stderr.colorLevel > 0,
    })
    .exitOverride()
    .command(name)
    .description(description);
  return addOptions(added, commonOptions);
}

/** Adds the options that say which access token is wanted. */
function wantedToken(of: Command): Command {
  return addOptions(settings(of), wantedTokenOptions);
}

function settings(of: Command): Command {
  return addOptions(of, settingsOptions);
}

/** Adds the options that say which tenant, client and cloud. */
function authority(of: Command): Command {
  return addOptions(of, authorityOptions);
}

/** Adds options from the table that the short path reads too. */
function addOptions(of: Command, options: readonly CommandOption[]): Command {
  for (const option of options) of.addOption(toOption(option));
  return of;
}

function toOption({ flags, description, choices, repeatable }: CommandOption): Option {
  const option = new Option(flags, description);
  if (choices !== undefined) option.choices(choices);
  if (repeatable === true) option.argParser<readonly string[]>((value, before) => [...(before ?? []), value]);
  return option;
}

/** What completion needs to know of a command, taken from the command itself. */
function shapeOf(of: Command): CommandShape {
  const help = of.createHelp();
  return {
    name: of.name(),
    description: of.description(),
    options: help.visibleOptions(of).map(({ long, short, description, flags, argChoices = [], parseArg }) => ({
      names: [long, short].filter((name) => name !== undefined && name !== null),
      description,
      value: /[<[]([^>\].]+)/.exec(flags)?.[1],
      choices: argChoices,
      isRepeatable: parseArg !== undefined && argChoices.length === 0,
    })),
    operands: of.registeredArguments.map((argument) => ({
      name: argument.name(),
      choices: argument.argChoices ?? [],
      isVariadic: argument.variadic,
    })),
    commands: help.visibleCommands(of).map(shapeOf),
  };
}

function toEntraLoginError(error: unknown, context: Context): EntraLoginError {
  if (error instanceof EntraLoginError) return error;
  // Whatever Ctrl-C broke off, it was Ctrl-C.
  if (context.signal.aborted && context.signal.reason instanceof EntraLoginError) return context.signal.reason;
  if (error instanceof CommanderError) {
    return new EntraLoginError('usage', sentence(describeUsage(error)), {
      hint: 'entra-login --help lists commands and options',
    });
  }
  return new EntraLoginError('unexpected', `This is a defect of entra-login (${nameOf(error)}).`, {
    hint: 'Please report it with the output of --verbose: npm bugs entra-login',
    cause: error,
  });
}

// Of what was typed only the names of commands and options are repeated: the rest may be a secret in the wrong place.
function describeUsage({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'A command is missing: list, show, use or remove';
  return message
    .replace(/^error: /, '')
    .replace(/^(unknown (?:option|command)) '(.*?)'(?=\n|$)/s, (_all, what: string, typed: string) => {
      const name = /^(?:--[a-z][a-z-]{0,30}(?==|$)|-[a-z]|[a-z][a-z-]{0,20}$)/i.exec(typed)?.[0];
      return name === undefined ? what : `${what} '${name}'`;
    })
    .replace(/ (?:argument|value) '.*' is invalid/s, ' is not valid');
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.?!)]$/.test(trimmed) ? '' : '.'}`;
}

async function printError(error: EntraLoginError, argv: readonly string[], { stderr }: Context): Promise<void> {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  if (own.includes('--verbose')) stderr.write(`${stackOf(error)}\n`);
  const namesJson = own.some((word, at) => word === '--output' && own[at + 1] === 'json');
  const isJson = namesJson || own.includes('--json') || own.includes('--output=json');
  // Loaded when needed: help waits for it otherwise.
  const { Chalk } = await import('chalk');
  const colors = new Chalk({ level: stderr.colorLevel });
  // In a log or a pipe a line stays one line.
  const columns = stderr.isTerminal ? stderr.columns : undefined;
  stderr.write(isJson ? renderErrorJson(error) : renderError(error, colors, columns));
}

// What kind of error it is; its message may quote a token.
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? `${error.name}, ${error.code}` : error.name;
}

// Frames alone: the messages of foreign errors may quote what they choked on.
function stackOf(error: EntraLoginError): string {
  const lines: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    lines.push(`${lines.length === 0 ? '' : 'caused by '}${cause.name}`, ...frames);
  }
  return lines.join('\n');
}
