import { LRUCache } from 'lru-cache';
import { textOfKey } from './bridge-keys.js';
import type { BridgeErrorListener, BridgeOperation } from './guarded-client.js';

const BYTES_PER_CHARACTER = 2;

/** What Keyv stores in when there is no Redis: serialized texts, the least recently used go first. */
export class BridgeMemoryStore {
  readonly #texts: LRUCache<string, string>;
  readonly #onError: BridgeErrorListener;

  /**
   * @param maxEntries how many entries there may be
   * @param maxBytes how much memory their keys and texts may take together, at two bytes a character
   * @param onError is told of keys that are none, as with Redis
   */
  constructor(maxEntries: number, maxBytes: number, onError: BridgeErrorListener) {
    this.#onError = onError;
    this.#texts = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: (text, key) => (key.length + text.length) * BYTES_PER_CHARACTER,
    });
  }

  get(key: unknown): string | undefined {
    return this.#under('get', key, (known) => this.#texts.get(known));
  }

  /** Keyv writes the time of expiry into the text and checks it on every read. */
  set(key: unknown, text: string): void {
    this.#under('set', key, (known) => this.#texts.set(known, text));
  }

  delete(key: unknown): boolean {
    return this.#under('del', key, (known) => this.#texts.delete(known)) ?? false;
  }

  clear(): void {
    this.#texts.clear();
  }

  #under<T>(operation: BridgeOperation, key: unknown, act: (key: string) => T): T | undefined {
    try {
      return act(textOfKey(key));
    } catch (error) {
      this.#onError(operation, error);
      return undefined;
    }
  }
}
