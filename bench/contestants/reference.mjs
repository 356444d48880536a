import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';

const TTL_MS = 600_000;

/** The limit of memory: a bare map that is awaited. It isolates nobody, evicts no tags and knows no Redis. */
export const lruCache = {
  name: 'lru-cache',
  packages: ['lru-cache'],
  is: ['l1', 'memory'],
  open({ load, most = 10_000 }) {
    const entries = new LRUCache({ max: most });
    return {
      async fill(id) {
        entries.set(`bot:${id}`, await load(id));
      },
      read(id) {
        return entries.get(`bot:${id}`) ?? this.fill(id);
      },
      async close() {},
    };
  },
};

/** The limit of Redis: GET and JSON.parse; on a miss SET. Neither lease nor fence, and everybody loads. */
export const plainRedis = {
  name: 'ioredis',
  packages: ['ioredis'],
  is: ['l2', 'fleet', 'many', 'frozen'],
  async open({ url, prefix, load, commandTimeout }) {
    const redis = new Redis(url, commandTimeout === undefined ? {} : { commandTimeout });
    redis.on('error', () => undefined);
    await redis.ping();
    return {
      async read(id) {
        const name = `${prefix}:bot:${id}`;
        const text = await redis.get(name);
        if (text !== null) return JSON.parse(text);
        const value = await load(id);
        await redis.set(name, JSON.stringify(value), 'PX', TTL_MS);
        return value;
      },
      async readMany(ids) {
        const texts = await redis.mget(ids.map((id) => `${prefix}:bot:${id}`));
        return texts.map((text) => text && JSON.parse(text));
      },
      async close() {
        redis.disconnect();
      },
    };
  },
};
