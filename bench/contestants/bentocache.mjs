import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';

async function open({ tier, url, prefix, load, tagsOf, most = 10_000, commandTimeout }, memory) {
  const options = commandTimeout === undefined ? {} : { commandTimeout };
  const connection = new Redis(url, options);
  const { host, port } = connection.options;
  connection.on('error', () => undefined);
  await connection.ping();
  const store = bentostore({ ttl: '10m', prefix });
  if (tier === 'l1') {
    store.useL1Layer(memoryDriver({ maxItems: most, ...memory }));
    store.useBus(redisBusDriver({ connection: { host, port, ...options } }));
  }
  store.useL2Layer(redisDriver({ connection }));
  const bento = new BentoCache({ default: 'bots', stores: { bots: store } });
  return {
    read: (id) =>
      bento.getOrSet({ key: `bot:${id}`, factory: () => load(id), ...(tagsOf && { tags: tagsOf(id) }) }),
    evictTag: (text) => bento.deleteByTag({ tags: [text] }),
    async close() {
      connection.disconnect();
      await Promise.race([bento.disconnectAll(), new Promise((resolve) => setTimeout(resolve, 500))]);
    },
  };
}

export const bentocache = {
  name: 'bentocache',
  packages: ['bentocache'],
  is: ['l1', 'l2', 'tags', 'fleet', 'frozen', 'memory'],
  open: (world) => open(world, {}),
};

/** Its fastest: all callers get one object. */
export const bentocacheUnserialized = {
  name: 'bentocache serialize: false',
  packages: ['bentocache'],
  is: ['l1', 'memory'],
  open: (world) => open(world, { serialize: false }),
};
