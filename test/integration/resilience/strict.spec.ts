import { Redis } from 'ioredis';
import { CacheService } from '../../../src/cache.service.js';
import { defineCache } from '../../../src/definition/define-cache.js';
import { key, pattern, tag } from '../../../src/definition/template.js';
import type { Cache } from '../../../src/cache-handle.js';
import type { EvictOptions } from '../../../src/evict-options.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';
import { TcpProxy } from '../../support/tcp-proxy.js';

const bots = defineCache<[id: string], string>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  jitter: 0,
  tags: (id) => [tag`bot:${id}`],
});

type Bots = Cache<[id: string], string>;

describe('an eviction', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let engine: EngineUnderTest;
  let other: EngineUnderTest;
  let service: CacheService;
  let cache: Bots;
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    proxy = await TcpProxy.start(server.port);
    const namespace = `strict:${(namespaces += 1)}`;
    // Long enough for a busy machine: what Redis does not answer in time is not in L1.
    const deadline = 400;
    engine = await startEngine({ redis: { url: proxy.url, deadline }, namespace });
    other = await startEngine({ redis: { url: server.url, deadline }, namespace });
    service = new CacheService(engine.runtime);
    cache = service.cache(bots);
    await cache.set(['1'], 'old');
  });

  afterEach(async () => {
    await Promise.all([engine.runtime.close(), other.runtime.close()]);
    await proxy.close();
  });

  /** The bus stays as it is: L1 goes on serving. */
  const down = async () => {
    proxy.set({ kind: 'cut' }, 'data');
    await until(() => !engine.runtime.redis!.connection.ready);
  };
  const hung = async () => {
    proxy.set({ kind: 'black hole' }, 'data');
  };
  const back = async () => {
    proxy.pass();
    await until(async () => service.status()!.connection.state === 'ready');
    await until(() => engine.runtime.redis!.guard.catchUp());
  };

  const evictions: [string, (how?: EvictOptions) => Promise<unknown>][] = [
    ['of a key', (how) => (how ? cache.evict('1', how) : cache.evict('1'))],
    ['of many keys', (how) => cache.evictMany([['1'], ['2']], how)],
    ['of a cache', (how) => cache.clear(how)],
    ['of a tag', (how) => (how ? service.evictTags(tag`bot:1`, how) : service.evictTags(tag`bot:1`))],
    ['of a pattern', (how) => service.evictPattern(pattern`bot:*`, how)],
    ['of everything', (how) => service.clear(how)],
  ];
  const faults: [string, () => Promise<void>][] = [
    ['is down', down],
    ['hangs', hung],
  ];

  describe.each(faults)('while Redis %s', (fault, strike) => {
    it.each(evictions)('%s that is strict rejects, is done in L1, and waits nowhere', async (_, evict) => {
      await strike();
      expect(await cache.lookup('1')).toMatchObject({ tier: 'l1', value: 'old' });
      await expect(evict({ strict: true })).rejects.toMatchObject({
        name: expect.stringMatching(/Error$/) as string,
        code: 'CACHE_REDIS_UNAVAILABLE',
      });
      expect(service.status()).toMatchObject({ bus: { state: 'armed' }, queuedEvictions: 0 });
      expect(await cache.get('1')).toBeUndefined();
      if (fault !== 'is down') return;
      await back();
      // It was not carried out late: whoever asked for it knows that it failed.
      expect(await cache.get('1')).toBe('old');
    });

    it.each(evictions)('%s that is not strict resolves, and is made good', async (_, evict) => {
      await strike();
      await evict();
      expect(service.status()!.queuedEvictions).toBeGreaterThan(0);
      expect(await cache.get('1')).toBeUndefined();
      await back();
      expect(service.status()!.queuedEvictions).toBe(0);
      expect(await cache.get('1')).toBeUndefined();
    });
  });

  it('that Redis has refused is carried out when it is allowed, though nobody asks for anything', async () => {
    const admin = new Redis(server.url);
    const there = new CacheService(other.runtime).cache(bots);
    expect(await there.get('1')).toBe('old');
    await admin.acl('SETUSER', 'default', '-unlink');
    await cache.evict('1');
    expect(service.status()!.queuedEvictions).toBe(1);
    await admin.acl('SETUSER', 'default', '+unlink');
    await admin.quit();
    await until(() => service.status()!.queuedEvictions === 0);
    await until(async () => !(await there.has('1')));
  });

  it.each(evictions)('%s that is strict is like any other while Redis is there', async (_, evict) => {
    const there = new CacheService(other.runtime).cache(bots);
    expect(await there.get('1')).toBe('old');
    await evict({ strict: true });
    expect(await cache.get('1')).toBeUndefined();
    await until(async () => !(await there.has('1')));
  });

  it('that is strict and failed does not keep a later one from being made good', async () => {
    await down();
    await expect(cache.evict('1', { strict: true })).rejects.toMatchObject({
      code: 'CACHE_REDIS_UNAVAILABLE',
    });
    await cache.evict('1', { strict: false });
    expect(service.status()!.queuedEvictions).toBe(1);
    await back();
    expect(await cache.get('1')).toBeUndefined();
  });
});

describe('a strict eviction without Redis', () => {
  it('has nothing to fail of', async () => {
    const { runtime } = await startEngine();
    const service = new CacheService(runtime);
    const cache = service.cache(bots);
    await cache.set(['1'], 'old');
    await cache.evict('1', { strict: true });
    expect(await cache.get('1')).toBeUndefined();
    await service.evictTags(tag`bot:1`, { strict: true });
    await service.clear({ strict: true });
    await runtime.close();
  });
});
