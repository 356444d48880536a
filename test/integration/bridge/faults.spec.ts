import type { Redis } from 'ioredis';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import { type Bridge, connect, createBridge, next } from './bridge-setup.js';

describe('CACHE_MANAGER on a Redis', () => {
  let server: RedisServer;
  let client: Redis;
  let bridge: Bridge;
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  beforeEach(async () => {
    process.on('unhandledRejection', note);
    server = await startRedisServer();
    client = await connect(server.url, { commandTimeout: 300, socketTimeout: 600 });
    bridge = await createBridge(client);
  });

  afterEach(async () => {
    await bridge.app.close();
    client.disconnect();
    await server.stop();
    process.off('unhandledRejection', note);
    expect(unhandled.splice(0)).toEqual([]);
  });

  /** Every method resolves, with what a cache that has nothing would answer, and loads exactly once. */
  async function expectHarmless(): Promise<void> {
    const { cache, errors } = bridge;
    errors.length = 0;
    let loads = 0;
    const load = (): string => {
      loads += 1;
      return 'loaded';
    };
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.mget(['a', 'b'])).toEqual([undefined, undefined]);
    expect(await cache.ttl('a')).toBeUndefined();
    expect(await cache.set('a', 1)).toBe(1);
    expect(await cache.mset([{ key: 'a', value: 1 }])).toHaveLength(1);
    expect(await Promise.all([cache.wrap('a', load), cache.wrap('a', load)])).toEqual(['loaded', 'loaded']);
    expect(loads).toBe(1);
    expect(await cache.del('a')).toBe(true);
    expect(await cache.mdel(['a', 'b'])).toBe(true);
    expect(await cache.clear()).toBe(true);
    const [keyv] = cache.stores;
    expect(await keyv?.has('a')).toBe(false);
    expect(await keyv?.set('a', 1)).toBe(false);
    expect(await keyv?.delete('a')).toBe(false);
    expect(new Set(errors.map(({ operation }) => operation))).toEqual(
      new Set(['get', 'set', 'del', 'clear']),
    );
    for (const { error } of errors) expect(error).toBeInstanceOf(Error);
  }

  async function expectWorking(): Promise<void> {
    bridge.errors.length = 0;
    await bridge.cache.set('back', 1);
    expect(await bridge.cache.get('back')).toBe(1);
    expect(bridge.errors).toEqual([]);
  }

  it('that dies answers as an empty cache, and works again when it is back', async () => {
    await bridge.cache.set('a', 'before');
    const closed = next(client, 'close');
    await server.kill();
    await closed;
    await expectHarmless();
    const ready = next(client, 'ready');
    await server.restart();
    await ready;
    await expectWorking();
  });

  it('that hangs answers as an empty cache, and works again when it goes on', async () => {
    await bridge.cache.set('a', 'before');
    const closed = next(client, 'close');
    server.freeze();
    await expectHarmless();
    await closed;
    const ready = next(client, 'ready');
    server.thaw();
    await ready;
    await expectWorking();
  });

  it('that is down at the start is used once it is up', async () => {
    await server.kill();
    const late = await connect(server.url);
    const { cache, errors } = await createBridge(late);
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', 1);
    expect(errors.map(({ operation }) => operation)).toEqual(['get', 'set']);
    const ready = next(late, 'ready');
    await server.restart();
    await ready;
    await cache.set('a', 2);
    expect(await cache.get('a')).toBe(2);
    late.disconnect();
  });

  it('that is full reports the write and keeps reading', async () => {
    await bridge.cache.set('a', 'before');
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    await client.config('SET', 'maxmemory', '1');
    await bridge.cache.set('b', 1);
    expect(await bridge.cache.get('a')).toBe('before');
    expect(await bridge.cache.get('b')).toBeUndefined();
    expect(bridge.errors).toMatchObject([
      { operation: 'set', error: { message: expect.stringMatching(/^OOM/) } },
    ]);
  });

  it('whose client was closed answers as an empty cache', async () => {
    client.disconnect();
    await next(client, 'end');
    await expectHarmless();
  });
});
