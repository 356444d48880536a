import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Cache as CacheManager } from 'cache-manager';
import { Redis } from 'ioredis';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { CacheModule, CacheService, defineCache, key, pattern, tag } from 'nestjs-roost';
import { CacheWarmup, CacheWarmupModule, warm, WarmupService, type Warmup } from 'nestjs-roost/warmup';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { codeBlocks, readText } from './support/markdown.js';

const PASSWORD = 'the-password';

Logger.overrideLogger(false);

const items = defineCache({
  name: 'items',
  key: (id: string) => key`item:${id}`,
  ttl: '1m',
  tags: (id) => [tag`item:${id}`],
  l1: false,
});
const forever = defineCache({
  name: 'forever',
  key: (id: string) => key`forever:${id}`,
  ttl: 'forever',
  tags: (id) => [tag`item:${id}`],
});

class Warmups {
  @CacheWarmup({ name: 'items', onBoot: 'wait' })
  items(): Warmup {
    // Longer than a third of the lease, so that it is renewed.
    return warm(['1'], () => delay(250));
  }
}

/** Resolves when somebody waits for the load of that key: its lease says so. */
async function whenAwaited(url: string, name: string): Promise<void> {
  const redis = new Redis(url, { db: 1 });
  while (!(await redis.get(name))?.endsWith('+')) await setImmediate();
  redis.disconnect();
}

/** Sends every command that the library has: reads, loads, puts, all evictions, the bridge, the health check. */
async function useEverything(url: string): Promise<void> {
  const module = await Test.createTestingModule({
    imports: [
      CacheModule.forRoot({ namespace: 'prod:bots', redis: { url, database: 1, deadline: 5000 } }),
      CacheWarmupModule.forRoot({ lease: '500ms' }),
    ],
    providers: [Warmups],
  }).compile();
  const app = await module.init();
  const service = app.get(CacheService);
  const cache = service.cache(items);
  for (let round = 0; round < 2; round += 1) {
    await cache.getOrLoad(['1'], () => 'loaded');
    expect(await cache.lookup('1')).toMatchObject({ hit: true, tier: 'l2' });
    await cache.refresh(['1'], () => 'loaded again');
    await cache.set(['2'], 'put');
    await service.cache(forever).set(['2'], 'put');
    await expect(cache.getOrLoad(['3'], () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    const awaited = whenAwaited(url, 'prod:bots~lease:{prod:bots:item:4}');
    await Promise.all([cache.refresh(['4'], () => awaited), cache.refresh(['4'], () => awaited)]);
    await cache.setMany([[['5'], 'put']]);
    expect(await cache.touch(['5'])).toBe(true);
    expect(await cache.getMany([['5'], ['6']])).toEqual(['put', undefined]);
    expect(await cache.getOrLoadMany([['5'], ['6']], () => ['loaded'])).toEqual(['put', 'loaded']);
    await cache.evictMany([['4'], ['5'], ['6']]);
    await service.evictTags(tag`item:${'1'}`);
    expect(await cache.getOrLoad(['1'], () => 'loaded', { ttl: 'forever' })).toBe('loaded');
    expect(await cache.has('1')).toBe(true);
    await service.inspect(key`item:${'1'}`);
    await cache.evict('1');
    await cache.getOrLoad(['1'], () => 'loaded', { ttl: '7d' });
    expect(await service.evictPattern(pattern`item:*`)).toBe(2);
    await service.evictTags(tag`item:${'2'}`);
    expect(await service.cache(forever).has('2')).toBe(false);
    await cache.clear();
    await service.clear();
    await service.disable('items');
    await service.enable('items');
    expect(await service.ping(5000)).toBeDefined();
    await cache.set(['7'], 'put');
    expect(await service.redisStats()).toMatchObject({ missing: [] });
    await cache.evict('7');
    expect(await app.get(WarmupService).run('items')).toMatchObject({ outcome: 'done', done: 1 });
  }
  const manager = app.get<CacheManager>(CACHE_MANAGER);
  await manager.mset([
    { key: 'a', value: 1 },
    { key: 'b', value: 2, ttl: 1000 },
  ]);
  expect(await manager.mget(['a', 'b', 'c'])).toEqual([1, 2, undefined]);
  await manager.ttl('a');
  await manager.wrap('d', () => 4);
  await manager.del('a');
  await manager.clear();
  expect(await manager.get('b')).toBeUndefined();
  await app.close();
}

describe('docs/redis.md', () => {
  let server: RedisServer;
  let admin: Redis;

  beforeEach(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
  });

  afterEach(async () => {
    admin.disconnect();
    await server.stop();
  });

  it('has an ACL under which nothing is refused, and which refuses the neighbour', async () => {
    const [block] = codeBlocks().filter(
      ({ page, language }) => page === 'docs/redis.md' && language === 'acl',
    );
    const [command = '', subcommand = '', name = '', ...rules] = (block?.code ?? '')
      .replaceAll(/\\\n/g, ' ')
      .split(/\s+/);
    expect([command, subcommand]).toEqual(['ACL', 'SETUSER']);
    await admin.acl('SETUSER', name, ...rules.map((rule) => (rule.startsWith('>') ? `>${PASSWORD}` : rule)));

    const url = `redis://${name}:${PASSWORD}@${server.host}:${server.port}`;
    await useEverything(url);
    const refused = (await admin.call('ACL', 'LOG')) as unknown[][];
    expect(refused.map((entry) => [entry[3], entry[7]])).toEqual([]);

    const user = new Redis(url);
    await expect(user.get('prod:payments:1')).rejects.toThrow('NOPERM');
    await expect(user.keys('*')).rejects.toThrow('NOPERM');
    await expect(user.flushdb()).rejects.toThrow('NOPERM');
    user.disconnect();
  });

  it('lists every command that is sent, from scripts too, and none that is not', async () => {
    const locked = await startRedisServer({ password: PASSWORD });
    const stats = new Redis(locked.url);
    await useEverything(locked.url);
    const sent = [...(await stats.info('commandstats')).matchAll(/^cmdstat_([^:]+):/gm)].map(
      ([, command = '']) =>
        command
          .toUpperCase()
          .replace('|', ' ')
          .replace(/^CLIENT$/, 'CLIENT SETNAME'),
    );
    stats.disconnect();
    await locked.stop();

    const [, section = ''] = readText('docs/redis.md').split(/^## Commands and permissions$/m);
    const [table = ''] = section.split(/^## /m);
    const listed = [...table.matchAll(/^\| .+?\|(.+)\|$/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([A-Z ]+)`/g)].map(([, command]) => command),
    );
    expect(new Set(listed)).toEqual(new Set(sent));
  });
});
