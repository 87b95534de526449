/** The items of the keychain that belong to entra-login: texts by user name, each replaced as a whole. */
export interface KeychainItems {
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  /** Deletes the item; answers whether there was one. */
  delete(name: string): Promise<boolean>;
  /** Lists the names of all items in any order. */
  list(): Promise<string[]>;
}

/** The service that every item names. */
export const keychainService = 'entra-login';

/** How long a keychain may be silent before it counts as one that does not answer, in milliseconds. */
export const answerTimeLimit = 3_000;
