/** What opening the keychain needs to know about the person and the process. */
export interface KeychainOptions {
  /** Tells where the D-Bus session bus is; children get it too. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long a person may take to unlock the keychain, in milliseconds: 60,000 on a terminal, else 3,000. */
  readonly unlockTimeLimit: number;
  /** Called when the keychain is locked and the person is being waited for; at each call of the store that waits. */
  readonly onLocked: () => void;
  /** Ends every wait with its reason. */
  readonly signal: AbortSignal | undefined;
}
