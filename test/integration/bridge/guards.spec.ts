import type { Redis } from 'ioredis';
import { Redis as Redis6 } from 'ioredis-6';
import { GuardedClient } from '../../../src/bridge/guarded-client.js';
import { guardedRedisStore } from '../../../src/bridge/guarded-redis-store.js';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import { allKeys, connect, createBridge, connectionOptions } from './bridge-setup.js';

describe('the commands of CACHE_MANAGER', () => {
  let server: RedisServer;
  let admin: Redis;

  beforeAll(async () => {
    server = await startRedisServer();
    admin = await connect(server.url);
  });

  beforeEach(() => admin.flushall());

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  /** Calls every method of `Cache`, and of the Keyv and the adapter behind it. */
  async function useEverything(client: Redis): Promise<void> {
    const { cache, app, errors } = await createBridge(client);
    await cache.set('a', 1);
    await cache.set('b', 2, 0);
    await cache.mset([
      { key: 'c', value: 3, ttl: 5000 },
      { key: 'd', value: 4 },
    ]);
    expect(await cache.get('a')).toBe(1);
    expect(await cache.mget(['a', 'b', 'c', 'd', 'e'])).toEqual([1, 2, 3, 4, undefined]);
    expect(await cache.mget([])).toEqual([]);
    expect(await cache.ttl('c')).toBeGreaterThan(Date.now());
    expect(await cache.wrap('e', () => 5, { ttl: 1000, refreshThreshold: 2000 })).toBe(5);
    const refreshed = new Promise((resolve) => cache.on('refresh', resolve));
    expect(await cache.wrap('e', () => 6, { ttl: 1000, refreshThreshold: 2000 })).toBe(5);
    expect(await refreshed).toEqual({ key: 'e', value: 6 });
    await cache.del('a');
    await cache.mdel(['b', 'c']);
    expect(await cache.mget(['a', 'b', 'c'])).toEqual([undefined, undefined, undefined]);

    const [keyv] = cache.stores;
    if (keyv === undefined) throw new Error('Expected the cache to have a store.');
    await keyv.setMany([{ key: 'f', value: 7 }]);
    expect(await keyv.hasMany(['f', 'g'])).toEqual([true, false]);
    expect(await keyv.getManyRaw(['f', 'g'])).toMatchObject([{ value: 7 }, undefined]);
    expect(await keyv.deleteMany(['f', 'g'])).toBe(true);
    expect(keyv.iterator).toBeUndefined();

    await cache.set('h', 8);
    expect(await cache.clear()).toBe(true);
    expect(await cache.get('h')).toBeUndefined();
    await cache.disconnect();
    await app.close();
    expect(errors).toEqual([]);
  }

  it('are never KEYS, FLUSHDB or FLUSHALL, and end no connection', async () => {
    const client = await connect(server.url);
    await admin.config('RESETSTAT');
    await useEverything(client);
    const stats = await admin.info('commandstats');
    expect(stats).toContain('cmdstat_scan');
    expect(stats).not.toMatch(/cmdstat_(keys|flushdb|flushall|quit|multi|mset|mget)\b/);
    expect(client.status).toBe('ready');
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('are get, set, unlink and scan under the namespace, for a user who may do nothing else', async () => {
    await admin.call(
      ...(['ACL', 'SETUSER', 'bridge', 'on', '>secret', 'resetkeys', '~prod:bots*', '-@all'] as const),
      ...['+get', '+set', '+unlink', '+scan', '+info', '+ping', '+client|setname'],
    );
    const client = await connect(server.url, { username: 'bridge', password: 'secret' });
    await useEverything(client);
    client.disconnect();
  });

  it('work on a client of ioredis 6', async () => {
    const client = new Redis6(server.url, connectionOptions);
    await client.connect();
    const { cache, errors } = await createBridge(client);
    await cache.set('a', { at: ':colon' });
    expect(await cache.get('a')).toEqual({ at: ':colon' });
    await cache.clear();
    expect(await cache.get('a')).toBeUndefined();
    expect(errors).toEqual([]);
    client.disconnect();
  });

  it('leave the connection open when the application closes', async () => {
    const client = await connect(server.url);
    const { app, cache } = await createBridge(client);
    await cache.set('a', 1);
    await app.close();
    expect(client.status).toBe('ready');
    client.disconnect();
  });

  it('reach no more than they should through the store itself', async () => {
    await admin.set('stranger', 1);
    const store = guardedRedisStore(admin, 'ns', () => undefined);
    await store.mset([
      ['a:1', '{"value":1}'],
      ['a:{2}%', '{"value":2}'],
    ]);
    await store.mset([['b', '{"value":3}']], 60_000);
    expect(await store.mget('a:1', 'b', 'stranger')).toEqual(['{"value":1}', '{"value":3}', undefined]);
    expect(await store.ttl('a:1')).toBe(-1);
    expect(await store.ttl('b')).toBeGreaterThan(0);
    expect((await store.keys()).sort()).toEqual(['a:1', 'a:{2}%', 'b']);
    await store.mdel('a:1', 'b');
    expect(await store.keys()).toEqual(['a:{2}%']);
    await store.reset?.();
    expect(await allKeys(admin)).toEqual(['stranger']);
    for (const ending of ['quit', 'disconnect', 'end', 'flushall'])
      expect(ending in store.client).toBe(false);
  });
});

describe('clear() of CACHE_MANAGER', () => {
  let server: RedisServer;
  let client: Redis;

  beforeAll(async () => {
    server = await startRedisServer();
    client = await connect(server.url);
  });

  beforeEach(() => client.flushall());

  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  it('removes its own keys and leaves entries, leases, tags, other namespaces and strangers alone', async () => {
    const others = [
      'prod:bots:bot:1',
      'prod:bots~lease:{prod:bots:bot:1}',
      'prod:bots~tag:bot:1',
      'prod:bots~cm',
      'prod:bots2~cm:a',
      'prod:bot~cm:a',
      'x:prod:bots~cm:a',
      'keyv:a',
      'session:42',
    ];
    for (const key of others) await client.set(key, 'theirs');
    const { cache } = await createBridge(client);
    for (const key of ['a', 'prod:bots:a', '*', '']) await cache.set(key, 'mine');
    expect(await allKeys(client)).toHaveLength(others.length + 4);
    await cache.clear();
    expect(await allKeys(client)).toEqual(others.sort());
  });

  it('takes glob characters of the namespace as they are', async () => {
    const { cache } = await createBridge(client, { namespace: 'a*[b]?\\^-' });
    await client.set('aXb~cm:k', 'theirs');
    await client.set('a*[b]?\\^-~cmX', 'theirs');
    await cache.set('k', 'mine');
    await cache.clear();
    expect(await allKeys(client)).toEqual(['a*[b]?\\^-~cmX', 'aXb~cm:k']);
  });

  it('removes more keys than one SCAN returns', async () => {
    const { cache } = await createBridge(client);
    const keys = Array.from({ length: 3500 }, (_, index) => `prod:bots~cm:k${index}`);
    await client.mset(keys.flatMap((key) => [key, 'mine']));
    expect(await client.dbsize()).toBe(3500);
    await cache.clear();
    expect(await client.dbsize()).toBe(0);
  });
});

describe('keys of CACHE_MANAGER', () => {
  let server: RedisServer;
  let client: Redis;

  beforeAll(async () => {
    server = await startRedisServer();
    client = await connect(server.url);
  });

  afterAll(async () => {
    client.disconnect();
    await server.stop();
  });

  it('never meet, whatever characters they hold', async () => {
    const keys = [
      ...['a', 'keyv:a', 'prod:bots:a', 'prod:bots~cm:a', '~cm:a', ':a'],
      ...['{a}', '%7ba%7d', '%257ba%257d', '%', '%25', '\ud800', '\ud801', '\ufffd', '%d800', '\ud83d\ude00'],
      ...['', ' ', '*', '?', '[a]', '\\', 'a\r\nDEL b', '\0', '__proto__', 'constructor'],
    ];
    const { cache } = await createBridge(client);
    await cache.mset(keys.map((key) => ({ key, value: `of ${JSON.stringify(key)}` })));
    for (const key of keys) expect(await cache.get(key)).toBe(`of ${JSON.stringify(key)}`);
    expect(await client.dbsize()).toBe(keys.length);
    for (const redisKey of await allKeys(client)) expect(redisKey).not.toMatch(/[{}]/);

    const listed = await new GuardedClient(client, 'prod:bots', () => undefined).keys('*');
    expect(listed.sort()).toEqual([...keys].sort());
    expect(await new GuardedClient(client, 'prod:bots', () => undefined).keys('*prod*:a')).toHaveLength(2);
  });
});
