import { Redis } from 'ioredis';
import { CacheService } from '../../../src/cache.service.js';
import { defineCache } from '../../../src/definition/define-cache.js';
import { key, tag } from '../../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

const bots = defineCache<[id: string], string>({ name: 'bots', key: (id) => key`bot:${id}`, ttl: '1m' });
const stats = defineCache<[id: string], string>({
  name: 'bot-stats',
  key: (id) => key`stats:${id}`,
  ttl: '1m',
  tags: (id) => Array.from({ length: 20 }, (_, i) => tag`bot:${id}:${i}`),
});

describe('redisStats()', () => {
  let server: RedisServer;
  let admin: Redis;
  let engine: EngineUnderTest | undefined;

  beforeAll(async () => {
    server = await startRedisServer({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] });
    admin = new Redis(server.url);
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  beforeEach(() => admin.flushdb());

  afterEach(async () => {
    await engine?.runtime.close();
    engine = undefined;
  });

  const start = async (user?: { username: string; password: string }, namespace = 'prod:bots') => {
    engine = await startEngine({ namespace, redis: { url: server.url, deadline: 5000, ...user } });
    return new CacheService(engine.runtime);
  };
  const fill = async (service: CacheService, ofBots: number, ofStats: number) => {
    const list = (count: number) =>
      Array.from({ length: count }, (_, i) => [[String(i)], 'value'] as [[string], string]);
    await service.cache(bots).setMany(list(ofBots));
    await service.cache(stats).setMany(list(ofStats));
  };

  it('tells memory, clients, commands and the entries of each cache, and nothing of other namespaces', async () => {
    const service = await start();
    await fill(service, 30, 10);
    await admin.set('prod:other:bot:1', 'x');
    const found = (await service.redisStats())!;
    expect(found).toMatchObject({
      servers: 1,
      missing: [],
      keys: { entries: 40, complete: true, caches: { bots: 30, 'bot-stats': 10 } },
      memory: { limit: 100 * 1024 * 1024, policy: 'allkeys-lru', evictedKeys: 0 },
    });
    expect(found.memory!.share).toBeCloseTo(found.memory!.used / found.memory!.limit!, 5);
    expect(found.clients!.connected).toBeGreaterThan(1);
    expect(found.commands!['evalsha']!.calls).toBeGreaterThan(0);
    expect(found.commands!['evalsha']!.averageMs).toBeGreaterThan(0);
    expect(found.latencyMs).toBeGreaterThan(0);
  });

  it('looks at a limited number of entries, and estimates the others', async () => {
    const service = await start();
    await fill(service, 1500, 500);
    const { keys } = (await service.redisStats({ sample: 400, timeout: 60_000 }))!;
    expect(keys!.complete).toBe(false);
    // Tokens lie among them: an estimate is one.
    expect(keys!.entries).toBeGreaterThan(1000);
    expect(keys!.entries).toBeLessThan(4000);
    const { bots: ofBots = 0, 'bot-stats': ofStats = 0 } = keys!.caches!;
    expect(ofBots).toBeGreaterThan(ofStats);
    expect(ofBots + ofStats).toBeGreaterThan(keys!.entries * 0.95);
    const commands = async () =>
      (await admin.info('commandstats')).match(/cmdstat_getrange:calls=(\d+)/)?.[1];
    expect(Number(await commands())).toBeLessThan(1000);
  });

  it('stops looking when its time is over, and looks at no key when it is told so', async () => {
    const service = await start();
    await fill(service, 600, 0);
    const { keys } = (await service.redisStats({ timeout: 0 }))!;
    expect(keys!.complete).toBe(false);
    const without = (await service.redisStats({ sample: 0 }))!;
    expect(without.keys).toBeUndefined();
    expect(without.missing).toEqual([]);
  });

  it('is made once for all who ask at the same time, a few commands at a time', async () => {
    const service = await start();
    await fill(service, 500, 0);
    let operations = 0;
    service.observe('redis', ({ operation }) => {
      if (operation === 'statistics') operations += 1;
    });
    const options = { sample: 100, timeout: 60_000 };
    const all = await Promise.all(Array.from({ length: 100 }, () => service.redisStats(options)));
    expect(new Set(all).size).toBe(1);
    // PING, INFO, one page of SCAN, and the entries by 25, at least.
    expect(operations).toBeGreaterThanOrEqual(7);
    expect(operations).toBeLessThan(12);
    expect(await service.redisStats(options)).not.toBe(all[0]);
  });

  it('is made one after another for those who ask for something else', async () => {
    const service = await start();
    await fill(service, 50, 0);
    let [running, most] = [0, 0];
    engine!.runtime.events.aroundRedis.add(async ({ operation }, run) => {
      if (operation !== 'statistics') return run();
      most = Math.max(most, (running += 1));
      try {
        return await run();
      } finally {
        running -= 1;
      }
    });
    const all = await Promise.all([1, 2, 3].map((sample) => service.redisStats({ sample })));
    expect(all.every((found) => found !== undefined)).toBe(true);
    expect(most).toBe(1);
  });

  it('takes what is no entry for one of no cache', async () => {
    const service = await start();
    await fill(service, 2, 0);
    await admin.rpush('prod:bots:a-list', 'x');
    await admin.set('prod:bots:text', 'x');
    await admin.set('prod:bots:hostile', Buffer.concat([Buffer.from([0xc1, 1, 0]), Buffer.alloc(600, 0xff)]));
    const { keys } = (await service.redisStats())!;
    expect(keys).toEqual({ entries: 5, complete: true, caches: { bots: 2 } });
  });

  it('leaves out what the user must not ask, and says so', async () => {
    const common = ['on', '>pw', '~prod:bots:*', '~prod:bots~*', '&prod:bots~bus', '+@all'];
    await admin.call('ACL', 'SETUSER', 'noinfo', ...common, '-info');
    await admin.call('ACL', 'SETUSER', 'noscan', ...common, '-scan');
    await admin.call('ACL', 'SETUSER', 'norange', ...common, '-getrange');
    const of = async (username: string) => {
      const service = await start({ username, password: 'pw' });
      await fill(service, 3, 0);
      const found = await service.redisStats();
      await engine!.runtime.close();
      return found!;
    };
    const withoutInfo = await of('noinfo');
    expect(withoutInfo).toMatchObject({ keys: { entries: 3 }, missing: ['memory', 'clients', 'commands'] });
    expect(withoutInfo.memory).toBeUndefined();
    const withoutScan = await of('noscan');
    expect(withoutScan).toMatchObject({ missing: ['keys'] });
    expect(withoutScan.memory!.used).toBeGreaterThan(0);
    expect(await of('norange')).toMatchObject({
      keys: { entries: 3, complete: true, caches: undefined },
      missing: [],
    });
  });

  it('is undefined in memory, and rejects when Redis is not there', async () => {
    const other = await startEngine();
    expect(await new CacheService(other.runtime).redisStats()).toBeUndefined();
    await other.runtime.close();
    engine = await startEngine({ redis: 'redis://127.0.0.1:1' });
    await expect(new CacheService(engine.runtime).redisStats()).rejects.toMatchObject({
      code: 'CACHE_REDIS_UNAVAILABLE',
    });
  });
});
