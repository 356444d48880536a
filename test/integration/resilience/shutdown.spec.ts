import { Redis } from 'ioredis';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

describe('closing', () => {
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

  const connections = async () =>
    String(await admin.client('LIST'))
      .split('\n')
      .filter((line) => line.includes('name=test:')).length;

  /** An engine that reloads a stale entry in the background, and how that ends. */
  async function reloading(
    shutdownDeadline: '1h' | '50ms',
  ): Promise<{ readonly engine: EngineUnderTest; readonly finish: () => void }> {
    const engine = await startEngine({ redis: { url: server.url, deadline: 2_000 }, shutdownDeadline });
    const cache = engine.cache<string>({ ttl: 1, staleWhileRevalidate: '1h', l1: false });
    await cache.set(['1'], 'old');
    let finish!: (value: string) => void;
    let begun!: () => void;
    const loading = new Promise<void>((resolve) => (begun = resolve));
    await until(async () => (await cache.lookup('1')).hit);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await cache.getOrLoad(['1'], () => {
      begun();
      return new Promise<string>((resolve) => (finish = resolve));
    });
    await loading;
    return { engine, finish: () => finish('new') };
  }

  it('waits for work in the background, and lets it store', async () => {
    const { engine, finish } = await reloading('1h');
    const before = await admin.getBuffer('test:item:1');
    const closing = engine.runtime.close();
    expect(await connections()).toBe(2);
    finish();
    await closing;
    expect(await admin.getBuffer('test:item:1')).not.toEqual(before);
    await until(async () => (await connections()) === 0);
  });

  it('drops work that takes longer than `shutdownDeadline`', async () => {
    const { engine, finish } = await reloading('50ms');
    await engine.runtime.close();
    await until(async () => (await connections()) === 0);
    // Its end is nobody's business any more, and no unhandled rejection.
    finish();
    expect(engine.runtime.engine.background.size).toBeLessThanOrEqual(1);
  });

  it('hangs up on a Redis that hangs, with evictions waiting', async () => {
    const engine = await startEngine({ redis: server.url });
    const cache = engine.cache<string>();
    server.freeze();
    await cache.evict('1');
    await engine.runtime.close();
    server.thaw();
    await until(async () => (await connections()) === 0);
  });

  it('hangs up while it is connecting, and stays closed', async () => {
    const engine = await startEngine({ redis: server.url });
    await server.kill();
    await until(() => !engine.runtime.redis!.connection.ready);
    await engine.runtime.close();
    await server.restart();
    await until(() => admin.status === 'ready');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await connections()).toBe(0);
  });

  it('lets calls go on, to their loaders', async () => {
    const engine = await startEngine({ redis: server.url });
    const cache = engine.cache<string>();
    await cache.set(['1'], 'stored');
    await engine.runtime.close();
    expect(await cache.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    await cache.evict('1');
  });
});
