import { Redis } from 'ioredis';
import { CacheService } from '../../../src/cache.service.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

/** Operations from which the breaker judges. */
const VOLUME = 10;

describe('with a Redis that is there and answers nobody', () => {
  let server: RedisServer;
  let admin: Redis;
  let engine: EngineUnderTest;
  let service: CacheService;

  beforeEach(async () => {
    // Its connections stay: only what it answers changes.
    server = await startRedisServer({ args: ['--replica-serve-stale-data', 'no'] });
    admin = new Redis(server.url, { enableReadyCheck: false });
    engine = await startEngine({ redis: { url: server.url, deadline: 1_000 } });
    service = new CacheService(engine.runtime);
  });

  afterEach(async () => {
    await engine.runtime.close();
    admin.disconnect();
    await server.stop();
  });

  /** A replica whose master is gone answers MASTERDOWN, and still does what connections need. */
  const strike = () => admin.replicaof('127.0.0.1', 1);
  const repair = () => admin.replicaof('NO', 'ONE');
  const breaker = () => service.status()!.breaker;

  /** How many GETs have reached Redis, refused ones included. */
  async function gets(): Promise<number> {
    const line = /cmdstat_get:calls=(\d+).*rejected_calls=(\d+)/.exec(await admin.info('commandstats'));
    return Number(line?.[1] ?? 0) + Number(line?.[2] ?? 0);
  }

  it('calls go to their loaders, after a few without asking it, until it answers again', async () => {
    const cache = engine.cache<string>({ l1: false });
    await cache.set(['1'], 'stored');
    const { since } = breaker();
    await strike();

    for (let call = 0; breaker().state === 'closed'; call += 1) {
      expect(call).toBeLessThan(3 * VOLUME);
      expect(await cache.getOrLoad(['1'], () => `loaded ${call}`)).toBe(`loaded ${call}`);
    }
    expect(breaker().since).toBeGreaterThanOrEqual(since);
    expect(service.status()!.connection.state).toBe('ready');

    const asked = await gets();
    for (let call = 0; call < 100; call += 1) {
      expect(await cache.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    }
    expect(await gets()).toBe(asked);
    await expect(cache.evict('1', { strict: true })).rejects.toMatchObject({
      code: 'CACHE_REDIS_UNAVAILABLE',
    });

    await repair();
    await until(() => breaker().state === 'closed');
    await until(async () => (await cache.getOrLoad(['1'], () => 'loaded')) === 'stored');
  });

  it('evictions wait until it answers again, and are carried out before anything is read', async () => {
    const cache = engine.cache<string>({ l1: false });
    await cache.set(['1'], 'old');
    await strike();
    while (breaker().state === 'closed') await cache.get('2');
    await cache.evict('1');
    expect(service.status()!.queuedEvictions).toBe(1);
    await repair();
    await until(() => breaker().state === 'closed');
    expect(await cache.get('1')).toBeUndefined();
    await until(() => service.status()!.queuedEvictions === 0);
    expect(await admin.exists('test:item:1')).toBe(0);
  });

  it('refusals of one command leave the others as they are', async () => {
    const cache = engine.cache<string>({ l1: false });
    await cache.set(['1'], 'stored');
    await admin.acl('SETUSER', 'default', '-unlink');
    for (let call = 0; call < 3 * VOLUME; call += 1) await cache.evict(`${call}`);
    expect(breaker().state).toBe('closed');
    expect(service.status()!.connection.state).toBe('ready');
    await admin.acl('SETUSER', 'default', '+unlink');
  });
});
