import { key, pattern, tag } from '../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

describe('with Redis away', () => {
  let server: RedisServer;
  let engine: EngineUnderTest;

  beforeEach(async () => {
    server = await startRedisServer({ persist: true });
    engine = await startEngine({ redis: server.url });
  });

  afterEach(async () => {
    await engine.runtime.close();
    await server.stop();
  });

  /** Resolves when the engine's connection is up and everything missed has been made good. */
  async function back(of = engine): Promise<void> {
    const { connection, guard } = of.runtime.redis!;
    if (!connection.ready)
      await new Promise<void>((resolve) => connection.client.once('ready', () => resolve()));
    // A loaded machine may miss the deadline of a healthy Redis: the engine tries again, and so does this.
    while (!(await guard.catchUp())) await new Promise((resolve) => setImmediate(resolve));
  }

  async function gone(): Promise<void> {
    const { client } = engine.runtime.redis!.connection;
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await server.kill();
    await closed;
  }

  it('every call is answered by its loader, once for all who ask together', async () => {
    const cache = engine.cache<number>({ l1: false });
    let loads = 0;
    await gone();
    const load = async () => (loads += 1);
    expect(await Promise.all([cache.getOrLoad(['1'], load), cache.getOrLoad(['1'], load)])).toEqual([1, 1]);
    expect(await cache.getOrLoad(['1'], load)).toBe(2);
    const error = new Error('database gone');
    await expect(cache.getOrLoad(['2'], () => Promise.reject(error))).rejects.toBe(error);
    await cache.set(['1'], 9);
    expect(await cache.get('1')).toBeUndefined();
  });

  it('a start goes through, and Redis is used as soon as it is there', async () => {
    await server.kill();
    const late = await startEngine({ redis: server.url, namespace: 'late' });
    const cache = late.cache<string>({ l1: false });
    expect(await cache.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    expect(await cache.has('1')).toBe(false);
    await server.restart();
    await back(late);
    await cache.getOrLoad(['1'], () => 'stored');
    expect(await cache.lookup('1')).toMatchObject({ hit: true, tier: 'l2' });
    await late.runtime.close();
  });

  const changes: [string, (cache: ReturnType<EngineUnderTest['cache']>) => Promise<unknown>][] = [
    ['a key', (cache) => cache.evict('1')],
    ['a tag', () => engine.runtime.engine.writes.evictTags([tag`item:1`])],
    ['a pattern', () => engine.runtime.engine.writes.evictMatching(pattern`item:1*`)],
    ['a cache', (cache) => cache.clear()],
    ['a put', (cache) => cache.set(['1'], 'newer')],
  ];

  it.each(changes)(
    'an eviction of %s is not lost: the old value does not come back with Redis',
    async (_, change) => {
      const cache = engine.cache<string>({ l1: false, tags: (id) => [tag`item:${id}`] });
      await cache.set(['1'], 'old');
      expect(await cache.get('1')).toBe('old');
      await gone();
      await change(cache);
      const { client } = engine.runtime.redis!.connection;
      const ready = new Promise<void>((resolve) => client.once('ready', () => resolve()));
      await server.restart();
      await ready;
      expect(await cache.get('1')).toBeUndefined();
      await back();
      expect(await cache.getOrLoad(['1'], () => 'new')).toBe('new');
      expect(await cache.get('1')).toBe('new');
    },
  );

  it('an eviction is not lost either when Redis hangs, and nothing waits for longer than its deadline', async () => {
    const cache = engine.cache<string>({ l1: false });
    await cache.set(['1'], 'old');
    server.freeze();
    await cache.evict('1');
    expect(await cache.getOrLoad(['1'], () => 'new')).toBe('new');
    server.thaw();
    await back();
    expect(await cache.getOrLoad(['1'], () => 'new')).toBe('new');
    expect(await cache.get('1')).toBe('new');
  });

  it('a load that was fenced off by an eviction during the outage stores nothing afterwards', async () => {
    const cache = engine.cache<string>({ key: (id) => key`slow:${id}`, l1: false });
    let finish!: (value: string) => void;
    let started!: () => void;
    const running = new Promise<void>((resolve) => (started = resolve));
    const slow = cache.getOrLoad(['1'], () => {
      started();
      return new Promise<string>((resolve) => (finish = resolve));
    });
    await running;
    await gone();
    await cache.evict('1');
    await server.restart();
    await back();
    finish('old');
    expect(await slow).toBe('old');
    expect(await cache.get('1')).toBeUndefined();
  });

  it('asking twice whether it is ready does not look like an outage', async () => {
    const { runtime } = engine;
    const { connection } = runtime.redis!;
    await Promise.all([runtime.open(), runtime.open()]);
    expect(connection.ready).toBe(true);
    await gone();
    await server.restart();
    await back();
  });

  it('closing does not wait for a Redis that hangs', async () => {
    server.freeze();
    await engine.runtime.close();
    server.thaw();
  });
});
