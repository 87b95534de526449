import type { KeychainOptions } from './keychain.ts';
import { connectDbus, findSessionBus, type DbusConnection, type DbusReply } from './keychain-dbus.ts';
import { isVariant, type DbusValue } from './keychain-dbus-values.ts';
import { answerTimeLimit, cancelled, keychainService, type KeychainItems } from './keychain-items.ts';
import {
  describeError,
  describeFailure,
  expectValues,
  isGone,
  isLocked,
  locked,
  noDefaultCollection,
  readSecret,
  toText,
  toTexts,
} from './keychain-secret-service-replies.ts';

const serviceName = 'org.freedesktop.secrets';
const servicePath = '/org/freedesktop/secrets';
const secretInterface = 'org.freedesktop.Secret';
const propertiesInterface = 'org.freedesktop.DBus.Properties';

/** The parts of `/org/freedesktop/secrets/collection/NAME`; an item's path has one more. */
const collectionDepth = 6;
/** How the Secret Service says that there is no object, e.g. no prompt is needed. */
const noObject = '/';

/** A dialog that ends sooner was not answered by a person: there is none to be shown (no display, no prompter). */
const fastestPerson = 1_000;

/** How often a locked keychain is looked at while somebody may unlock it elsewhere, in milliseconds. */
const lockedPollInterval = 200;

/** A bus lets a connection wait for a limited number of replies; 128 is dbus-daemon's own default. */
const callsAtOnce = 64;

/** An item that another process replaces vanishes between finding and reading it; more often than this it does not. */
const readAttempts = 4;

/**
 * Runs the work with the items that the Secret Service (freedesktop.org Secret Service API, draft 0.2; GNOME Keyring,
 * KWallet, KeePassXC) keeps for us. It speaks D-Bus itself, because a library's call that blocks in native code could
 * not be ended; see docs/decisions/keychain.md. The items are those that `@napi-rs/keyring` and `secret-tool` know.
 */
export async function withSecretService<T>(
  options: KeychainOptions,
  work: (items: KeychainItems) => Promise<T>,
): Promise<T> {
  if (options.signal?.aborted === true) throw cancelled();
  const socketPath = findSessionBus(options.env);
  if (socketPath === undefined) throw describeFailure('no-address');
  const connection = connectDbus(socketPath, describeFailure);
  connection.limitSilence(answerTimeLimit);
  const cancel = (): void => connection.fail(cancelled());
  options.signal?.addEventListener('abort', cancel);
  try {
    return await work(new SecretService(connection, options));
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    connection.close();
  }
}

class SecretService implements KeychainItems {
  readonly #connection: DbusConnection;
  readonly #options: KeychainOptions;
  readonly #acquainted: Promise<DbusReply>;
  readonly #session: Promise<string>;

