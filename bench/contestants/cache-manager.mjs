import KeyvRedis from '@keyv/redis';
import { CacheableMemory } from 'cacheable';
import { createCache, KeyvAdapter } from 'cache-manager';
import { redisInsStore } from 'cache-manager-ioredis-yet';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';

const TTL_MS = 600_000;

function reading(cache, load, close) {
  cache.on('error', () => undefined);
  return {
    read: (id) => cache.wrap(`bot:${id}`, () => load(id), TTL_MS),
    readMany: (ids) => cache.mget(ids.map((id) => `bot:${id}`)),
    close,
  };
}

/** As `createCache()` makes it, and its fastest: Keyv over a Map without limits, and all callers get one object. */
export const cacheManager = {
  name: 'cache-manager',
  packages: ['cache-manager', 'keyv'],
  is: ['l1', 'memory'],
  open: ({ load }) => reading(createCache({ ttl: TTL_MS }), load, async () => undefined),
};

/** As its documentation recommends for memory: limits, and a copy for each caller. */
export const cacheManagerCacheable = {
  name: 'cache-manager CacheableMemory',
  packages: ['cache-manager', 'cacheable'],
  is: ['l1', 'memory'],
  open({ load, most = 10_000 }) {
    const store = new CacheableMemory({ ttl: TTL_MS, lruSize: most });
    return reading(createCache({ stores: [new Keyv({ store })] }), load, async () => undefined);
  },
};

export const cacheManagerKeyv = {
  name: 'cache-manager @keyv/redis',
  packages: ['cache-manager', '@keyv/redis'],
  is: ['l2', 'fleet', 'many', 'frozen'],
  open({ url, prefix, load }) {
    const redis = new KeyvRedis(url);
    const keyv = new Keyv({ store: redis, namespace: prefix });
    return reading(createCache({ stores: [keyv] }), load, async () => void redis.client.destroy());
  },
};

export const cacheManagerIoredis = {
  name: 'cache-manager ioredis-yet',
  packages: ['cache-manager', 'cache-manager-ioredis-yet'],
  is: ['l2', 'many'],
  async open({ url, prefix, load }) {
    const redis = new Redis(url, { keyPrefix: `${prefix}:` });
    redis.on('error', () => undefined);
    await redis.ping();
    const keyv = new Keyv({ store: new KeyvAdapter(redisInsStore(redis)) });
    return reading(createCache({ stores: [keyv] }), load, async () => redis.disconnect());
  },
};
