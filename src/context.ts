/** A stream that text is written to; `isTerminal` and `columns` decide how the text is laid out. */
export interface Output {
  write(text: string): void;
  /** Rejects with `store_failed` if what was written so far cannot be; only a real stdout can fail. */
  settle?(): Promise<void>;
  readonly isTerminal: boolean;
  /** Width in columns; 80 where it is not a terminal. */
  readonly columns: number;
  /** Height in rows; only where it is a terminal that tells. */
  readonly rows?: number | undefined;
  /** chalk's levels: 0 none, 1 basic, 2 256 colours, 3 true colour. */
  readonly colorLevel: 0 | 1 | 2 | 3;
}

/** Standard input. */
export interface Input {
  readonly isTerminal: boolean;
  /**
   * Reads one line without its end; `undefined` at the end of the input.
   * `hidden` reads in raw mode without echo (line mode cuts at 1,024 bytes on macOS).
   * Throws `cancelled` on Ctrl-C and when `signal` aborts.
   */
  readLine(options: { readonly hidden: boolean; readonly signal: AbortSignal }): Promise<string | undefined>;
}

/** Where token sets are kept. */
export type StoreKind = 'keychain' | 'file' | 'memory';

/**
 * Keeps named texts (one a profile) between runs.
 * Every call ends within its time limit. Errors: `keychain_unavailable`, `store_failed`.
 */
export interface SecretStore {
  readonly kind: StoreKind;
  /** Answers what is kept under the name, or `undefined` if nothing is. Damaged content is `store_failed`. */
  read(name: string): Promise<string | undefined>;
  /** Replaces what is kept; a crash at any moment leaves the old or the new value. */
  write(name: string, value: string): Promise<void>;
  /** Deletes what is kept, damaged content included; answers whether there was any. */
  delete(name: string): Promise<boolean>;
  /** Lists the names something is kept under, sorted. */
  list(): Promise<string[]>;
  /** Proves that a value as large as a real profile (6,000 bytes) can be written, read back and deleted. */
  probe(): Promise<void>;
}

/** How taking a lock ended. */
export type LockOutcome =
  | { readonly outcome: 'taken'; readonly release: () => Promise<void> }
  /** Somebody held it and has let go: what they did is done, the lock is not ours. */
  | { readonly outcome: 'released' }
  /** There is no place for locks; work goes on without. */
  | { readonly outcome: 'unavailable'; readonly reason: string };

/** How running a program ended. */
export interface ProgramEnd {
  readonly exitCode: number;
  /** Why it could not be started; `undefined` if it was. */
  readonly failure: string | undefined;
}

/** How opening the browser ended; `opened` says that a launcher started, not that a page was seen. */
export type BrowserLaunch =
  { readonly outcome: 'opened'; readonly command: string } | { readonly outcome: 'failed'; readonly reason: string };

/** Whether there is a program that would open the browser. */
export type BrowserSearch =
  { readonly outcome: 'found'; readonly program: string } | { readonly outcome: 'missing'; readonly reason: string };

/** What `doctor` asks of the machine; nothing here changes anything. */
export interface Machine {
  /** E.g. `20.19.0`. */
  readonly nodeVersion: string;
  /**
   * Tells which proxy a request to the URL goes through, without its name and password, and which variable names it.
   * Throws `configuration` for a variable that holds no proxy's address.
   */
  readonly findProxy: (url: string) => { readonly address: string; readonly variable: string } | undefined;
  /** Answers the addresses of a host as the system's resolver gives them; none if it knows none. */
  readonly resolveHost: (name: string) => Promise<readonly string[]>;
  /** Finds what `openBrowser` would start with the same command. */
  readonly findBrowser: (command: string | undefined) => Promise<BrowserSearch>;
}

/** Who holds a port, as far as the system tells. */
export interface PortOwner {
  readonly processId: number | undefined;
  /** The program's name as a person knows it, e.g. `node` or `AirPlay Receiver`. */
  readonly name: string;
  /** When that process started, where the system tells. */
  readonly startedAt: Date | undefined;
}