  constructor(connection: DbusConnection, options: KeychainOptions) {
    this.#connection = connection;
    this.#options = options;
    // gnome-keyring aborts, rarely, when a connection's first call needs its client, which is registered behind the back
    // of the thread that answers. So the first one needs none, and the others wait for it: docs/decisions/keychain.md.
    const property = [`${secretInterface}.Service`, 'Collections'];
    this.#acquainted = this.#call(servicePath, propertiesInterface, 'Get', 'ss', property, Promise.resolve());
    // Secrets cross the person's own socket as they are, as with go-keyring: whoever can listen there can ask the
    // keychain itself, and the Diffie-Hellman exchange that would hide them costs 8 ms.
    this.#session = this.#ask('OpenSession', 'sv', ['plain', { signature: 's', value: '' }]).then(([, path]) =>
      toText(path),
    );
    this.#session.catch(() => {
      // Whoever needs it awaits it and meets the error there.
    });
  }

  async get(name: string): Promise<string | undefined> {
    for (let attempt = 0; attempt < readAttempts; attempt += 1) {
      const [item] = await this.#find(name);
      if (item === undefined) return undefined;
      const reply = await this.#call(item, `${secretInterface}.Item`, 'GetSecret', 'o', [await this.#session]);
      if (reply.kind === 'values') return readSecret(name, reply.values[0]);
      if (!isGone(reply)) throw describeError(reply);
    }
    return undefined;
  }

  async set(name: string, text: string): Promise<void> {
    // Not by its alias: gnome-keyring resolves that in one thread while another may be freeing it.
    const [session, collection] = await Promise.all([this.#session, this.#defaultCollection()]);
    if (collection === noObject) throw noDefaultCollection();
    const secret = [session, new Uint8Array(), Buffer.from(text), 'text/plain'];
    const create = (): Promise<DbusReply> =>
      this.#call(collection, `${secretInterface}.Collection`, 'CreateItem', 'a{sv}(oayays)b', [
        [
          [`${secretInterface}.Item.Label`, { signature: 's', value: `${keychainService}: ${name}` }],
          [`${secretInterface}.Item.Attributes`, { signature: 'a{ss}', value: attributesOf(name) }],
        ],
        secret,
        true,
      ]);
    let reply = await create();
    if (reply.kind === 'error' && isLocked(reply)) {
      await this.#unlock([collection]);
      reply = await create();
    }
    const [item, prompt] = expectValues(reply);
    if (toText(prompt) !== noObject) throw locked();
    // An item of this name in another collection (the default one was changed) would go on answering for it.
    const { unlocked } = await this.#search(name);
    for (const other of unlocked.filter((path) => path !== item)) await this.#deleteItem(other);
  }

  async delete(name: string): Promise<boolean> {
    const items = await this.#find(name);
    for (const item of items) await this.#deleteItem(item);
    return items.length > 0;
  }

  async list(): Promise<string[]> {
    const items = await this.#find();
    const names: string[] = [];
    for (let start = 0; start < items.length; start += callsAtOnce) {
      const batch = items.slice(start, start + callsAtOnce).map((item) => this.#userName(item));
      names.push(...(await Promise.all(batch)).filter((name) => name !== undefined));
    }
    return names;
  }

  /** Finds our items, after having them unlocked if they are not. */
  async #find(name?: string): Promise<string[]> {
    const found = await this.#search(name);
    const toUnlock = [...found.locked];
    // KeePassXC shows nothing of a locked database; GNOME Keyring shows its locked items.
    if (toUnlock.length === 0 && found.unlocked.length === 0) {
      const collection = await this.#defaultCollection();
      if (collection !== noObject && (await this.#isLocked(collection))) toUnlock.push(collection);
    }
    if (toUnlock.length === 0) return found.unlocked;
    await this.#unlock(toUnlock);
    return (await this.#search(name)).unlocked;
  }

  async #userName(item: string): Promise<string | undefined> {
    const attributes = await this.#property(item, `${secretInterface}.Item`, 'Attributes');
    const pairs = Array.isArray(attributes) ? attributes.filter((pair) => Array.isArray(pair)) : [];
    const name: DbusValue | undefined = pairs.find(([key]) => key === 'username')?.[1];
    return typeof name === 'string' ? name : undefined;
  }

  async #search(name?: string): Promise<{ unlocked: string[]; locked: string[] }> {
    const [unlocked, lockedItems] = await this.#ask('SearchItems', 'a{ss}', [attributesOf(name)]);
    return { unlocked: toTexts(unlocked), locked: toTexts(lockedItems) };
  }

  async #deleteItem(item: string): Promise<void> {
    const reply = await this.#call(item, `${secretInterface}.Item`, 'Delete', '', []);
    if (reply.kind === 'error' && isGone(reply)) return;
    const [prompt] = expectValues(reply);
    if (toText(prompt) !== noObject && (await this.#answerPrompt(toText(prompt)))) throw locked();
  }

  async #unlock(objects: readonly string[]): Promise<void> {
    const [, prompt] = await this.#ask('Unlock', 'ao', [objects]);
    if (toText(prompt) === noObject) return;
    this.#options.onLocked();
    this.#connection.limitTime(this.#options.unlockTimeLimit, locked());
    const asked = performance.now();
    if (await this.#answerPrompt(toText(prompt))) {
      if (performance.now() - asked > fastestPerson) throw locked();
      for (const object of objects) {
        while (await this.#isLocked(object)) await this.#connection.wait(lockedPollInterval);
      }
    }
    this.#connection.limitSilence(answerTimeLimit);
  }

  /** Has the keychain ask the person; answers whether the dialog was dismissed. */
  async #answerPrompt(prompt: string): Promise<boolean> {
    const rule = `type='signal',interface='${secretInterface}.Prompt',member='Completed',path='${prompt}'`;
    const [[dismissed]] = await Promise.all([
      this.#connection.nextSignal(prompt, 'Completed'),
      this.#connection.call({
        destination: 'org.freedesktop.DBus',
        path: '/org/freedesktop/DBus',
        interface: 'org.freedesktop.DBus',
        member: 'AddMatch',
        signature: 's',
        arguments: [rule],
      }),
      this.#call(prompt, `${secretInterface}.Prompt`, 'Prompt', 's', ['']).then(expectValues),
    ]);
    return dismissed === true;
  }

  async #defaultCollection(): Promise<string> {
    const [path] = await this.#ask('ReadAlias', 's', ['default']);
    return toText(path);
  }

  async #isLocked(path: string): Promise<boolean> {
    const kind = path.split('/').length > collectionDepth ? 'Item' : 'Collection';
    return (await this.#property(path, `${secretInterface}.${kind}`, 'Locked')) === true;
  }

  async #property(path: string, interfaceName: string, property: string): Promise<DbusValue | undefined> {
    const reply = await this.#call(path, propertiesInterface, 'Get', 'ss', [interfaceName, property]);
    if (reply.kind === 'error' && isGone(reply)) return undefined;
    const [variant] = expectValues(reply);
    return isVariant(variant) ? variant.value : undefined;
  }

  async #ask(member: string, signature: string, values: readonly DbusValue[]): Promise<readonly DbusValue[]> {
    return expectValues(await this.#call(servicePath, `${secretInterface}.Service`, member, signature, values));
  }

  async #call(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    values: readonly DbusValue[],
    after: Promise<unknown> = this.#acquainted,
  ): Promise<DbusReply> {
    await after;
    return this.#connection.call({
      destination: serviceName,
      path,
      interface: interfaceName,
      member,
      signature,
      arguments: values,
    });
  }
}

function attributesOf(name?: string): DbusValue[] {
  const service = ['service', keychainService];
  return name === undefined ? [service] : [service, ['username', name]];
}
