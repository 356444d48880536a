import { Redis } from 'ioredis';
import { Loader, RedisCache } from 'layered-loader';

const TTL_MS = 600_000;

async function open({ tier, url, prefix, load, most = 10_000, commandTimeout }, options) {
  const redis = new Redis(url, { ...options, ...(commandTimeout !== undefined && { commandTimeout }) });
  redis.on('error', () => undefined);
  await redis.ping();
  const loader = new Loader({
    inMemoryCache: tier === 'l1' && { cacheType: 'lru-map', ttlInMsecs: TTL_MS, maxItems: most },
    asyncCache: new RedisCache(redis, { json: true, prefix, ttlInMsecs: TTL_MS }),
    dataSourceGetOneFn: (id) => load(id),
    dataSourceGetManyFn: (ids) => Promise.all(ids.map((id) => load(id))),
    cacheKeyFromValueResolver: ({ id }) => id,
    // They log to the console by default.
    loadErrorHandler: () => undefined,
    cacheUpdateErrorHandler: () => undefined,
  });
  return {
    read: (id) => loader.get(id),
    readMany: (ids) => loader.getMany(ids),
    async close() {
      redis.disconnect();
    },
  };
}

/** Its entries have groups, one each; there are no tags. */
export const layeredLoader = {
  name: 'layered-loader',
  packages: ['layered-loader'],
  is: ['l1', 'l2', 'fleet', 'many', 'frozen', 'memory'],
  open: (world) => open(world, {}),
};

/** Its fastest under load. */
export const layeredLoaderPipelined = {
  name: 'layered-loader auto-pipelining',
  packages: ['layered-loader'],
  is: ['l2'],
  open: (world) => open(world, { enableAutoPipelining: true }),
};