/** A connection to us over a loopback address, by its far end and our port. */
export interface LoopbackConnection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
}

/** What came of reading a file of limited size; the reason completes a sentence ("is larger than 4096 bytes"). */
export type FileText =
  { readonly outcome: 'read'; readonly text: string } | { readonly outcome: 'failed'; readonly reason: string };

/** The few file operations that commands and settings need; the token files are not among them. */
export interface Files {
  /** Reads a text file; `undefined` if there is none. Other failures throw `configuration`. */
  readText(path: string): Promise<string | undefined>;
  /**
   * Reads a text file or pipe of at most `mostBytes`, by choice through no symbolic link. Never waits for a pipe beyond
   * `signal`, and rejects with nothing but its reason.
   */
  readLimited(
    path: string,
    limits: { readonly mostBytes: number; readonly followsLinks: boolean; readonly signal: AbortSignal },
  ): Promise<FileText>;
  /**
   * Replaces a text file, or makes it (mode 0600) and its directory (0700): a crash at any moment leaves the old or the
   * new one. A symbolic link stays one, and what it leads to is replaced. Failures throw `configuration`.
   */
  writeText(path: string, text: string): Promise<void>;
  /** Tells whether anything exists at the path. */
  exists(path: string): Promise<boolean>;
  /** Tells whether the user owns the file; always true where the system has no such owner (Windows). */
  isOwnedByUser(path: string): Promise<boolean>;
}

/** What the surroundings are, as far as they decide whether a browser can be had. */
export interface Surroundings {
  /** The variable that says so, e.g. `GITHUB_ACTIONS`. */
  readonly ci: string | undefined;
  readonly ssh: boolean;
  readonly display: boolean;
  readonly wsl: boolean;
  readonly container: boolean;
  readonly codespaces: boolean;
  readonly cloudShell: boolean;
}

/** Where things are, as absolute paths. */
export interface Directories {
  /** Of `config.json`. */
  readonly configuration: string;
  /** Of the file store. */
  readonly state: string;
  readonly working: string;
  readonly home: string | undefined;
}

/**
 * The outside world, built once in main.ts: what a test cannot use for real.
 * A function asks only for the members it uses (`Pick<Context, …>`).
 */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  /** Network requests, through the proxy and with the certificates of the settings. */
  readonly fetch: typeof globalThis.fetch;
  /**
   * Opens the URL. `command` is the user's own browser command (split into words, `%s` is the URL's place, else last);
   * without one the system's browser.
   */
  readonly openBrowser: (url: string, command: string | undefined) => Promise<BrowserLaunch>;
  readonly openStore: (kind: StoreKind) => SecretStore;
  /** Takes the lock of a profile, or waits until whoever holds it lets go; rejects with the signal's reason. */
  readonly takeLock: (profile: string, signal: AbortSignal) => Promise<LockOutcome>;
  /** Tells who listens on a loopback port; `undefined` where nobody can be named. Never fails. */
  readonly findPortOwner: (port: number) => Promise<PortOwner | undefined>;
  /** Tells whether another user of this machine made the connection; `false` where that is not known. Never fails. */
  readonly isFromOtherUser: (connection: LoopbackConnection) => Promise<boolean>;
  /**
   * Runs a program with our standard streams, the secrets taken out of its environment and `added` put in; answers its
   * exit code as a shell does (127 not found, 126 not to be run, 128 and the number of a signal).
   */
  readonly runProgram: (argv: readonly string[], added: Readonly<Record<string, string>>) => Promise<ProgramEnd>;
  readonly files: Files;
  readonly directories: Directories;
  readonly surroundings: Surroundings;
  readonly machine: Machine;
  /** The terminal itself, for questions; where `stdin` and `stderr` are one. */
  readonly openPromptStreams: () => { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream };
  readonly now: () => Date;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}
