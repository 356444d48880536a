import type { CacheManagerOptions } from '@nestjs/cache-manager';
import { KeyvAdapter } from 'cache-manager';
import { Keyv, KeyvHooks } from 'keyv';
import { BridgeMemoryStore } from './bridge-memory-store.js';
import { deserialize, serialize } from './bridge-serializer.js';
import { ttlOf } from './bridge-ttl.js';
import type { BridgeErrorListener, BridgeRedisClient } from './guarded-client.js';
import { guardedRedisStore } from './guarded-redis-store.js';

/** How the `CACHE_MANAGER` that existing code injects behaves. */
export interface CacheManagerBridgeOptions {
  /** The application's namespace. Keys in Redis are `<namespace>~cm:<key>`. */
  readonly namespace: string;
  /**
   * Milliseconds, above 0, that an entry lives when the call or `@CacheTTL` names no ttl. A call that names 0
   * means for ever, as everywhere in cache-manager.
   */
  readonly ttl: number;
  /** Limits of what is kept when there is no Redis. The least recently used entries go first. */
  readonly memory: { readonly maxEntries: number; readonly maxBytes: number };
  /**
   * Is told of every failed Redis command, and of keys that are none; the caller sees a miss, or a write that had
   * no effect.
   */
  readonly onError: BridgeErrorListener;
}

/**
 * The options with which `@nestjs/cache-manager` builds a `CACHE_MANAGER` on this application's Redis connection,
 * or in this process's memory when there is no client. Values are kept as JSON text in both, so that each reader
 * gets a copy of its own.
 *
 * Redis cannot hurt a caller: while it fails, reads are misses and writes are lost. `clear()` removes the bridge's
 * own keys only, and `disconnect()` leaves the connection open, for whoever made it to close.
 */
export function cacheManagerOptions(
  client: BridgeRedisClient | undefined,
  options: CacheManagerBridgeOptions,
): CacheManagerOptions {
  const { namespace, ttl, memory, onError } = options;
  const store =
    client === undefined
      ? new BridgeMemoryStore(memory.maxEntries, memory.maxBytes, onError)
      : new KeyvAdapter(guardedRedisStore(client, namespace, onError));
  // Keyv's own prefix is off: a key that begins with the prefix gets none, so that two keys become one.
  const keyv = new Keyv({ store, ttl, serialize, deserialize, useKeyPrefix: false });
  // Before Keyv writes the end of the entry into its text, so that memory and Redis agree.
  keyv.hooks.addHandler(KeyvHooks.PRE_SET, (entry: { ttl: unknown }) => {
    entry.ttl = ttlOf(entry.ttl);
  });
  // Where `cacheable` is installed, a CommonJS build finds Keyv declared twice, once for each format of modules.
  return { stores: [keyv as never], ttl };
}
