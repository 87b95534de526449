import type { SecretStore } from '../context.ts';
import { EntraLoginError, type ErrorCode } from '../errors.ts';
import { keychainUnavailable } from './keychain-errors.ts';
import { answerTimeLimit } from './keychain-items.ts';
import { checkSecretName } from './secret-store-name.ts';
import { withoutSecretVariables } from './secret-variables.ts';

/** What a child program is asked on its standard input. */
export interface KeychainRequest {
  readonly call: 'read' | 'write' | 'delete' | 'list' | 'probe';
  readonly name: string;
  readonly value: string;
}

/** What a call gave: a text, whether there was one, or the names. */
type KeychainValue = string | boolean | readonly string[] | undefined;

/** What it answers on its standard output. */
export type KeychainAnswer =
  | { readonly outcome: 'done'; readonly value?: KeychainValue }
  | {
      readonly outcome: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** What running the keychain in a process of its own needs to know. */
export interface KeychainProcessOptions {
  /** The program and its arguments; it is keychain-child.ts, built. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long a person may take to answer the system's dialog, in milliseconds. */
  readonly unlockTimeLimit: number;
  readonly onLocked: () => void;
  readonly signal: AbortSignal | undefined;
}

/** Nothing but a dialog keeps a keychain busy for so long, in milliseconds; then the person is told. */
const noticeDelay = 1_000;

/**
 * Opens the keychain in a child process, one for each call. A native call that waits for a dialog nobody answers keeps
 * Node alive through `process.exit()`; a process can be killed. Secrets go through pipes, never through arguments.
 */
export function openKeychainProcess(options: KeychainProcessOptions): SecretStore {
  const ask = (call: KeychainRequest['call'], name = '', value = ''): Promise<KeychainValue> =>
    runChild(options, { call, name, value });
  return {
    kind: 'keychain',
    async read(name) {
      checkSecretName(name);
      const value = await ask('read', name);
      return typeof value === 'string' ? value : undefined;
    },
    async write(name, value) {
      checkSecretName(name);
      await ask('write', name, value);
    },
    async delete(name) {
      checkSecretName(name);
      return (await ask('delete', name)) === true;
    },
    async list() {
      const names = await ask('list');
      return Array.isArray(names) ? names : [];
    },
    async probe() {
      await ask('probe');
    },
  };
}

async function runChild(options: KeychainProcessOptions, request: KeychainRequest): Promise<KeychainValue> {
  options.signal?.throwIfAborted();
  // Only systems that need the process pay for loading this.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const [program, ...args] = options.command;
    // Node reads the extra certificates at its start, for 38 ms; the child opens no connection.
    const env = { ...withoutSecretVariables(options.env), NODE_EXTRA_CA_CERTS: undefined };
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'], windowsHide: true });

    const settle = (finish: () => void): void => {
      clearTimeout(notice);
      clearTimeout(limit);
      options.signal?.removeEventListener('abort', cancel);
      finish();
    };
    const abandon = (error: unknown): void => {
      settle(() => reject(error));
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.unref();
    };
    const cancel = (): void => abandon(options.signal?.reason);
    const notice = setTimeout(options.onLocked, noticeDelay);
    const limit = setTimeout(
      () => abandon(keychainUnavailable('The keychain did not answer; it may be locked.', 'Unlock it and try again')),
      Math.max(options.unlockTimeLimit, answerTimeLimit),
    );
    options.signal?.addEventListener('abort', cancel);

    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', (error) => abandon(describeFailure(error)));
    child.on('close', () => {
      settle(() => {
        child.stdin.destroy();
        const answer = readAnswer(output);
        if (answer.outcome === 'done') resolve(answer.value);
        else reject(new EntraLoginError(answer.code, answer.message, { hint: answer.hint }));
      });
    });
    child.stdin.on('error', () => {
      // It ended before it had read everything: `close` tells.
    });
    // One line, and no end: the end tells the child that this process is gone.
    child.stdin.write(`${JSON.stringify(request)}\n`);
  });
}

/** The child is our own program; all that may be wrong is that it was killed before it had answered. */
function readAnswer(output: string): KeychainAnswer {
  try {
    const answer: KeychainAnswer = JSON.parse(output);
    return answer;
  } catch (cause) {
    const { code, message, hint } = describeFailure(cause);
    return { outcome: 'failed', code, message, hint };
  }
}

function describeFailure(cause: unknown): EntraLoginError {
  return keychainUnavailable('The process that asks the keychain failed.', 'Install entra-login again', cause);
}
