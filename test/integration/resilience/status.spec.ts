import { CacheService } from '../../../src/cache.service.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

describe('status()', () => {
  let server: RedisServer;
  let engine: EngineUnderTest;
  let service: CacheService;

  beforeEach(async () => {
    server = await startRedisServer({ persist: true });
  });

  afterEach(async () => {
    await engine.runtime.close();
    await server.stop();
  });

  const start = async () => {
    engine = await startEngine({ redis: server.url });
    service = new CacheService(engine.runtime);
  };
  const status = () => service.status()!;

  it('tells of the connection, the bus, the queue and the last error, and since when', async () => {
    const began = Date.now();
    await start();
    const cache = engine.cache<string>();
    await cache.set(['1'], 'old');
    const before = status();
    expect(before).toMatchObject({
      connection: { state: 'ready' },
      breaker: { state: 'closed' },
      bus: { state: 'armed' },
      queuedEvictions: 0,
      lastError: undefined,
    });
    for (const { since } of [before.connection, before.breaker, before.bus]) {
      expect(since).toBeGreaterThanOrEqual(began);
      expect(since).toBeLessThanOrEqual(Date.now());
    }

    const struck = Date.now();
    await server.kill();
    await until(() => status().connection.state === 'lost' && status().bus.state === 'broken');
    await cache.evict('1');
    await cache.evict('1');
    await cache.evict('2');
    const during = status();
    expect(during.queuedEvictions).toBe(2);
    expect(during.connection.since).toBeGreaterThanOrEqual(struck);
    expect(during.bus.since).toBeGreaterThanOrEqual(struck);

    const mended = Date.now();
    await server.restart();
    await until(() => status().connection.state === 'ready' && status().bus.state === 'armed');
    await until(() => engine.runtime.redis!.guard.catchUp());
    const after = status();
    expect(after).toMatchObject({ breaker: { state: 'closed' }, queuedEvictions: 0 });
    expect(after.connection.since).toBeGreaterThanOrEqual(mended);
    expect(after.bus.since).toBeGreaterThanOrEqual(mended);
  });

  it('names the last error without keys and values, and when that was', async () => {
    await start();
    const cache = engine.cache<string>();
    server.freeze();
    const since = Date.now();
    await cache.evict('secret-42');
    const { lastError } = status();
    expect(lastError!.text).toContain('did not answer within 100 ms');
    expect(lastError!.text).not.toContain('secret');
    expect(lastError!.at).toBeGreaterThanOrEqual(since);
    server.thaw();
    await until(() => status().connection.state === 'ready');
    await until(() => engine.runtime.redis!.guard.catchUp());
    expect(status().lastError).toBeDefined();
  });

  it('is there before Redis has ever been', async () => {
    await server.kill();
    await start();
    expect(status()).toMatchObject({
      connection: { state: 'lost' },
      bus: { state: 'broken' },
      queuedEvictions: 0,
    });
    await server.restart();
    await until(() => status().connection.state === 'ready' && status().bus.state === 'armed');
  });

  it('is nothing in memory', async () => {
    engine = await startEngine();
    expect(new CacheService(engine.runtime).status()).toBeUndefined();
  });
});
