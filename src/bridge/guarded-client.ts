import { CacheError } from '../errors.js';
import { BridgeKeys } from './bridge-keys.js';

const SCAN_COUNT = 1000;

/** What the bridge was doing: a method of cache-manager's `Cache`, or of the store behind it. */
export type BridgeOperation = 'get' | 'set' | 'del' | 'clear' | 'keys' | 'ttl';

/** Is told of every failed Redis command, and of nothing else. Must not throw. */
export type BridgeErrorListener = (operation: BridgeOperation, error: unknown) => void;

/** One Redis server, as far as the bridge needs it. */
export interface BridgeRedisNode {
  scan(
    cursor: string,
    match: 'MATCH',
    pattern: string,
    count: 'COUNT',
    keys: number,
  ): Promise<[cursor: string, keys: string[]]>;
}

/**
 * A client of ioredis 5 or 6, `Redis` or `Cluster`, as far as the bridge needs it. It must have a
 * `commandTimeout`, or a hung Redis makes callers wait, and no `keyPrefix`, which SCAN does not know.
 */
export interface BridgeRedisClient extends BridgeRedisNode {
  get(key: string): Promise<string | null>;
  set(key: string, text: string): Promise<unknown>;
  set(key: string, text: string, px: 'PX', milliseconds: number): Promise<unknown>;
  unlink(...keys: string[]): Promise<number>;
  pttl(key: string): Promise<number>;
  /** Only a `Cluster` has it. */
  nodes?(role: 'master'): BridgeRedisNode[];
}

interface Transaction {
  set(key: string, text: string, px: 'PX', milliseconds: number): Transaction;
  exec(): Promise<unknown>;
}

/**
 * The client that `redisInsStore` gets instead of the real one. It has the commands which that store uses, and
 * makes each of them stay among the bridge's own keys. Nothing on it can end the shared connection.
 *
 * - `flushdb` and `keys` become SCANs of the bridge's own prefix.
 * - A command for several keys becomes one command per key, so that none spans slots.
 * - What is not a text written by Keyv never reaches the store, whose parser (telejson) makes functions of strings.
 * - A failed read is a miss. A failed write rejects, which makes Keyv answer `false`. Both are reported.
 */
export class GuardedClient {
  readonly #client: BridgeRedisClient;
  readonly #keys: BridgeKeys;
  readonly #onError: BridgeErrorListener;

  constructor(client: BridgeRedisClient, namespace: string, onError: BridgeErrorListener) {
    this.#client = client;
    this.#keys = new BridgeKeys(namespace);
    this.#onError = onError;
  }

  async get(key: string): Promise<string | null> {
    try {
      const redisKey = this.#keys.encode(key);
      const stored = await this.#client.get(redisKey);
      if (stored === null || isStoredText(stored)) return stored;
      await this.#client.unlink(redisKey);
    } catch (error) {
      this.#onError('get', error);
    }
    return null;
  }

  mget(keys: string[]): Promise<(string | null)[]> {
    return Promise.all(keys.map((key) => this.get(key)));
  }

  /** Without `milliseconds` the key stays for ever. */
  set(key: string, text: string): Promise<unknown>;
  set(key: string, text: string, px: 'PX', milliseconds: number): Promise<unknown>;
  set(key: string, text: string, _px?: 'PX', milliseconds?: number): Promise<unknown> {
    return this.#reporting('set', () => {
      const redisKey = this.#keys.encode(key);
      if (milliseconds === undefined) return this.#client.set(redisKey, text);
      // Redis takes neither an end in the past nor a fraction, and would go on serving what it had.
      if (milliseconds <= 0) return this.#client.unlink(redisKey);
      return this.#client.set(redisKey, text, 'PX', Math.ceil(milliseconds));
    });
  }

  mset(keysAndTexts: string[]): Promise<unknown> {
    const sets: Promise<unknown>[] = [];
    for (let index = 0; index + 1 < keysAndTexts.length; index += 2) {
      const [key = '', text = ''] = keysAndTexts.slice(index, index + 2);
      sets.push(this.set(key, text));
    }
    return Promise.all(sets);
  }

  /** What `redisInsStore` calls for several keys with a ttl. A transaction cannot span slots, so it is none. */
  multi(): Transaction {
    const sets: (() => Promise<unknown>)[] = [];
    const transaction: Transaction = {
      set: (...args) => {
        sets.push(() => this.set(...args));
        return transaction;
      },
      exec: () => Promise.all(sets.map((set) => set())),
    };
    return transaction;
  }

  del(key: string): Promise<unknown>;
  del(keys: string[]): Promise<unknown>;
  del(keys: string | string[]): Promise<unknown> {
    return this.#reporting('del', () =>
      Promise.all([keys].flat().map((key) => this.#client.unlink(this.#keys.encode(key)))),
    );
  }

  pttl(key: string): Promise<number> {
    return this.#reporting('ttl', () => this.#client.pttl(this.#keys.encode(key)));
  }

  /** The bridge's keys that match a glob, without their prefix. */
  keys(glob: string): Promise<string[]> {
    return this.#reporting('keys', async () => {
      const found = new Set<string>();
      for await (const redisKeys of this.#scan(glob)) {
        for (const redisKey of redisKeys) found.add(this.#keys.decode(redisKey));
      }
      return [...found];
    });
  }

  /** Removes the bridge's own keys. Those written while it runs may stay. */
  flushdb(): Promise<unknown> {
    return this.#reporting('clear', async () => {
      for await (const redisKeys of this.#scan('*')) await this.#unlinkAll(redisKeys);
    });
  }

  async *#scan(glob: string): AsyncGenerator<string[], void> {
    const pattern = this.#keys.matching(glob);
    const nodes = this.#client.nodes?.('master') ?? [this.#client];
    if (nodes.length === 0) {
      throw new CacheError('CACHE_REDIS_UNAVAILABLE', 'No master of the Redis cluster is known.');
    }
    for (const node of nodes) {
      let cursor = '0';
      do {
        const [next, redisKeys] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
        if (redisKeys.length > 0) yield redisKeys;
        cursor = next;
      } while (cursor !== '0');
    }
  }

  async #unlinkAll(redisKeys: string[]): Promise<void> {
    if (this.#client.nodes === undefined) await this.#client.unlink(...redisKeys);
    else await Promise.all(redisKeys.map((redisKey) => this.#client.unlink(redisKey)));
  }

  async #reporting<T>(operation: BridgeOperation, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#onError(operation, error);
      throw error;
    }
  }
}

/**
 * Whether bytes from Redis are what `redisInsStore` makes of a text of Keyv's: one JSON string that holds an
 * object. telejson gives such a string back as it is; what it revives begins with an underscore, or is no string.
 */
function isStoredText(stored: string): boolean {
  try {
    const text: unknown = JSON.parse(stored);
    return typeof text === 'string' && text.startsWith('{');
  } catch {
    return false;
  }
}
