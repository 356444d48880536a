import type { Redis } from 'ioredis';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import { type Bridge, connect, createBridge } from './bridge-setup.js';

const MINUTE = 60_000;

describe('lifetimes in CACHE_MANAGER on Redis', () => {
  let server: RedisServer;
  let client: Redis;
  let bridge: Bridge;

  beforeAll(async () => {
    server = await startRedisServer();
    client = await connect(server.url);
    bridge = await createBridge(client);
  });

  beforeEach(() => client.flushall());

  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  const pttl = (key: string): Promise<number> => client.pttl(`prod:bots~cm:${key}`);

  async function expectTtl(key: string, milliseconds: number): Promise<void> {
    const left = await pttl(key);
    expect(left).toBeGreaterThan(milliseconds / 2);
    expect(left).toBeLessThanOrEqual(milliseconds);
  }

  it('are milliseconds, in Redis as in the call', async () => {
    await bridge.cache.set('set', 1, 7 * MINUTE);
    await bridge.cache.mset([{ key: 'mset', value: 1, ttl: 8 * MINUTE }]);
    await bridge.cache.wrap('wrap', () => 1, 9 * MINUTE);
    await bridge.cache.wrap('wrap by value', (): number => 3, { ttl: (value) => value * MINUTE });
    await expectTtl('set', 7 * MINUTE);
    await expectTtl('mset', 8 * MINUTE);
    await expectTtl('wrap', 9 * MINUTE);
    await expectTtl('wrap by value', 3 * MINUTE);
  });

  it('are the default where nothing is said, by whatever method', async () => {
    await bridge.cache.set('set', 1);
    await bridge.cache.mset([{ key: 'mset', value: 1 }]);
    await bridge.cache.wrap('wrap', () => 1);
    await bridge.cache.stores[0]?.set('keyv', 1);
    for (const key of ['set', 'mset', 'wrap', 'keyv']) await expectTtl(key, 5 * MINUTE);
    const { expires } = (await bridge.cache.wrap('raw', () => 1, { raw: true })) ?? {};
    expect(expires).toBeGreaterThan(Date.now() + 4 * MINUTE);
  });

  it('are for ever only where a call says 0', async () => {
    await bridge.cache.set('a', 1, 0);
    expect(await pttl('a')).toBe(-1);
    await bridge.cache.set('a', 1);
    await expectTtl('a', 5 * MINUTE);
  });

  it('may have a fraction', async () => {
    await bridge.cache.set('a', 1, MINUTE - 0.1);
    expect(await bridge.cache.get('a')).toBe(1);
    await expectTtl('a', MINUTE);
  });

  it('below 0 leave nothing, not even what was there', async () => {
    await bridge.cache.set('a', 'old');
    await bridge.cache.set('a', 'new', -1);
    expect(await bridge.cache.get('a')).toBeUndefined();
    expect(await client.dbsize()).toBe(0);
    expect(bridge.errors).toEqual([]);
  });

  it('that no clock will reach are for ever, and replace what was there', async () => {
    for (const ttl of [Number.POSITIVE_INFINITY, 1e20, 2 ** 53]) {
      await bridge.cache.set('a', 'old', MINUTE);
      await bridge.cache.set('a', `for ${ttl}`, ttl);
      expect(await bridge.cache.get('a')).toBe(`for ${ttl}`);
      expect(await pttl('a')).toBe(-1);
    }
    await bridge.cache.set('a', 1, Number.MAX_SAFE_INTEGER);
    expect(await pttl('a')).toBeGreaterThan(2 ** 52);
    expect(bridge.errors).toEqual([]);
  });

  it('end', async () => {
    await bridge.cache.set('a', 1, MINUTE);
    await client.pexpire('prod:bots~cm:a', 0);
    expect(await bridge.cache.get('a')).toBeUndefined();
  });
});

