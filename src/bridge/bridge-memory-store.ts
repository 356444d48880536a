import { LRUCache } from 'lru-cache';

const BYTES_PER_CHARACTER = 2;

/** What Keyv stores in when there is no Redis: serialized texts, the least recently used go first. */
export class BridgeMemoryStore {
  readonly #texts: LRUCache<string, string>;

  /**
   * @param maxEntries how many entries there may be
   * @param maxBytes how much memory their keys and texts may take together, at two bytes a character
   */
  constructor(maxEntries: number, maxBytes: number) {
    this.#texts = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: (text, key) => (key.length + text.length) * BYTES_PER_CHARACTER,
    });
  }

  get(key: string): string | undefined {
    return this.#texts.get(key);
  }

  /** Keyv writes the time of expiry into the text and checks it on every read. */
  set(key: string, text: string): void {
    this.#texts.set(key, text);
  }

  delete(key: string): boolean {
    return this.#texts.delete(key);
  }

  clear(): void {
    this.#texts.clear();
  }
}
