import type { Machine, Program, ProgramOptions } from './program.ts';

/** How a program on a terminal ended. */
export interface TerminalEnd {
  /** 128 and the signal's number where a signal ended it, as shells say it. */
  readonly exitCode: number;
  /** Everything that was on the screen. */
  readonly screen: string;
  /** How the terminal was left. */
  readonly echo: boolean;
  readonly lineMode: boolean;
}

/** A program on a terminal of its own; what it writes to stdout and stderr is on one screen. */
export interface TerminalProgram {
  /** Waits until the screen shows it. */
  hear(pattern: RegExp): Promise<RegExpExecArray>;
  /** Types, or pastes; Enter is `\r`, Ctrl-C `\u0003`. */
  type(text: string): void;
  readonly ended: Promise<TerminalEnd>;
  readonly program: Program;
}

// Python's own pty module is on every Debian with python3. The program gets a session and a controlling terminal; the
// helper's stdout is the screen, its stdin the keyboard, and its stderr tells at the end how the terminal was left.
const helper = `
import fcntl, json, os, pty, select, struct, sys, termios
controller, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for number in (0, 1, 2):
        os.dup2(terminal, number)
    os.closerange(3, 256)
    os.execvp(sys.argv[1], sys.argv[1:])
sources = [controller, 0]
status = None
while True:
    ready, _, _ = select.select(sources, [], [], 0.02)
    if controller in ready:
        os.write(1, os.read(controller, 65536))
    elif status is not None:
        break
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed:
            while typed:
                typed = typed[os.write(controller, typed):]
        else:
            sources.remove(0)
    if status is None:
        ended, waited = os.waitpid(child, os.WNOHANG)
        if ended:
            status = waited
flags = termios.tcgetattr(terminal)[3]
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
sys.stderr.write(json.dumps({"exitCode": code, "echo": bool(flags & termios.ECHO), "lineMode": bool(flags & termios.ICANON)}))
`;

/** Starts the program on a terminal of 80 columns, with Python's help. */
export function startOnTerminal(
  machine: Machine,
  argv: readonly string[],
  options: ProgramOptions = {},
): TerminalProgram {
  const env = { TERM: 'xterm-256color', ...options.env };
  const program = machine.start(argv, { ...options, env, through: ['python3', '-c', helper] });
  const ended = program.ended.then(({ stdout, stderr }): TerminalEnd => {
    try {
      return { screen: stdout, ...(JSON.parse(stderr) as Omit<TerminalEnd, 'screen'>) };
    } catch {
      throw new Error(`The terminal broke: ${stderr}`);
    }
  });
  ended.catch(() => {});
  return {
    program,
    ended,
    hear: (pattern) => program.hear(pattern, 'stdout'),
    type: (text) => program.write(text),
  };
}
