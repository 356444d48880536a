import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';

const TTL_S = 600;

export const asyncCacheDedupe = {
  name: 'async-cache-dedupe',
  packages: ['async-cache-dedupe'],
  is: ['l1', 'l2', 'tags', 'fleet', 'frozen', 'memory'],
  /** It has one tier: memory or Redis. */
  async open({ tier, url, prefix, load, tagsOf, most = 10_000, commandTimeout }) {
    const invalidation = tagsOf && { referencesTTL: TTL_S };
    let client;
    if (tier === 'l2') {
      client = new Redis(url, {
        keyPrefix: `${prefix}:`,
        ...(commandTimeout !== undefined && { commandTimeout }),
      });
      client.on('error', () => undefined);
      await client.ping();
    }
    const storage =
      tier === 'l2'
        ? { type: 'redis', options: { client, invalidation } }
        : { type: 'memory', options: { size: most, invalidation: invalidation !== undefined } };
    const cache = createCache({ ttl: TTL_S, storage });
    cache.define('bot', tagsOf ? { references: (id) => tagsOf(id) } : {}, (id) => load(id));
    return {
      read: (id) => cache.bot(id),
      evictTag: (text) => cache.invalidateAll([text]),
      async close() {
        client?.disconnect();
      },
    };
  },
};