describe.each(['on Redis', 'in memory'])('odd lifetimes in CACHE_MANAGER %s', (where) => {
  let server: RedisServer | undefined;
  let client: Redis | undefined;
  let bridge: Bridge;

  beforeAll(async () => {
    if (where === 'on Redis') {
      server = await startRedisServer();
      client = await connect(server.url);
    }
    bridge = await createBridge(client);
  });

  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });

  /** Milliseconds until the entry ends: Infinity for one that does not, undefined for one that is not there. */
  async function left(key: string): Promise<number | undefined> {
    if ((await bridge.cache.get(key)) !== 'new') return undefined;
    const end = await bridge.cache.ttl(key);
    return end === undefined ? Number.POSITIVE_INFINITY : end - Date.now();
  }

  const sets: [string, (key: string, ttl: unknown) => Promise<unknown>][] = [
    ['set', (key, ttl) => bridge.cache.set(key, 'new', ttl as number)],
    ['mset', (key, ttl) => bridge.cache.mset([{ key, value: 'new', ttl: ttl as number }])],
    [
      'wrap',
      async (key, ttl) => {
        await bridge.cache.del(key);
        return bridge.cache.wrap(key, () => 'new', ttl as number);
      },
    ],
    ['keyv', async (key, ttl) => bridge.cache.stores[0]?.set(key, 'new', ttl as number)],
  ];

  it.each(sets)('mean the same for %s, and leave no old value', async (_method, set) => {
    const cases: [unknown, (left: number | undefined) => boolean][] = [
      [Number.POSITIVE_INFINITY, (ms) => ms === Number.POSITIVE_INFINITY],
      [1e20, (ms) => ms === Number.POSITIVE_INFINITY],
      [0, (ms) => ms === Number.POSITIVE_INFINITY],
      [Number.NaN, (ms) => ms !== undefined && ms > 4 * MINUTE && ms <= 5 * MINUTE],
      ['60000', (ms) => ms !== undefined && ms > 4 * MINUTE && ms <= 5 * MINUTE],
      [-1, (ms) => ms === undefined],
      [Number.NEGATIVE_INFINITY, (ms) => ms === undefined],
    ];
    for (const [index, [ttl, expected]] of cases.entries()) {
      const key = `${_method} ${index}`;
      await bridge.cache.set(key, 'old');
      await set(key, ttl);
      const ms = await left(key);
      expect({ ttl, ms, asExpected: expected(ms) }).toEqual({ ttl, ms, asExpected: true });
      expect(await bridge.cache.get(key)).not.toBe('old');
    }
    expect(bridge.errors).toEqual([]);
  });
});

describe('CACHE_MANAGER in memory', () => {
  it('keeps no more entries than it may, and the ones used last', async () => {
    const { cache } = await createBridge(undefined, { memory: { maxEntries: 2, maxBytes: 10_000 } });
    await cache.set('a', 1);
    await cache.set('b', 2);
    await cache.get('a');
    await cache.set('c', 3);
    expect(await cache.mget(['a', 'b', 'c'])).toEqual([1, undefined, 3]);
  });

  it('keeps no more bytes than it may', async () => {
    const { cache } = await createBridge(undefined, { memory: { maxEntries: 10, maxBytes: 10_000 } });
    await cache.set('a', 'x'.repeat(3000));
    await cache.set('b', 'x'.repeat(3000));
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.get('b')).toHaveLength(3000);
    await cache.set('b', 'x'.repeat(6000));
    expect(await cache.get('b')).toBeUndefined();
  });

  it('ends entries, and has the same default lifetime as Redis', async () => {
    const { cache } = await createBridge(undefined);
    await cache.set('a', 1, -1);
    await cache.set('b', 2);
    await cache.set('c', 3, 0);
    expect(await cache.get('a')).toBeUndefined();
    const end = (await cache.ttl('b')) ?? 0;
    expect(end - Date.now()).toBeGreaterThan(4 * MINUTE);
    expect(end - Date.now()).toBeLessThanOrEqual(5 * MINUTE);
    expect(await cache.ttl('c')).toBeUndefined();
  });

  it('deletes and clears', async () => {
    const { cache, app } = await createBridge(undefined);
    await cache.mset(['a', 'b', 'c', 'd'].map((key) => ({ key, value: key })));
    await cache.del('a');
    await cache.mdel(['b']);
    expect(await cache.mget(['a', 'b', 'c'])).toEqual([undefined, undefined, 'c']);
    await cache.clear();
    expect(await cache.mget(['c', 'd'])).toEqual([undefined, undefined]);
    await app.close();
  });
});
