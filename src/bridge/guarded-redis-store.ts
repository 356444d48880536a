import type { CacheManagerStore } from 'cache-manager';
import { redisInsStore, type RedisStore } from 'cache-manager-ioredis-yet';
import type { Redis } from 'ioredis';
import { type BridgeErrorListener, type BridgeRedisClient, GuardedClient } from './guarded-client.js';

/** `redisInsStore` of cache-manager-ioredis-yet on a {@link GuardedClient}. */
export function guardedRedisStore(
  client: BridgeRedisClient,
  namespace: string,
  onError: BridgeErrorListener,
): RedisStore & CacheManagerStore {
  const guarded: Pick<GuardedClient, keyof GuardedClient> = new GuardedClient(client, namespace, onError);
  // The package's types want a whole client, and lack the store's methods, because they extend an interface that
  // cache-manager 7 no longer has. No ttl is given: with one, an explicit "for ever" would come to mean that ttl.
  return redisInsStore(guarded as Redis) as RedisStore & CacheManagerStore;
}
