import KeyvRedis from '@keyv/redis';
import { Cacheable, createKeyv } from 'cacheable';
import { Keyv } from 'keyv';

const TTL = '10m';

async function open({ tier, url, prefix, load, tagsOf, most = 10_000 }, memory) {
  const redis = new KeyvRedis(url);
  const remote = new Keyv({ store: redis, namespace: prefix });
  const cache = new Cacheable({
    ttl: TTL,
    tags: tagsOf !== undefined,
    ...(tier === 'l1'
      ? { primary: createKeyv({ lruSize: most, ...memory }), secondary: remote }
      : { primary: remote }),
  });
  cache.on('error', () => undefined);
  // `getOrSet` takes no tags.
  const readTagged = async (id) => {
    const stored = await cache.get(`bot:${id}`);
    if (stored !== undefined) return stored;
    const value = await load(id);
    await cache.set(`bot:${id}`, value, { ttl: TTL, tags: tagsOf(id) });
    return value;
  };
  return {
    read: tagsOf ? readTagged : (id) => cache.getOrSet(`bot:${id}`, () => load(id), { ttl: TTL }),
    evictTag: (text) => cache.tags.invalidateTag(text),
    async close() {
      await redis.client.destroy();
    },
  };
}

export const cacheable = {
  name: 'cacheable',
  packages: ['cacheable', '@keyv/redis', 'keyv'],
  is: ['l1', 'l2', 'tags', 'fleet', 'frozen', 'memory'],
  open: (world) => open(world, {}),
};

/** Its fastest: all callers get one object. */
export const cacheableUncloned = {
  name: 'cacheable useClone: false',
  packages: ['cacheable'],
  is: ['l1'],
  open: (world) => open(world, { useClone: false }),
};
