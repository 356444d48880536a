import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import type { Cache as CacheManager } from 'cache-manager';
import { CacheModule, CacheService, defineCache, key, pattern, tag } from 'nestjs-roost';
import { CacheWarmup, CacheWarmupModule, warm, WarmupService, type Warmup } from 'nestjs-roost/warmup';
import { ask, startRedisCluster, until, type RedisClusterUnderTest } from '../../support/redis-cluster.js';

Logger.overrideLogger(false);

const items = defineCache({
  name: 'items',
  key: (id: string) => key`item:${id}`,
  ttl: '1m',
  tags: (id) => [tag`item:${id}`],
  l1: false,
});

/** The least that the user needs. */
const LEAST = `reset on >s3cret ~prod:bots:* ~prod:bots~* resetchannels &prod:bots~bus -@all
  +get +mget +set +del +unlink +getrange +append +pttl +pexpire +persist +scan +eval +evalsha +publish +subscribe
  +ping +info +time +client|setname +cluster|slots`;

class Warmups {
  @CacheWarmup({ name: 'items', onBoot: 'wait' })
  items(): Warmup {
    return warm(['1'], () => undefined);
  }
}

describe('CacheModule on a Redis cluster', () => {
  let cluster: RedisClusterUnderTest;
  let app: TestingModule;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    for (const node of cluster.nodes) {
      await ask(node, (client) => client.acl('SETUSER', 'bots', ...LEAST.split(/\s+/)));
    }
    const redis = { cluster: cluster.urls.slice(0, 2), username: 'bots', password: 's3cret', deadline: 5000 };
    app = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'prod:bots', redis }), CacheWarmupModule.forRoot({})],
      providers: [Warmups],
    }).compile();
    await app.init();
  }, 60_000);

  afterAll(async () => {
    await app?.close();
    await cluster?.stop();
  });

  const ids = Array.from({ length: 60 }, (_, i) => String(i));
  const sizes = () => Promise.all(cluster.nodes.map((node) => ask(node, (client) => client.dbsize())));

  it('answers a ping by all masters', async () => {
    expect((await app.get(CacheService).ping(5000))?.latencyMs).toBeGreaterThan(0);
  });

  it('tells of all masters together, and finds the entries of each', async () => {
    const service = app.get(CacheService);
    await service.cache(items).setMany(ids.map((id) => [[id], 'value']));
    expect(await service.redisStats()).toMatchObject({
      servers: 3,
      keys: { entries: 60, complete: true, caches: { items: 60 } },
      memory: { limit: undefined, share: undefined },
      missing: [],
    });
    await service.cache(items).evictMany(ids.map((id) => [id]));
  });

  it('leases warmups', async () => {
    expect(app.get(WarmupService).status()[0]?.last).toMatchObject([{ outcome: 'done', trigger: 'boot' }]);
    expect(await app.get(WarmupService).run('items')).toMatchObject({ outcome: 'done' });
  });

  it('keeps entries on every master, and evicts them by key, tag, pattern and cache', async () => {
    const service = app.get(CacheService);
    const cache = service.cache(items);
    const left = async () => (await Promise.all(ids.map((id) => cache.has(id)))).filter(Boolean).length;
    for (const id of ids) await cache.getOrLoad([id], () => `value ${id}`);
    for (const size of await sizes()) expect(size).toBeGreaterThan(0);
    expect(await cache.lookup('7')).toMatchObject({ hit: true, tier: 'l2', value: 'value 7' });
    await cache.evict('0');
    await service.evictTags(tag`item:${'1'}`, tag`item:${'2'}`);
    expect(await left()).toBe(57);
    expect(await service.evictPattern(pattern`item:5*`)).toBe(1);
    await service.evictPattern(pattern`item:*`);
    expect(await left()).toBe(0);
    await cache.set(['3'], 'value 3');
    await cache.clear();
    expect(await left()).toBe(0);
  });

  it('keeps what caches are disabled on the one node that has that key, and tells the others', async () => {
    const service = app.get(CacheService);
    const redis = { cluster: cluster.urls, username: 'bots', password: 's3cret', deadline: 5000 };
    const other = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'prod:bots', redis }), CacheWarmupModule.forRoot({})],
      providers: [Warmups],
    }).compile();
    try {
      other.get(CacheService).cache(items);
      const isOn = () => other.get(CacheService).stats().caches['items']!.enabled;
      await service.disable('items');
      await until(() => !isOn());
      await service.enable('items');
      await until(isOn);
    } finally {
      await other.close();
    }
  });

  it('puts CACHE_MANAGER on the same connection, and clears its keys on every master', async () => {
    const manager = app.get<CacheManager>(CACHE_MANAGER);
    const cache = app.get(CacheService).cache(items);
    await cache.set(['kept'], 'value');
    await manager.mset(ids.map((id) => ({ key: `{${id}}`, value: id })));
    expect(await manager.mget(ids.map((id) => `{${id}}`))).toEqual(ids);
    await manager.clear();
    expect(await manager.mget(ids.map((id) => `{${id}}`))).toEqual(ids.map(() => undefined));
    expect(await cache.get('kept')).toBe('value');
  });

  it('is refused nothing', async () => {
    for (const node of cluster.nodes) {
      const refused = await ask(node, async (client) => (await client.call('ACL', 'LOG')) as unknown[][]);
      expect(refused.map(([, , , reason, , context, , object]) => [reason, context, object])).toEqual([]);
    }
  });

  it('has one data connection to each node, one subscription, and names both', async () => {
    const names = async () => {
      const lists = await Promise.all(
        cluster.nodes.map((node) => ask(node, async (client) => String(await client.client('LIST')))),
      );
      return lists
        .flatMap((list) => [...list.matchAll(/\bname=(prod\S+)/g)].map(([, name]) => name))
        .toSorted((a = '', b = '') => a.localeCompare(b));
    };
    const expected = ['prod:bots:bus', 'prod:bots:cache', 'prod:bots:cache', 'prod:bots:cache'];
    await until(async () => (await names()).join() === expected.join());
  });
});
