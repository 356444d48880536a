import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { GuardedClient } from '../../../src/bridge/guarded-client.js';
import { type RedisServer, startRedisServers } from '../../support/redis-server.js';
import { createBridge, connectionOptions } from './bridge-setup.js';

const CLUSTER_SLOTS = 16_384;

describe('CACHE_MANAGER on a Redis cluster', () => {
  let servers: RedisServer[];
  let masters: Redis[];
  let cluster: Cluster;

  beforeAll(async () => {
    servers = await startRedisServers(3, { args: ['--cluster-enabled', 'yes'] });
    masters = servers.map(({ url }) => new Redis(url));
    const share = Math.ceil(CLUSTER_SLOTS / masters.length);
    for (const [index, master] of masters.entries()) {
      const last = Math.min((index + 1) * share, CLUSTER_SLOTS) - 1;
      await master.cluster('ADDSLOTSRANGE', index * share, last);
      for (const { host, port } of servers) await master.cluster('MEET', host, port);
    }
    for (const master of masters) {
      // Redis tells nobody when the cluster has formed.
      while (!(await isComplete(master, servers.length))) await delay(50);
    }
    cluster = new Cluster(
      servers.map(({ host, port }) => ({ host, port })),
      { redisOptions: connectionOptions },
    );
    await new Promise((resolve) => cluster.once('ready', resolve));
  }, 60_000);

  afterAll(async () => {
    cluster.disconnect();
    for (const master of masters) master.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  });

  const keys = Array.from({ length: 300 }, (_, index) => `key {${index}}`);
  const dbsizes = (): Promise<number[]> => Promise.all(masters.map((master) => master.dbsize()));

  it('reads, writes, deletes, lists and clears keys of every master', async () => {
    const { cache, errors } = await createBridge(cluster);
    for (const master of masters) expect(await master.dbsize()).toBe(0);
    await cache.mset(keys.map((key, value) => ({ key, value })));
    for (const size of await dbsizes()) expect(size).toBeGreaterThan(0);
    expect(await cache.mget(keys)).toEqual(keys.map((_, value) => value));
    await cache.mdel(keys.slice(0, 10));
    expect(await cache.mget(keys.slice(0, 20))).toEqual(
      keys.slice(0, 20).map((_, at) => (at < 10 ? undefined : at)),
    );
    await cache.stores[0]?.deleteMany(keys.slice(10, 20));
    const listed = await new GuardedClient(cluster, 'prod:bots', () => undefined).keys('*');
    expect(listed.sort()).toEqual(keys.slice(20).sort());

    await cluster.set('stranger', 1);
    await cache.clear();
    expect((await dbsizes()).reduce((sum, size) => sum + size)).toBe(1);
    expect(await cluster.get('stranger')).toBe('1');
    expect(errors).toEqual([]);
    for (const master of masters) {
      expect(await master.info('commandstats')).not.toMatch(
        /cmdstat_(keys|flushdb|flushall|mget|mset|multi|del)\b/,
      );
    }
  });

  it('reports a clear() when no master is known', async () => {
    const away = new Cluster([{ host: '127.0.0.1', port: 1 }], {
      lazyConnect: true,
      clusterRetryStrategy: null,
    });
    const { cache, errors } = await createBridge(away);
    await cache.clear();
    expect(errors).toMatchObject([{ operation: 'clear' }]);
    away.disconnect();
  });
});

async function isComplete(master: Redis, nodes: number): Promise<boolean> {
  const info = await master.cluster('INFO');
  return info.includes('cluster_state:ok') && info.includes(`cluster_size:${nodes}`);
}
